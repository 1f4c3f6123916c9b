"""The study as PyTorch users write it: the whole network at every step, gradients for its last layers.

ResNet-50 is torchvision's; MobileNet has the widths and strides of its paper, as Keras has them.
Nothing here imports TensorFlow, beside which some builds of PyTorch crash: `timing.elsewhere`
calls what `epoch` or `recipe` returns in a process of its own.
"""

from collections.abc import Callable
from functools import partial

import numpy as np
import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset
from torchvision import models
from torchvision.ops import Conv2dNormActivation
from torchvision.transforms import v2

SIZE = 224
# Of each block: output channels, stride.
MOBILENET = [(64, 1), (128, 2), (128, 1), (256, 2), (256, 1), (512, 2), *[(512, 1)] * 5, (1024, 2), (1024, 1)]  # fmt: skip


def mobilenet() -> tuple[nn.Module, list[nn.Module]]:
    """Return the network, and what of it trains."""
    convolution = partial(Conv2dNormActivation, activation_layer=nn.ReLU6)
    layers, channels = [convolution(3, 32, 3, 2)], 32
    for filters, stride in MOBILENET:
        layers.append(convolution(channels, channels, 3, stride, groups=channels))
        layers.append(convolution(channels, filters, 1))
        channels = filters
    head = [nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(channels, 7)]
    return nn.Sequential(*layers, *head), [*layers[-1], *head]


def resnet50() -> tuple[nn.Module, list[nn.Module]]:
    """Return the network, and what of it trains."""
    network = models.resnet50(num_classes=7)
    block = network.layer4[-1]
    return network, [block.conv3, block.bn3, network.fc]


NETWORKS = {"mobilenet": mobilenet, "resnet50": resnet50}


def dataset(pixels: np.ndarray, labels: np.ndarray) -> TensorDataset:
    """Return images in memory, with labels as the loss takes them."""
    return TensorDataset(*map(torch.from_numpy, (pixels, labels.astype(np.int64))))


def epoch(
    backbone: str, pixels: np.ndarray, labels: np.ndarray
) -> dict[str, Callable[[], None]]:
    """Return functions that train on, and that evaluate, some images, end to end."""
    whole, trained = NETWORKS[backbone]()
    whole.requires_grad_(False)
    for layer in trained:
        layer.requires_grad_(True)
    optimizer = torch.optim.Adam(whole.parameters(), 1e-4)  # of those with gradients
    batches = DataLoader(dataset(pixels, labels), 32, shuffle=True)

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

    return {"torch fit": fit, "torch evaluate": evaluate}


def recipe(
    pixels: np.ndarray, labels: np.ndarray, size: int, batch_size: int
) -> dict[str, Callable[[], None]]:
    """Return a function that trains every layer of MobileNet on augmented views, for an epoch.

    The views are the recipe's (docs/choices.md), by torchvision.
    """
    network, _ = mobilenet()
    optimizer = torch.optim.AdamW(network.parameters(), 1e-3, weight_decay=1e-3)
    bilinear = v2.InterpolationMode.BILINEAR
    view = v2.Compose(
        [
            v2.Resize(size),
            v2.RandomHorizontalFlip(),
            v2.RandomAffine(15, (4 / 48, 4 / 48), (0.85, 1.2), interpolation=bilinear),
            v2.ColorJitter(brightness=30 / 255, contrast=(0.7, 1.3)),
            v2.ToDtype(torch.float32, scale=True),
            v2.RandomErasing(0.5),
        ]
    )
    images = dataset(pixels[:, None], labels)
    batches = DataLoader(images, batch_size, shuffle=True, collate_fn=list)

    def fit() -> None:
        network.train()
        for batch in batches:
            views = torch.stack([view(image) for image, _ in batch]) * 2 - 1
            targets = torch.stack([label for _, label in batch])
            optimizer.zero_grad()
            logits = network(views.expand(-1, 3, -1, -1))
            nn.functional.cross_entropy(logits, targets).backward()
            optimizer.step()

    return {"PyTorch, torchvision": fit}
