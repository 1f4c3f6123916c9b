"""FER2013: its emotions and their codes.

Source: Goodfellow et al., "Challenges in Representation Learning" (2013); the paper, section 3.1.
"""

# The position is the code in the original CSV. Folder copies sort classes by name, so
# their order differs: a folder's class is always taken by name.
EMOTIONS = ("angry", "disgust", "fear", "happy", "sad", "surprise", "neutral")

NUM_IMAGES = 35_887
