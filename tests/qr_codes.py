"""Reading QR codes with a decoder that nobody here wrote, from what a page or a printer shows."""

import re
from collections.abc import Sequence

import numpy as np
import zxingcpp

SQUARE = 6  # pixels of a square in the picture that the decoder is given
_PATH = re.compile(
    r'aria-label="QR [^>]*viewBox="0 0 (\d+) \d+"[^>]*>.*?<path d="([^"]*)"', re.DOTALL
)
_RUN = re.compile(r"M(\d+),(\d+)h(\d+)v1H\d+z")
_HALVES = {" ": (0, 0), "▀": (1, 0), "▄": (0, 1), "█": (1, 1)}


def read_svg(html: str) -> str:
    """What the first code on a page says."""
    found = _PATH.search(html)
    assert found, "there is no picture"
    dark = np.zeros((int(found[1]), int(found[1])), dtype=bool)
    runs = _RUN.findall(found[2])
    for x, y, width in runs:
        dark[int(y), int(x) : int(x) + int(width)] = True
    return read_squares(dark.tolist())


def read_letters(text: str) -> str:
    """What a code of half blocks says, wherever in a text it stands."""
    lines = [line for line in text.split("\n") if set(line) & set("▀▄█")]
    width = max(map(len, lines)) + 4
    rows: list[list[bool]] = []
    for line in lines:
        halves = [_HALVES[sign] for sign in line.ljust(width)]
        rows += [[bool(upper) for upper, _ in halves], [bool(lower) for _, lower in halves]]
    quiet = [[False] * width] * 4
    return read_squares([*quiet, *rows, *quiet])


def read_squares(rows: Sequence[Sequence[bool]]) -> str:
    """What a code says, given its squares."""
    dark = np.kron(np.array(rows, dtype=np.uint8), np.ones((SQUARE, SQUARE), dtype=np.uint8))
    found = zxingcpp.read_barcodes((255 * (1 - dark)).astype(np.uint8))
    assert len(found) == 1, "no code was found"
    return str(found[0].text)
