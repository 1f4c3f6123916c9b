import pytest
import studies

from fer_transfer.core import files
from fer_transfer.networks import building
from fer_transfer.results.catalog import BACKBONES
from tests.projects import ROOT
from tools import architectures

WRITTEN = files.read_json(ROOT / "metrics/architectures.json")


def test_every_backbone_of_the_catalog_is_there_with_what_its_head_is_given():
    assert list(WRITTEN) == list(BACKBONES), "Run `python -m tools.architectures`."
    for name, blocks in WRITTEN.items():
        assert blocks[-1]["output"][-1] == BACKBONES[name].features


@pytest.mark.parametrize("name", [name for name in BACKBONES if name != "vggface"])
def test_what_is_written_is_the_network(name):
    def shapes(blocks):  # layers are numbered on from one network to the next
        return [
            {k: v for k, v in one.items() if k not in ("first", "last")}
            for one in blocks
        ]

    built = architectures.blocks(building.build(name, None))
    assert shapes(built) == shapes(WRITTEN[name])


def test_the_last_four_layers_are_rows_of_their_own():
    for blocks in WRITTEN.values():
        assert all(block["last_four"] and block["layers"] == 1 for block in blocks[-4:])
        assert not any(block["last_four"] for block in blocks[:-4])


# Keras documents 5.3 million for EfficientNet-B0, with its classifier.
OTHERS = {"resnet29": 5_614_592, "efficientnetb0": 4_049_571}
PARAMETERS = studies.PARAMETERS | OTHERS


@pytest.mark.parametrize(("name", "parameters"), PARAMETERS.items())
def test_the_parameters_sum_to_those_that_are_published(name, parameters):
    assert sum(block["parameters"] for block in WRITTEN[name]) == parameters
