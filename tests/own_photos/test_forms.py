import data_sets
import numpy as np
import pytest
from data_sets import by_photo, photo, write, write_photos

from fer_transfer.console.errors import InputError
from fer_transfer.core import files
from fer_transfer.data.fer2013 import EMOTIONS

WORDS = {
    "angry": "angry",
    "Anger": "angry",
    "ANGRY": "angry",
    "Disgusted": "disgust",
    "fearful": "fear",
    "afraid": "fear",
    "Happiness": "happy",
    "SADNESS": "sad",
    "surprised": "surprise",
    "neutrality": "neutral",
    "Contempt": "contempt",
    "0_angry": "angry",
    "3 - happy": "happy",
}


@pytest.mark.parametrize("word", WORDS)
def test_a_class_folder_goes_by_any_usual_word_and_case(project, word):
    write_photos(project.photos, f"{word}/a.png", "sad/b.png")
    assert by_photo(project.gather(), "label")[f"{word}/a.png"] == WORDS[word]
    assert project.metrics("gather")["form"] == "class-folders"


LAYOUTS = {
    "a folder per class": ("happy/a.png", "sad/b.png"),
    "sets above classes": ("train/happy/a.png", "test/sad/b.png"),
    "an archive's folder around it": ("x/y/happy/a.png", "x/y/sad/b.png"),
    "folders below a class": ("happy/2019/may/a.png", "sad/b.png"),
    "one class": ("happy/a.png", "happy/b.png"),
    "validation, spelt out": ("Validation/happy/a.png", "Training/sad/b.png"),
}


@pytest.mark.parametrize("layout", LAYOUTS)
def test_class_folders_are_recognised_with_what_is_around_and_below(project, layout):
    names = LAYOUTS[layout]
    write_photos(project.photos, *names)
    labels = by_photo(project.gather(), "label")
    assert set(labels) == set(names)
    assert all(labels[name] in name for name in names)


def test_the_set_above_a_class_is_the_part(project):
    write_photos(project.photos, "train/sad/a.png", "val/sad/b.png", "test/sad/c.png")
    parts = by_photo(project.gather(), "part")
    assert list(parts.values()) == ["test", "train", "val"]


@pytest.mark.parametrize(
    ("numbering", "label"),
    [
        ("fer2013", "surprise"),
        ("raf-db", "sad"),
        ("affectnet", "disgust"),
        ("ck+", "happy"),
    ],
)
def test_a_numbered_folder_goes_by_the_numbering_that_is_named(
    project, numbering, label
):
    write_photos(project.photos, "5/a.png")
    assert by_photo(project.gather(numbering=numbering), "label") == {"5/a.png": label}


MANIFESTS = {
    "a path and a label": "path,label\na.png,happy\n",
    "semicolons and a byte order mark": "\ufeffpath;label\r\na.png;HAPPY\r\n",
    "tabs": "label\tpath\nhappiness\ta.png\n",
    "quotes": '"path","label"\n"./a.png"," happy "\n',
}


@pytest.mark.parametrize("name", MANIFESTS)
def test_a_manifest_is_read_as_a_file_or_in_its_folder(project, name):
    write_photos(project.photos, "a.png")
    write(project.photos / "list.csv", MANIFESTS[name])
    assert by_photo(project.gather(), "label") == {"a.png": "happy"}
    assert by_photo(project.gather(source="photos/list.csv"), "label") == {
        "a.png": "happy"
    }


def test_a_manifest_may_name_people_boxes_and_parts(project):
    write_photos(project.photos, "a.png")
    head = "path,label,group,left,top,width,height,part\n"
    rows = "a.png,sad,NA,1,2,30.5,40,test\na.png,happy,bob,20,2,30,40,test\n"
    write(project.photos / "list.csv", head + rows)
    first, second = project.gather()
    assert (first["group"], first["left"], first["width"]) == ("NA", "1.0", "30.5")
    assert (second["label"], second["part"]) == ("happy", "test")
    assert project.metrics("gather")["people"] == 2
    assert project.metrics("gather")["with_box"] == 2


