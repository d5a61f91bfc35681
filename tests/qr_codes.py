"""Reading QR codes with a decoder that nobody here wrote, from what a page or a printer shows."""

import re
import struct
import zlib
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


def read_picture(png: bytes) -> str:
    """What a code says, photographed from the screen: a PNG of a browser, 8 bits a colour."""
    width, height, _, kind = struct.unpack(">IIBB", png[16:26])
    depth = {2: 3, 6: 4}[kind]  # with transparency, or without
    packed, at = b"", 8
    while at < len(png):
        (size,) = struct.unpack(">I", png[at : at + 4])
        packed += png[at + 8 : at + 8 + size] if png[at + 4 : at + 8] == b"IDAT" else b""
        at += size + 12
    data, row, rows = zlib.decompress(packed), bytes(width * depth), []
    for start in range(0, height * (width * depth + 1), width * depth + 1):
        row = _unfiltered(data[start], data[start + 1 : start + 1 + width * depth], row, depth)
        rows.append(row[1::depth])  # green will do
    found = zxingcpp.read_barcodes(np.array([list(line) for line in rows], dtype=np.uint8))
    assert len(found) == 1, "no code was found"
    return str(found[0].text)


def _unfiltered(how: int, line: bytes, above: bytes, depth: int) -> bytes:
    """A row of a PNG as it was before it was written as differences."""
    row = bytearray(line)
    for x in range(len(row)):
        left, corner = (row[x - depth], above[x - depth]) if x >= depth else (0, 0)
        up = above[x]
        near = min((left, up, corner), key=lambda value: abs(left + up - corner - value))
        row[x] = (row[x] + (0, left, up, (left + up) // 2, near)[how]) & 0xFF
    return bytes(row)


def read_squares(rows: Sequence[Sequence[bool]]) -> str:
    """What a code says, given its squares."""
    dark = np.kron(np.array(rows, dtype=np.uint8), np.ones((SQUARE, SQUARE), dtype=np.uint8))
    found = zxingcpp.read_barcodes((255 * (1 - dark)).astype(np.uint8))
    assert len(found) == 1, "no code was found"
    return str(found[0].text)
