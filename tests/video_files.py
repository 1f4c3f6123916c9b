"""Video files made for the tests, also such as OpenCV does not write."""

import struct
from pathlib import Path

import cv2
import numpy as np

RATE = 30  # frames a second


def write(path: Path, images, codec="mp4v", rate=RATE) -> Path:
    """Write RGB images (h, w, 3) uint8 as a video; its name says the format."""
    fourcc = cv2.VideoWriter.fourcc(*codec)
    writer = cv2.VideoWriter()
    for image in images:
        if not writer.isOpened():
            path.parent.mkdir(parents=True, exist_ok=True)
            size = image.shape[1::-1]
            assert writer.open(str(path), cv2.CAP_FFMPEG, fourcc, rate, size)
        writer.write(image[..., ::-1])
    writer.release()
    return path


def brightening(number: int, width: int = 64, height: int = 48) -> list[np.ndarray]:
    """Return frames (height, width, 3), each by 2 brighter than the one before it."""
    return [np.full((height, width, 3), 2 * n, np.uint8) for n in range(number)]


def turn(path: Path) -> None:
    """Mark an MP4 file as a phone does that is held upright: to be turned by a quarter."""
    content = path.read_bytes()
    start = content.index(b"tkhd") + 44
    matrix = struct.pack(">9i", 0, 1 << 16, 0, -1 << 16, 0, 0, 0, 0, 1 << 30)
    path.write_bytes(content[:start] + matrix + content[start + 36 :])


def set_times(path: Path, times: list[float]) -> None:
    """Set the seconds at which the frames of an FLV file are displayed."""
    content = bytearray(path.read_bytes())
    place, remaining = 13, list(times)
    while place < len(content) and remaining:
        size = int.from_bytes(content[place + 1 : place + 4])
        if content[place] == 9 and size > 5:  # a frame of the video
            time = round(1000 * remaining.pop(0))
            content[place + 4 : place + 7] = time.to_bytes(3)
        place += 11 + size + 4
    path.write_bytes(content)
