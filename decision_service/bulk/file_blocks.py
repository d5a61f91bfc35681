"""A file of lines in blocks of equal size: each can be read without reading those before it.

A line belongs to the block in which its first byte lies.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

BLOCK_BYTES = 256 * 1024
SKIPPED_AT_ONCE = 1 << 20


def block_count(size: int, block_bytes: int = BLOCK_BYTES) -> int:
    """How many blocks a file of this many bytes has."""
    return -(-size // block_bytes)


def blocks_of(
    file: Path, first: int, step: int, *, block_bytes: int, line_bytes_max: int
) -> Iterator[list[bytes]]:
    """Lines of the ``first`` block and of every ``step`` after it, without their ends.

    Of a line that is longer than ``line_bytes_max`` only so much comes that it can be told.
    """
    with file.open("rb") as opened:
        for block in range(first, block_count(file.stat().st_size, block_bytes), step):
            start = block * block_bytes
            yield _lines(opened, start, start + block_bytes, line_bytes_max)


def _lines(file: BinaryIO, start: int, end: int, longest: int) -> list[bytes]:
    """The lines that begin from ``start`` on and before ``end``."""
    file.seek(max(start - 1, 0))
    if start:
        _to_line_end(file)
    left = end - file.tell()
    if left <= 0:
        return []
    text = file.read(left)
    if text and not text.endswith(b"\n"):
        last = text[text.rfind(b"\n") + 1 :]
        text += file.readline(max(longest + 1 - len(last), 1))
    lines = [line[: longest + 1] for line in text.split(b"\n")]
    return lines if lines[-1] else lines[:-1]


def _to_line_end(file: BinaryIO) -> None:
    """Read to where the next line begins, or to the end of the file."""
    while piece := file.readline(SKIPPED_AT_ONCE):
        if piece.endswith(b"\n"):
            return
