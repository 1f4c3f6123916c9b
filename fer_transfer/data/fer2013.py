"""FER2013: its emotions, their codes, and what is known about its files.

Source: Goodfellow et al., "Challenges in Representation Learning" (2013); the paper, section 3.1.
"""

# The position is the code in the original CSV. Folder copies sort classes by name, so
# their order differs: a folder's class is always taken by name.
EMOTIONS = ("angry", "disgust", "fear", "happy", "sad", "surprise", "neutral")

NUM_IMAGES = 35_887
IMAGE_SIZE = 48  # pixels, both ways
USAGES = ("Training", "PublicTest", "PrivateTest")
COLUMNS = ("emotion", "pixels", "Usage")  # icml_face_data.csv has them in another order

# What folder copies call the sets and the emotions, in any case.
TRAIN_FOLDERS = ("train", "training")
VALIDATION_FOLDERS = ("validation", "val", "valid", "publictest")
TEST_FOLDERS = ("test", "testing", "privatetest")
EMOTION_FOLDERS = {
    "angry": "angry",
    "anger": "angry",
    "disgust": "disgust",
    "disgusted": "disgust",
    "fear": "fear",
    "fearful": "fear",
    "happy": "happy",
    "happiness": "happy",
    "sad": "sad",
    "sadness": "sad",
    "surprise": "surprise",
    "surprised": "surprise",
    "neutral": "neutral",
}

# What a class folder's number means: each data set numbers otherwise.
NUMBERINGS = {
    "fer2013": dict(enumerate(EMOTIONS)),
    "raf-db": dict(
        enumerate(
            ("surprise", "fear", "disgust", "happy", "sad", "angry", "neutral"), 1
        )
    ),
    "affectnet": dict(
        enumerate(
            (
                "neutral",
                "happy",
                "sad",
                "surprise",
                "fear",
                "disgust",
                "angry",
                "contempt",
            )
        )
    ),
}

KAGGLE_DATASET = "deadskull7/fer2013"  # public: kagglehub needs no login for it
KAGGLE_FILE = "fer2013.csv"

# MD5 of the plain CSV files as the competition published them.
OFFICIAL_MD5 = {
    "fer2013.csv": "f8428a1edbd21e88f42c73edd2a14f95",
    "icml_face_data.csv": "b114b9e04e6949e5fe8b6a98b3892b1d",
}