@pytest.mark.parametrize("ending", ["", "_aligned"])
def test_raf_db_goes_by_its_list_and_its_own_numbering(project, ending):
    folder = "Image/aligned/" if ending else "Image/original/"
    names = [f"{folder}{name}{ending}.png" for name in ("train_1", "train_2", "test_1")]
    write_photos(project.photos, *names)
    lines = "train_1.png 1\ntrain_2.png 7\ntest_1.png 4\n"
    write(project.photos / "EmoLabel/list_patition_label.txt", lines)
    assert by_photo(project.gather(), "label", "part") == {
        names[0]: ("surprise", "train"),
        names[1]: ("neutral", "train"),
        names[2]: ("happy", "test"),
    }
    assert project.metrics("gather")["form"] == "raf-db"


def test_of_raf_db_the_aligned_images_are_taken_where_there_are_both(project):
    names = ("Image/aligned/train_1_aligned.png", "Image/original/train_1.png")
    write_photos(project.photos, *names)
    write(project.photos / "EmoLabel/list_patition_label.txt", "train_1.png 6\n")
    assert by_photo(project.gather(), "label") == {names[0]: "angry"}


def test_raf_db_in_numbered_folders_is_read_where_the_form_is_named(project):
    write_photos(project.photos, "train/1/a.png", "test/3/b.png")
    labels = by_photo(project.gather(form="raf-db"), "label", "part")
    assert labels["train/1/a.png"] == ("surprise", "train")
    assert labels["test/3/b.png"] == ("disgust", "test")


AFFECTNET_HEAD = (
    "subDirectory_filePath,face_x,face_y,face_width,face_height,facial_landmarks,"
    "expression,valence,arousal\n"
)


def test_affectnet_goes_by_its_csv_files_with_boxes_and_without_what_is_no_emotion(
    project,
):
    images = [
        f"Manually_Annotated_Images/{name}.png" for name in ("1/a", "1/b", "2/c", "2/d")
    ]
    write_photos(project.photos, *images)
    rows = "1/a.png,1,2,40,41,1;2,7,0,0\n1/b.png,-2,-2,-2,-2,,0,0,0\n"
    write(project.photos / "training.csv", AFFECTNET_HEAD + rows)
    rows = "2/c.png,NULL,NULL,NULL,NULL,,6,0,0\n2/d.png,1,1,40,40,,10,-2,-2\n2/e.png,,,,,,1,0,0\n"
    write(project.photos / "validation.csv", AFFECTNET_HEAD + rows)
    assert by_photo(project.gather(), "label", "part", "left", "height") == {
        images[0]: ("contempt", "train", "1.0", "41.0"),
        images[1]: ("neutral", "train", "", ""),
        images[2]: ("angry", "val", "", ""),
    }
    assert project.dropped()[images[3]] == "AffectNet's 10, no face: no emotion"
    assert "no such file" in project.dropped()["2/e.png"]


@pytest.mark.parametrize("label", [np.array("3"), np.array(3), np.array([3])])
def test_affectnet_goes_by_its_annotations(project, label):
    write_photos(project.photos, "val_set/images/0.png", "val_set/images/1.png")
    (project.photos / "val_set/annotations").mkdir()
    np.save(project.photos / "val_set/annotations/0_exp.npy", label)
    np.save(project.photos / "val_set/annotations/0_val.npy", np.array("0.1"))
    rows = by_photo(project.gather(), "label", "part")
    assert rows == {"val_set/images/0.png": ("surprise", "val")}
    assert "no annotation" in project.dropped()["val_set/images/1.png"]


def test_affectnet_in_numbered_folders_is_read_where_the_form_is_named(project):
    write_photos(project.photos, "train/0/a.png", "train/7/b.png", "train/8/c.png")
    labels = by_photo(project.gather(form="affectnet"), "label")
    assert labels == {"train/0/a.png": "neutral", "train/7/b.png": "contempt"}


def test_ck_48_knows_people_and_contempt(project):
    names = [
        f"CK+48/{name}_00000017.png" for name in ("anger/S010_004", "contempt/S138_008")
    ]
    write_photos(project.photos, *names, "CK+48/anger/other.png")
    assert by_photo(project.gather(), "label", "group") == {
        names[0]: ("angry", "S010"),
        names[1]: ("contempt", "S138"),
    }
    counts = project.metrics("gather")
    assert (counts["form"], counts["classes"]) == ("ck+48", ["angry", "contempt"])
    assert list(project.dropped()) == ["CK+48/anger/other.png"]


