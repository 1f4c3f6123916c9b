import pytest

from fer_transfer.results.protocols import Protocol, groups, paper_protocol
from fer_transfer.settings.settings import Run, Variant, load_settings


@pytest.fixture
def settings():
    return load_settings()


@pytest.mark.parametrize(
    ("layers", "recipe", "label"),
    [
        (4, {}, "last 4 layers"),
        (0, {"dropout": 0.25}, "head alone, dropout 0.25"),
        ("all", {"size": 48}, "every layer, input of 48x48"),
        (4, {"learning_rate": 1e-05}, "last 4 layers, learning rate 1e-05"),
        (4, {"train_share": 0.1}, "last 4 layers, 0.1 of the training images"),
        (4, {"augment": True}, "last 4 layers, augmented"),
        (4, {"early_stopping": 20}, "last 4 layers, best epoch (patience 20)"),
    ],
)
def test_a_protocol_says_what_trains_and_what_departs_from_the_settings(
    layers, recipe, label
):
    protocol = Protocol(layers, "float32", recipe=tuple(recipe.items()))
    assert protocol.label == label
    assert protocol._replace(split="official").label == f"{label}, split official"
    assert protocol._replace(precision="bfloat16").label == f"{label}, bfloat16"


def test_the_papers_runs_are_a_group_each_paper_protocol(settings):
    found = groups(settings)
    for name in list(settings.runs)[:8]:
        assert found[name].protocol == paper_protocol(settings)
        assert f"{found[name].backbone}-{found[name].weights}" == name


def test_runs_that_differ_in_the_seed_alone_are_one_group_by_the_name_of_the_first(
    settings,
):
    """Also where a variant of its own starts from the other seed."""
    again = {
        "split": "random",
        "seed": 43,
        "epochs": 20,
    }  # of which the last is `train`'s
    settings.variants["vggface-43"] = Variant(
        **{**settings.variants["vggface-random"], "seed": 43}
    )
    settings.runs["pretrained-43"] = Run(variant="vggface-pretrained", **again)
    settings.runs["random-43"] = Run(variant="vggface-43", **again)
    found = groups(settings)
    assert found["vggface-pretrained"].runs == ("vggface-pretrained", "pretrained-43")
    assert found["vggface-random"].runs == ("vggface-random", "random-43")


@pytest.mark.parametrize("departs", [{"learning_rate": 0.001}, {"train_share": 0.5}])
def test_a_run_under_other_conditions_is_no_repetition(settings, departs):
    settings.runs["other"] = Run(
        variant="vggface-pretrained", split="random", seed=43, **departs
    )
    found = groups(settings)
    assert found["vggface-pretrained"].runs == ("vggface-pretrained",)
    assert found["other"].protocol != paper_protocol(settings)


def test_a_precision_that_is_the_studys_own_is_no_other_protocol(settings):
    settings.variants["vggface-random"] = Variant(
        **{**settings.variants["vggface-random"], "precision": "float32"}
    )
    assert groups(settings)["vggface-random"].protocol == paper_protocol(settings)
