import pytest

from fer_transfer.results.protocols import Protocol, groups, paper_protocol
from fer_transfer.settings.settings import Run, Variant, load_settings


@pytest.fixture
def settings():
    return load_settings()


@pytest.mark.parametrize(
    ("protocol", "label"),
    [
        (Protocol(4, "float32"), "last 4 layers"),
        (Protocol(0, "float32"), "head alone"),
        (Protocol("all", "float32"), "every layer"),
        (Protocol(4, "bfloat16"), "last 4 layers, bfloat16"),
        (
            Protocol(4, "float32", recipe=(("learning_rate", 1e-05),)),
            "last 4 layers, learning rate 1e-05",
        ),
        (
            Protocol(0, "float32", recipe=(("dropout", 0.25),)),
            "head alone, dropout 0.25",
        ),
        (
            Protocol(4, "float32", recipe=(("train_share", 0.1),)),
            "last 4 layers, 10% of the training images",
        ),
        (Protocol(4, "float32", "official"), "last 4 layers, split official"),
        (
            Protocol("all", "float32", recipe=(("input_size", 48),)),
            "every layer, input size 48",
        ),
    ],
)
def test_a_protocol_says_what_trains_and_what_departs_from_the_settings(
    protocol, label
):
    assert protocol.label == label


def test_the_papers_runs_are_a_group_each_paper_protocol(settings):
    found = groups(settings)
    for name in list(settings.runs)[:8]:
        assert found[name].protocol == paper_protocol(settings)
        assert f"{found[name].backbone}-{found[name].weights}" == name


def test_runs_that_differ_in_the_seed_alone_are_one_group_by_the_name_of_the_first(
    settings,
):
    settings.runs |= {
        f"vggface-pretrained-{seed}": Run(
            variant="vggface-pretrained", split="random", seed=seed
        )
        for seed in (43, 44)
    }
    assert groups(settings)["vggface-pretrained"].runs == (
        "vggface-pretrained",
        "vggface-pretrained-43",
        "vggface-pretrained-44",
    )


def test_random_variants_of_other_seeds_repeat_each_other(settings):
    settings.variants["vggface-random-43"] = Variant(
        backbone="vggface", weights="random", trainable_layers=4, seed=43
    )
    settings.runs["vggface-random-43"] = Run(
        variant="vggface-random-43", split="random", seed=43
    )
    runs = groups(settings)["vggface-random"].runs
    assert runs == ("vggface-random", "vggface-random-43")
    assert settings.variants[settings.runs[runs[1]].variant].seed == 43


@pytest.mark.parametrize(
    "departs",
    [{"learning_rate": 0.001}, {"dropout": 0.5}, {"train_share": 0.5}],
)
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
