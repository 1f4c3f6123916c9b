"""The study as PyTorch users write it: the whole network at every step, gradients for its last layers.

MobileNet and ResNet-50 with the widths and strides of their papers, as Keras has them.
"""

from collections.abc import Callable

import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

from benchmarks import subjects

SIZE = 224
# Of each block: output channels, stride.
MOBILENET = [(64, 1), (128, 2), (128, 1), (256, 2), (256, 1), (512, 2), *[(512, 1)] * 5, (1024, 2), (1024, 1)]  # fmt: skip
# Of each stage: inner channels, blocks, stride.
RESNET50 = [(64, 3, 1), (128, 4, 2), (256, 6, 2), (512, 3, 2)]


def convolution(
    channels: int, filters: int, size: int = 1, stride: int = 1, groups: int = 1
) -> list[nn.Module]:
    """Return a convolution and its batch normalisation."""
    padding = size // 2
    kernel = nn.Conv2d(channels, filters, size, stride, padding, groups=groups, bias=False)  # fmt: skip
    return [kernel, nn.BatchNorm2d(filters)]


class Bottleneck(nn.Module):
    """A residual block of ResNet-50."""

    def __init__(self, channels: int, inner: int, stride: int) -> None:
        super().__init__()
        self.way = nn.Sequential(
            *convolution(channels, inner, stride=stride),
            nn.ReLU(),
            *convolution(inner, inner, 3),
            nn.ReLU(),
            *convolution(inner, 4 * inner),
        )
        changes = channels != 4 * inner
        shortcut = convolution(channels, 4 * inner, stride=stride) if changes else []
        self.shortcut = nn.Sequential(*shortcut)

    def forward(self, tensor: torch.Tensor) -> torch.Tensor:
        return torch.relu(self.way(tensor) + self.shortcut(tensor))


def mobilenet() -> tuple[nn.Sequential, list[nn.Module]]:
    """Return the network, and what of it trains besides the head."""
    layers, channels = [*convolution(3, 32, 3, 2), nn.ReLU6()], 32
    for filters, stride in MOBILENET:
        layers += [*convolution(channels, channels, 3, stride, channels), nn.ReLU6()]
        layers += [*convolution(channels, filters), nn.ReLU6()]
        channels = filters
    return nn.Sequential(*layers), layers[-3:]


def resnet50() -> tuple[nn.Sequential, list[nn.Module]]:
    """Return the network, and what of it trains besides the head."""
    layers = [*convolution(3, 64, 7, 2), nn.ReLU(), nn.MaxPool2d(3, 2, 1)]
    channels = 64
    for inner, blocks, first_stride in RESNET50:
        for number in range(blocks):
            stride = first_stride if number == 0 else 1
            layers.append(Bottleneck(channels, inner, stride))
            channels = 4 * inner
    return nn.Sequential(*layers), list(layers[-1].way[-2:])


NETWORKS = {"mobilenet": mobilenet, "resnet50": resnet50}


def epoch(backbone: str, number: int) -> tuple[Callable[[], None], Callable[[], None]]:
    """Return functions that train on, and that evaluate, some images, end to end."""
    body, trained = NETWORKS[backbone]()
    body.requires_grad_(False)
    for layer in trained:
        layer.requires_grad_(True)
    channels = trained[1].num_features
    head = nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(channels, 7))
    whole = nn.Sequential(body, head)
    optimizer = torch.optim.Adam(
        [weight for weight in whole.parameters() if weight.requires_grad], 1e-4
    )
    pixels, labels = map(torch.from_numpy, subjects.images(number))
    batches = DataLoader(TensorDataset(pixels, labels.long()), 32, shuffle=True)

    def loss_of(pixels: torch.Tensor, labels: torch.Tensor) -> torch.Tensor:
        grey = pixels[:, None].float() / 127.5 - 1
        grey = nn.functional.interpolate(grey, size=(SIZE, SIZE), mode="bilinear")
        logits = whole(grey.expand(-1, 3, -1, -1))
        return nn.functional.cross_entropy(logits, labels)

    def fit() -> None:
        whole.eval()  # frozen batch normalisation uses its moving statistics ...
        trained[1].train()  # ... and the one that trains its batch's
        for batch in batches:
            optimizer.zero_grad()
            loss_of(*batch).backward()
            optimizer.step()

    def evaluate() -> None:
        whole.eval()
        with torch.inference_mode():
            for batch in batches:
                loss_of(*batch)

    return fit, evaluate
