import pytest

from fer_transfer.console.errors import InputError
from fer_transfer.data.emotions import NUMBERINGS
from fer_transfer.readers.labels import name_classes


def names(*labels: str, numbering: str = "none", **mapping: str) -> dict[str, str]:
    return name_classes(labels, numbering, mapping)


def test_where_all_labels_are_emotions_each_has_one_name():
    assert names("Anger", "HAPPINESS", "joy", " sad ", "contempt") == {
        "Anger": "angry",
        "HAPPINESS": "happy",
        "joy": "happy",
        " sad ": "sad",
        "contempt": "contempt",
    }


def test_where_one_is_not_an_emotion_all_are_called_as_they_are():
    assert names("anger", "Bored") == {"anger": "anger", "Bored": "bored"}
    dropped = names("anger", "Bored", bored="drop")
    assert dropped == {"anger": "angry", "Bored": "drop"}


@pytest.mark.parametrize(
    ("label", "numbering", "expected"),
    [
        ("03", "fer2013", "happy"),
        ("1", "raf-db", "surprise"),
        ("7", "affectnet", "contempt"),
        ("0", "ck+", "neutral"),
        ("6", "expw", "neutral"),
        ("1_surprise", "raf-db", "surprise"),
        ("0 - Anger", "none", "angry"),
    ],
)
def test_a_number_is_what_its_numbering_says(label, numbering, expected):
    assert names(label, numbering=numbering) == {label: expected}


@pytest.mark.parametrize(
    ("label", "numbering"), [("9", "fer2013"), ("0", "raf-db"), ("1_happy", "raf-db")]
)
def test_a_number_that_the_numbering_does_not_have_is_an_error(label, numbering):
    with pytest.raises(InputError, match=f"{label}.* not among those of {numbering}"):
        names(label, numbering=numbering)


def test_all_bad_labels_are_listed_at_once_with_the_settings_that_mend_them():
    with pytest.raises(InputError) as caught:
        names("1", "2", "happy", hapy="joy")
    message = str(caught.value)
    assert "the labels '1', '2' are numbers" in message
    assert "'hapy', but no face has that label (did you mean 'happy'?)" in message
    assert "`data.numbering` or `data.map`" in message
    assert all(message.count(f"{numbering} (") == 1 for numbering in NUMBERINGS)


@pytest.mark.parametrize(
    ("label", "mapping", "message"),
    [
        ("drop", {}, "no class may be called drop"),
        ("drop", {"awe": "drop"}, "no class may be called drop"),
        ("joy", {"joy": "total"}, "no class may be called total"),
        ("Happy", {"Happy": "sad", "happy": "drop"}, "`data.map` maps happy twice"),
    ],
)
def test_what_the_results_call_otherwise_and_a_map_that_contradicts_itself_are_errors(
    label, mapping, message
):
    with pytest.raises(InputError, match=message):
        names(label, "awe", **mapping)


@pytest.mark.parametrize("numbering", ["none", "fer2013"])
def test_numbers_that_are_not_whole_or_in_the_numbering_are_no_names(numbering):
    with pytest.raises(InputError, match=r"the labels '-1', '2024', '3\.0'"):
        names("3.0", "-1", "2024", numbering=numbering)


def test_the_map_is_followed_once():
    swapped = names("happy", "sad", happy="sad", sad="happy")
    assert swapped == {"happy": "sad", "sad": "happy"}


def test_the_map_renames_and_drops_before_and_after_numbers():
    named = names("Joy", "contempt", joy="happy", contempt="drop")
    assert named == {"Joy": "happy", "contempt": "drop"}
    named = names("7", "3", numbering="affectnet", contempt="drop", **{"3": "awe"})
    assert named == {"7": "drop", "3": "awe"}
