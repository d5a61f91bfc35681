"""Blocks of a file together are its lines, whoever reads which."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from decision_service.bulk.file_blocks import block_count, blocks_of

LONGEST = 12
LINES = st.lists(st.binary(max_size=30).map(lambda text: text.replace(b"\n", b"-")), max_size=20)


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("blocks") / "lines"


@given(lines=LINES, ended=st.booleans(), size=st.integers(1, 50), readers=st.integers(1, 4))
def test_every_line_is_read_once_and_in_order(
    *, file: Path, lines: list[bytes], ended: bool, size: int, readers: int
) -> None:
    text = b"\n".join(lines) + (b"\n" if ended and lines else b"")
    file.write_bytes(text)
    whole = text.split(b"\n")
    wanted = [line[: LONGEST + 1] for line in (whole if whole[-1] else whole[:-1])]
    blocks: dict[int, list[bytes]] = {}
    for first in range(readers):
        own = blocks_of(file, first, readers, block_bytes=size, line_bytes_max=LONGEST)
        blocks |= {first + place * readers: lines for place, lines in enumerate(own)}
    assert sorted(blocks) == list(range(block_count(len(text), size)))
    assert [line for place in sorted(blocks) for line in blocks[place]] == wanted