def test_jaffe_goes_by_its_file_names_and_knows_the_person_na(project):
    names = ("KA.AN1.39.tiff", "NA.FE2.200.tiff", "NA.NE1.1.tiff")
    for number, name in enumerate(names):
        write(project.photos / name, photo(number, kind="TIFF"))
    rows = by_photo(project.gather(), "label", "group")
    assert list(rows.values()) == [("angry", "KA"), ("fear", "NA"), ("neutral", "NA")]
    assert project.metrics("gather")["people"] == 2


def test_kdef_goes_by_its_file_names_and_knows_people_in_both_sessions(project):
    names = ("AF01/AF01AFHL.JPG", "AM35/AM35SUS.JPG", "BF01/BF01DIFR.JPG")
    write_photos(project.photos, *names, "AF31/AF31V.JPG")
    rows = by_photo(project.gather(), "label", "group")
    assert list(rows.values()) == [
        ("fear", "F01"),
        ("surprise", "M35"),
        ("disgust", "F01"),
    ]
    assert "KDEF's" in project.dropped()["AF31/AF31V.JPG"]


def test_file_names_tell_more_than_the_class_folders_around_them(project):
    write_photos(project.photos, "fear/AF01AFS.JPG", "happiness/AF01HAS.JPG")
    assert {row["group"] for row in project.gather()} == {"F01"}
    write_photos(project.photos, "fear/AF02HAS.JPG")
    with pytest.raises(
        InputError, match=r"shows happy by its name, but lies in .* `fear`"
    ):
        project.gather()


def test_expw_has_a_row_and_a_box_per_face(project):
    write_photos(project.photos, "image/origin/a b.png", "image/origin/c.png")
    lines = (
        "a b.png 0 5 7 47 65 61.5 3\na b.png 1 0 0 20 20 9 6\nc.png 0 1 1 9 9 50 4\n"
    )
    write(project.photos / "label.lst", lines)
    rows = project.gather()
    assert [row["label"] for row in rows] == ["happy", "neutral", "sad"]
    box = [rows[0][side] for side in ("left", "top", "width", "height")]
    assert box == ["7.0", "5.0", "40.0", "60.0"]


def write_study(folder, labels, votes=None):
    """Write the study's own files for as many images as there are labels."""
    rows = np.arange(len(labels))
    pixels = data_sets.FACES[: len(labels)]
    data = folder / "data"
    files.write_npz(
        data / "images.npz", {"pixels": pixels, "labels": np.array(labels, "u1")}
    )
    split = {"train": rows[:-2], "val": rows[-2:-1], "test": rows[-1:]}
    files.write_npz(data / "split.npz", split)
    votes = np.array([] if votes is None else votes, dtype=np.int8)
    files.write_npz(data / "ferplus.npz", {"labels": votes})


def test_fer2013_is_the_study_s_images_labels_and_split(project):
    write_study(project.folder, [3, 0, 6, 2])
    rows = by_photo(project.gather(source="fer2013"), "label", "part")
    assert rows == {
        "0": ("happy", "train"),
        "1": ("angry", "train"),
        "2": ("neutral", "val"),
        "3": ("fear", "test"),
    }


def test_ferplus_is_the_same_images_with_the_majority_s_labels(project):
    write_study(project.folder, [3, 0, 6, 2], [3, -1, 4, 2])
    rows = by_photo(project.gather(source="ferplus"), "label")
    assert rows == {"0": "happy", "2": "sad", "3": "fear"}
    assert project.dropped() == {
        "1": "FER+ has no majority for one of the seven emotions"
    }


@pytest.mark.parametrize("source", ["fer2013", "ferplus"])
def test_the_study_s_images_go_to_no_detector(project, source):
    write_study(project.folder, [3, 0, 6, 2], [3, -1, 4, 2])
    rows = project.faces(detector="centerface", source=source)
    arrays = files.read_npz(project.folder / "data/algorithm/faces.npz")
    taken = [int(row["photo"]) for row in rows]
    assert np.array_equal(arrays["images"], data_sets.FACES[taken])
    assert arrays["labels"].dtype == np.uint8


def test_classes_are_in_fer2013_s_order_and_others_after_them(project):
    write_photos(project.photos, *(f"{name}/a.png" for name in (*EMOTIONS, "contempt")))
    project.faces(map={"angry": "awe"})
    classes = files.read_json(project.folder / "data/algorithm/classes.json")
    assert classes == [*EMOTIONS[1:], "awe", "contempt"]
