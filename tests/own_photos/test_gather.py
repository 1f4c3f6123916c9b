"""What gather does with settings, labels, names and files that are at fault."""

import os

import data_sets
import numpy as np
import pytest
from data_sets import by_photo, photo, write, write_photos

from algorithm import gather
from algorithm.lib.settings import load_faces, load_gather
from fer_transfer.console.errors import InputError
from fer_transfer.core import files

HEAD = "path,label,group,left,top,width,height\n"


def lists(folder, *lines, name="list.csv"):
    """Write a manifest beside two photos."""
    write_photos(folder, "a.png", "b.png")
    write(folder / name, "".join(f"{line}\n" for line in lines))


def raf(folder, line):
    write_photos(folder, "train_1.png")
    write(folder / "list_patition_label.txt", line)


def expw(folder, line):
    write_photos(folder, "a.png")
    write(folder / "label.lst", line)


def affectnet(folder, content):
    write_photos(folder, "train_set/images/0.png")
    write(folder / "train_set/annotations/0_exp.npy", content)


def npy(values, **options):
    path = options.pop("path")
    np.save(path, values, **options)
    return path.read_bytes()


# What lies in photos/, the settings, and what the error must say.
REFUSED = {
    "an empty folder": (lambda folder: folder.mkdir(), {}, "holds no file"),
    "no folder": (lambda folder: None, {}, "no such folder or file"),
    "an empty source": (lambda folder: None, {"source": " "}, "is empty"),
    "no image among files": (
        lambda folder: write(folder / "happy/notes.txt", "x"),
        {},
        "Seen: files: 1 of .txt; folders: happy",
    ),
    "images in no folder": (
        lambda folder: write_photos(folder, "a.png", "b.jpg"),
        {},
        "form of photos is not certain. Seen: files: 1 of .png, 1 of .jpg; folders: none",
    ),
    "folders that name nobody's emotion": (
        lambda folder: write_photos(folder, "anna/a.png", "bob/b.png"),
        {},
        "folders: anna, bob. Expected a folder per emotion",
    ),
    "a label that no word knows": (
        lambda folder: write_photos(folder, "happy/a.png", "bored/b.png"),
        {},
        "bored/b.png has the label `bored`.*`gather.map: {bored: happy}`.*{bored: drop}",
    ),
    "a numbered folder without a numbering": (
        lambda folder: write_photos(folder, "0/a.png", "1/b.png"),
        {},
        "the label `0`, a number.*affectnet .0 neutral.*Set `gather.numbering`",
    ),
    "a number that the numbering has not": (
        lambda folder: write_photos(folder, "0/a.png"),
        {"numbering": "raf-db"},
        "raf-db .1 surprise.* has no 0",
    ),
    "a number and a word that disagree": (
        lambda folder: write_photos(folder, "1_sad/a.png"),
        {"numbering": "fer2013"},
        "in the numbering fer2013 .* 1 is disgust",
    ),
    "a numbering where the form has its own": (
        lambda folder: raf(folder, "train_1.png 1"),
        {"numbering": "affectnet"},
        "form is raf-db, which has its own",
    ),
    "a map for a label that no photo has": (
        lambda folder: write_photos(folder, "contempt/a.png"),
        {"map": {"contmept": "drop"}},
        "maps `contmept`, which no photo has.*Did you mean `contempt`",
    ),
    "a map to a number": (lambda folder: None, {"map": {"joy": 3}}, "maps 'joy' to 3"),
    "a map that is a list": (lambda folder: None, {"map": ["joy"]}, "must map labels"),
    "a form that is none": (lambda folder: None, {"form": "rafdb"}, "one of `auto`"),
    "a form of the study with a folder": (
        lambda folder: write_photos(folder, "happy/a.png"),
        {"form": "ferplus"},
        "Set `gather.source: ferplus`",
    ),
    "the study with the form of a folder": (
        lambda folder: None,
        {"source": "fer2013", "form": "kdef"},
        "Set it to auto",
    ),
    "the study's files not there": (
        lambda folder: None,
        {"source": "fer2013"},
        "there is no data/images.npz. Run `dvc repro",
    ),
    "everything dropped": (
        lambda folder: write_photos(folder, "happy/a.png"),
        {"map": {"happy": "drop"}},
        "gives no labelled photo. Dropped: 1 as `gather.map` drops the label happy",
    ),
    "two forms at once": (
        lambda folder: (
            raf(folder, "train_1.png 1"),
            expw(folder, "a.png 0 1 1 9 9 1 1"),
        ),
        {},
        "may be raf-db, by .*; expw, by .*Set `gather.form`",
    ),
    "two manifests": (
        lambda folder: (
            lists(folder, "path,label"),
            lists(folder, "path,label", name="x.csv"),
        ),
        {},
        "one manifest.*Found list.csv, x.csv",
    ),
    "an archive": (
        lambda folder: write(folder / "x.zip", b"PK\x03\x04" + bytes(40)),
        {"source": "photos/x.zip"},
        "photos/x.zip: an archive is not read: unpack it and give the folder",
    ),
    "a single photo": (
        lambda folder: write_photos(folder, "a.png"),
        {"source": "photos/a.png"},
        "a.png is no manifest",
    ),
    "a file that is no manifest": (
        lambda folder: write(folder / "x.csv", "image,emotion\na,b\n"),
        {"source": "photos/x.csv"},
        "first line must name the columns path and label",
    ),
    "a manifest with a column too many": (
        lambda folder: lists(folder, "path,label,mood", "a.png,sad,x"),
        {},
        "column `mood` is not known",
    ),
    "a manifest's row of another length": (
        lambda folder: lists(folder, "path,label", "a.png,sad", "b.png"),
        {},
        "list.csv, line 3: expected 2 values",
    ),
    "a manifest's quote without end": (
        lambda folder: lists(folder, "path,label", '"a.png,sad'),
        {},
        "no CSV file that can be read, about line",
    ),
    "a manifest in Latin-1": (
        lambda folder: write(
            folder / "x.csv", b"path,label\n" + "é,sad\n".encode("latin-1")
        ),
        {"source": "photos/x.csv"},
        "not in UTF-8",
    ),
    "a manifest without a label": (
        lambda folder: lists(folder, "path,label", "a.png,"),
        {},
        "line 2: the label is empty",
    ),
    "a path that leads out": (
        lambda folder: lists(folder, "path,label", "../a.png,sad"),
        {},
        "must lead to a file below the manifest's folder",
    ),
    "an absolute path": (
        lambda folder: lists(folder, "path,label", "/etc/passwd,sad"),
        {},
        "must lead to a file below",
    ),
    "a zero byte in a path": (
        lambda folder: lists(folder, "path,label", "a\0.png,sad"),
        {},
        "list.csv",
    ),
    "a box of words": (
        lambda folder: lists(folder, HEAD.strip(), "a.png,sad,,1,x,3,4"),
        {},
        "line 2: the box must be four numbers.*'x'",
    ),
    "a box that is not a number": (
        lambda folder: lists(folder, HEAD.strip(), "a.png,sad,,1,nan,3,4"),
        {},
        "the box must be four numbers",
    ),
    "a box of three sides": (
        lambda folder: lists(folder, HEAD.strip(), "a.png,sad,,1,2,3,"),
        {},
        "leave all four empty",
    ),
    "a box without area": (
        lambda folder: lists(folder, HEAD.strip(), "a.png,sad,,1,2,0,5"),
        {},
        "a width and height above 0",
    ),
    "a part that is none": (
        lambda folder: lists(folder, "path,label,part", "a.png,sad,holdout"),
        {},
        "part must be train, val, test or empty. Got 'holdout'",
    ),
    "one photo with two labels": (
        lambda folder: lists(folder, "path,label", "a.png,sad", "./a.png,happy"),
        {},
        "a.png is listed twice, as sad and as happy",
    ),
    "a RAF-DB list of another kind": (
        lambda folder: raf(folder, "x.png 1"),
        {},
        "must begin with train_ or test_",
    ),
    "a RAF-DB line without a label": (
        lambda folder: raf(folder, "train_1.png\n"),
        {},
        "line 1: expected `train_00001.jpg 5`. Got `train_1.png`",
    ),
    "a RAF-DB label of another numbering": (
        lambda folder: raf(folder, "train_1.png 0\n"),
        {},
        "has no 0",
    ),
    "a RAF-DB image in two places": (
        lambda folder: (
            raf(folder, "train_1.png 1"),
            write_photos(folder, "x/train_1.png"),
        ),
        {},
        "in 2 places: train_1.png, x/train_1.png",
    ),
    "an ExpW line cut off": (
        lambda folder: expw(folder, "a.png 0 1 1 9"),
        {},
        "label.lst, line 1: expected `name face top left",
    ),
    "an ExpW box inside out": (
        lambda folder: expw(folder, "a.png 0 9 9 1 1 50 3"),
        {},
        "a width and height above 0",
    ),
    "ExpW without its list": (
        lambda folder: write_photos(folder, "a.png"),
        {"form": "expw"},
        "photos has no label.lst",
    ),
    "an AffectNet annotation that is none": (
        lambda folder: affectnet(folder, b"\x93NUMPY\x01\0"),
        {},
        "0_exp.npy is not an annotation of AffectNet",
    ),
    "an AffectNet annotation that would run code": (
        lambda folder: affectnet(
            folder,
            npy(np.array([{}]), path=folder.parent / "x.npy", allow_pickle=True),
        ),
        {},
        "expected one whole number .*allow_pickle",
    ),
    "an AffectNet annotation of many numbers": (
        lambda folder: affectnet(
            folder, npy(np.arange(9), path=folder.parent / "x.npy")
        ),
        {},
        "expected one whole number",
    ),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_cannot_be_gathered_is_one_clear_error_and_leaves_nothing(project, case):
    make, settings, said = REFUSED[case]
    make(project.photos)
    with pytest.raises(InputError, match=said) as caught:
        project.gather(**settings)
    assert "\n" not in str(caught.value)
    assert project.written() == []


NAMES = {
    "spaces": " a  b .png",
    "a line end": "a\nb.png",
    "a carriage return": "a\rb.png",
    "commas and quotes": "a,\"b\",'c'.png",
    "another script": "笑顔-улыбка-ضحكة.png",
    "an emoji": "😀.png",
    "a dash first": "-rf.png",
    "what a spreadsheet calculates": "=1+1.png",
    "what a pattern matches": "[a]*?.png",
    "a backslash": "a\\b.png",
    "capitals only": "IMG.PNG",
    "a missing value's name": "NA.png",
    "200 letters": "x" * 200 + ".png",
}


@pytest.mark.parametrize("case", NAMES)
def test_a_name_survives(project, case):
    name = f"happy/{NAMES[case]}"
    write_photos(project.photos, name, "sad/a.png")
    rows = project.faces()
    assert name in by_photo(rows, "status")
    assert {row["status"] for row in rows} == {"ok"}
    assert name in {row["photo"] for row in project.face_rows()}


def test_a_manifest_holds_any_name_as_well(project):
    name = 'a,\n"b".png'
    write_photos(project.photos, name)
    write(project.photos / "list.csv", 'path,label\n"a,\n""b"".png",sad\n')
    assert by_photo(project.faces(), "status") == {name: "ok"}


# What stands beside happy/a.png, and the reason why it is dropped; None: it is no photo.
LEFT_OUT = {
    "an image outside the class folders": (
        lambda folder: write(folder / "cover.png", photo(3)),
        "it lies in no class folder, so nothing says what it shows",
    ),
    "a link that leads nowhere": (
        lambda folder: (folder / "happy/x.png").symlink_to("nothing"),
        "a symbolic link that leads to no file",
    ),
    "a link to itself": (
        lambda folder: (folder / "happy/x.png").symlink_to("x.png"),
        "a symbolic link that leads to no file",
    ),
    "a pipe": (
        lambda folder: os.mkfifo(folder / "happy/x.png"),
        "no regular file: a pipe or a device",
    ),
    "a name that is no UTF-8": (
        lambda folder: write(folder / os.fsdecode(b"happy/\xff.png"), photo(3)),
        "its name is no UTF-8: rename it",
    ),
    "a text": (lambda folder: write(folder / "happy/readme.txt", "x"), None),
    "what macOS leaves": (lambda folder: write(folder / "happy/._a.png", "x"), None),
    "what Windows leaves": (
        lambda folder: write(folder / "happy/Thumbs.db", "x"),
        None,
    ),
}


@pytest.mark.parametrize("case", LEFT_OUT)
def test_what_is_left_out_is_named_with_its_reason(project, case):
    write_photos(project.photos, "happy/a.png", "sad/a.png")
    make, reason = LEFT_OUT[case]
    make(project.photos)
    assert list(by_photo(project.gather(), "label")) == ["happy/a.png", "sad/a.png"]
    assert list(project.dropped().values()) == ([reason] if reason else [])
    assert project.metrics("gather")["dropped"] == ({reason: 1} if reason else {})


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_folder_or_a_file_without_permission_is_left_out_and_named(project):
    write_photos(project.photos, "happy/a.png", "sad/b.png", "sad/c.png")
    (project.photos / "sad/c.png").chmod(0)
    (project.photos / "locked").mkdir(mode=0)
    assert list(by_photo(project.gather(), "label")) == ["happy/a.png", "sad/b.png"]
    assert set(project.dropped()) == {"locked", "sad/c.png"}


@pytest.mark.parametrize("place", ["photo", "folder", "manifest"])
def test_an_error_is_one_line_whatever_the_names_hold(project, place):
    odd = "a\n\x1b[2J\r"
    if place == "manifest":
        lists(project.photos, "path,label", f'"{odd}.png","{odd}"')
        write_photos(project.photos, f"{odd}.png")
    else:
        name = f"bored/{odd}.png" if place == "photo" else f"{odd}/a.png"
        write_photos(project.photos, name, "sad/b.png")
    with pytest.raises(InputError, match="names no emotion that is known") as caught:
        project.gather()
    assert str(caught.value).isprintable()


LISTS = {
    "list.csv": b"path,label,group,left,top,width,height\na.png,sad,NA,1,2,30,40\n",
    "list_patition_label.txt": b"train_1.png 1\ntest_1.png 7\n",
    "label.lst": b"a.png 0 5 7 47 65 61.5 3\n",
    "training.csv": b"subDirectory_filePath,face_x,face_y,face_width,face_height,expression\n"
    b"a.png,1,2,40,41,7\ntrain_1.png,NULL,,-2,,3\n",
}


@pytest.mark.parametrize("seed", range(20))
@pytest.mark.parametrize("name", LISTS)
def test_a_list_with_spoilt_bytes_is_read_or_refused_in_one_line(project, name, seed):
    random = np.random.default_rng(seed)
    write_photos(project.photos, "a.png", "train_1.png", "test_1.png")
    content = bytearray(LISTS[name])
    for _ in range(1 + seed % 4):
        content[random.integers(len(content))] = random.choice(
            list(b'",\n\r;\t \0\xff-.9N/')
        )
    write(project.photos / name, bytes(content))
    said = ""
    try:
        assert project.gather()
    except InputError as error:
        said = str(error)
    assert said.isprintable()


def test_links_in_a_circle_end(project):
    write_photos(project.photos, "happy/a.png", "sad/b.png")
    (project.photos / "happy/again").symlink_to("../../photos")
    (project.photos / "sad/up").symlink_to("..")
    assert list(by_photo(project.gather(), "label")) == ["happy/a.png", "sad/b.png"]


def test_the_same_name_in_two_folders_is_two_photos(project):
    write_photos(project.photos, "happy/1.png", "sad/1.png")
    rows = project.gather()
    assert by_photo(rows, "label") == {"happy/1.png": "happy", "sad/1.png": "sad"}
    assert rows[0]["sha256"] != rows[1]["sha256"]


def test_a_copy_in_two_folders_has_one_hash(project):
    write(project.photos / "happy/1.png", photo())
    write(project.photos / "sad/2.png", photo())
    rows = project.gather()
    digest = files.digest(project.photos / "happy/1.png", "sha256")
    assert {row["sha256"] for row in rows} == {digest}
    assert project.metrics("gather")["distinct_contents"] == 1


def test_a_line_that_is_repeated_counts_once(project):
    lists(project.photos, "path,label", "a.png,sad", "a.png,sad", "b.png,happy")
    assert len(project.gather()) == 2
    assert project.dropped() == {"a.png": "it is listed twice"}


def test_a_file_that_a_list_names_and_that_is_not_there_is_said(project):
    lists(project.photos, "path,label", "a.png,sad", "gone.png,happy")
    assert by_photo(project.gather(), "label") == {"a.png": "sad"}
    assert project.dropped() == {
        "gone.png": "the list names it, but there is no such file"
    }


@pytest.mark.parametrize(
    ("user_map", "expected"),
    [
        ({"joy": "happy"}, ["happy", "contempt", "sad"]),
        ({"JOY": "Happy", "Contempt": "drop"}, ["happy", "sad"]),
        ({"joy": "joy", "sad": "neutral"}, ["joy", "contempt", "neutral"]),
    ],
)
def test_the_map_names_labels_anew_in_any_case_or_drops_them(
    project, user_map, expected
):
    write_photos(project.photos, "Joy/a.png", "contempt/b.png", "sad/c.png")
    rows = project.gather(map=user_map)
    assert [row["label"] for row in rows] == expected


def test_a_number_can_be_mapped_as_well(project):
    write_photos(project.photos, "0/a.png", "7/b.png")
    rows = project.gather(numbering="affectnet", map={7: "drop"})
    assert by_photo(rows, "label") == {"0/a.png": "neutral"}


WARNED = {
    "one class": (("happy/a.png", "happy/b.png"), "All show happy: one class"),
    "people unknown": (("happy/a.png", "sad/b.png"), "Of 2 photos nobody is named"),
    "one image in a class": (("happy/a.png", "happy/b.png", "sad/c.png"), "1 sad"),
}


@pytest.mark.parametrize("case", WARNED)
def test_what_small_data_lack_is_said(project, caplog, case):
    names, said = WARNED[case]
    write_photos(project.photos, *names)
    with caplog.at_level("INFO"):
        project.gather()
    assert said in caplog.text


def test_one_person_is_counted(project):
    write_photos(project.photos, "KA.AN1.39.png", "KA.HA1.29.png")
    project.gather()
    counts = project.metrics("gather")
    assert (counts["people"], counts["without_person"]) == (1, 0)


def test_two_runs_write_the_same_bytes(project):
    write_photos(project.photos, "happy/a.png", "sad/b.png")
    project.gather()
    first = gather.PHOTOS.read_bytes(), gather.METRICS.read_bytes()
    gather.main()
    assert (gather.PHOTOS.read_bytes(), gather.METRICS.read_bytes()) == first


def test_a_run_that_fails_leaves_the_last_result_whole(project):
    write_photos(project.photos, "happy/a.png", "sad/b.png")
    project.gather()
    first = gather.PHOTOS.read_bytes()
    write_photos(project.photos, "bored/c.png")
    with pytest.raises(InputError, match="bored"):
        gather.main()
    assert gather.PHOTOS.read_bytes() == first


SETTINGS = {
    "a misspelt key": ("gather: {sorce: x, form: auto, numbering: none}", "`gather.sorce`.*mean `gather.source`"),
    "a missing key": ("gather: {source: x, form: auto}", "does not set `gather.numbering`"),
    "a misspelt section": ("gahter: {}", "sets `gahter`.*mean `gather`"),
    "no section": ("faces: {detector: none}", "does not set `gather`"),
    "a section that is a word": ("gather: photos", "must be a mapping"),
    "no mapping": ("- gather", "must be a mapping"),
    "no YAML": ("gather: {", "not YAML that can be read"),
    "a path that is a number": ("gather: {source: 5, form: auto, numbering: none}", "`gather.source`.*text on one line. Got 5"),
}  # fmt: skip


@pytest.mark.parametrize("case", SETTINGS)
def test_settings_at_fault_are_named_with_their_file(tmp_path, case):
    text, said = SETTINGS[case]
    path = write(tmp_path / "params.yaml", text)
    with pytest.raises(InputError, match=f"(?s){said}") as caught:
        load_gather(path)
    assert "params.yaml" in str(caught.value)


def test_a_detector_that_is_none_is_named(tmp_path):
    path = write(tmp_path / "params.yaml", "faces: {detector: har}")
    with pytest.raises(
        InputError, match=r"one of `centerface`, `haar`, `none`. Got 'har'"
    ):
        load_faces(path)


def test_the_settings_in_git_are_read():
    path = data_sets.Path(__file__).parents[2] / "algorithm/params.yaml"
    assert load_gather(path).source == "fer2013"
    assert load_faces(path).detector == "centerface"
