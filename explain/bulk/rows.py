"""Files of rows read in portions of equal size, with never more than one portion in memory.

A row of a Parquet file is numbered from 1; one of a CSV file by the line it begins on, as an editor
counts them, so that the first under the heading is 2.
"""

import csv
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from ..declared.contract import Contract
from ..errors import NotExplainable
from .batches import APPLICATION_ID

PARQUET_MAGIC = b"PAR1"
READ_ROWS = 4_096


@dataclass(frozen=True, slots=True)
class Unread:
    """A row that could not be read at all, and why."""

    number: int
    problem: str


@dataclass(frozen=True, slots=True)
class Portion:
    """Rows that follow each other: those that could be read as an Arrow table, and the others.

    ``numbers`` are of the rows of the table; ``records`` counts both kinds.
    """

    table: Any
    numbers: Sequence[int]
    unread: Sequence[Unread]

    @property
    def records(self) -> int:
        """How many rows it took from the file."""
        return len(self.numbers) + len(self.unread)


class RowsFile(Protocol):
    """A file of rows."""

    @property
    def names(self) -> tuple[str, ...]:
        """Its columns."""

    @property
    def total(self) -> int | None:
        """How many rows it has, where that is known before it is read."""

    def portions(self, contract: Contract, after: int, rows: int) -> Iterator[Portion]:
        """What the contract needs of its rows but the first ``after``, so many at a time."""


def open_rows(path: Path) -> RowsFile:
    """The file by its beginning: Parquet, else CSV; NotExplainable where it is neither."""
    with path.open("rb") as file:
        start = file.read(4_096)
    if not start:
        raise NotExplainable(str(path), ("it is empty: have it sent again",))
    if start.startswith(PARQUET_MAGIC):
        return ParquetRows(path)
    if b"\0" in start or start.lstrip().startswith((b"{", b"[")):
        raise NotExplainable(str(path), ("it is neither Parquet nor CSV: write it as one of them",))
    return CsvRows(path)


def _wanted(names: Sequence[str], contract: Contract) -> list[str]:
    """The columns that are read."""
    features = {field.name for field in contract.features}
    return [name for name in names if name in features or name == APPLICATION_ID]


class ParquetRows:
    """A Parquet file."""

    def __init__(self, path: Path) -> None:
        from pyarrow import ArrowInvalid, parquet

        self._path = path
        try:
            told = parquet.ParquetFile(path)
        except (ArrowInvalid, OSError) as broken:
            raise self._broken(broken, "it cannot be read as Parquet") from None
        with told as file:
            self.names: tuple[str, ...] = tuple(file.schema_arrow.names)
            self.total: int | None = file.metadata.num_rows
            self._groups = [
                file.metadata.row_group(place).num_rows for place in range(file.num_row_groups)
            ]

    def portions(self, contract: Contract, after: int, rows: int) -> Iterator[Portion]:
        """Rows from the row group on in which the first that is wanted lies."""
        import pyarrow as pa
        from pyarrow import ArrowInvalid, parquet

        first, skipped = 0, after
        while first < len(self._groups) and skipped >= self._groups[first]:
            skipped -= self._groups[first]
            first += 1
        groups = list(range(first, len(self._groups)))
        held, number = None, after + 1
        try:
            with parquet.ParquetFile(self._path) as file:
                for batch in file.iter_batches(
                    min(READ_ROWS, rows), groups, columns=_wanted(self.names, contract)
                ):
                    more = batch.slice(min(skipped, batch.num_rows))
                    skipped -= batch.num_rows - more.num_rows
                    table = pa.Table.from_batches([more])
                    held = pa.concat_tables([held, table]) if held else table
                    while held.num_rows >= rows:
                        yield _numbered(held.slice(0, rows), number)
                        held, number = held.slice(rows), number + rows
        except (ArrowInvalid, OSError) as broken:
            raise self._broken(broken, f"it cannot be read after row {number - 1}") from None
        if held:
            yield _numbered(held, number)

    def _broken(self, broken: Exception, what: str) -> NotExplainable:
        """A damaged file, in the library's own words."""
        reason = " ".join(str(broken).split()).partition(". ")[0]
        return NotExplainable(str(self._path), (f"{what} ({reason}): have it sent again",))


def _numbered(table: Any, first: int) -> Portion:
    """Rows of a Parquet file, all of which can be read."""
    return Portion(table, range(first, first + table.num_rows), ())


class CsvRows:
    """A file of comma-separated values with a heading, in UTF-8."""

    total: int | None = None

    def __init__(self, path: Path) -> None:
        self._path = path
        with self._open() as file:
            try:
                heading = next(csv.reader(file, strict=True), [])
            except csv.Error as broken:
                problem = f"its heading cannot be read ({broken})"
                raise NotExplainable(str(path), (problem,)) from None
        if not all(map(_encodes, heading)):
            raise NotExplainable(str(path), ("its heading is not UTF-8: save it as UTF-8",))
        self.names = tuple(heading)

    def _open(self) -> Any:
        """The file as text; bytes that are no UTF-8 can be told from it."""
        return self._path.open(encoding="utf-8-sig", errors="surrogateescape", newline="")

    def portions(self, contract: Contract, after: int, rows: int) -> Iterator[Portion]:
        """Rows as columns of text; those before are read again, and passed over."""
        wanted = _wanted(self.names, contract)
        places = [self.names.index(name) for name in wanted]
        held: list[tuple[int, list[str] | str]] = []
        for place, record in enumerate(self._records()):
            if place >= after:
                held.append(record)
            if len(held) == rows:
                yield _portion(held, wanted, places)
                held = []
        if held:
            yield _portion(held, wanted, places)

    def _records(self) -> Iterator[tuple[int, list[str] | str]]:
        """Every row's number with its cells, or with what keeps it from being read."""
        with self._open() as file:
            rows = csv.reader(file, strict=True)
            next(rows)
            while True:
                number = rows.line_num + 1  # where the next row begins: one may be of several lines
                try:
                    cells = next(rows)
                except StopIteration:
                    return
                except csv.Error as broken:
                    yield number, f"The line cannot be read ({broken}): quote it as CSV is quoted."
                    continue
                if not cells:
                    continue
                if len(cells) != len(self.names):
                    wrong = f"{len(cells)} cells under a heading of {len(self.names)}"
                    yield number, f"The line has {wrong}: quote what has commas in it."
                elif not all(map(_encodes, cells)):
                    yield number, "The line is not UTF-8: save the file as UTF-8."
                else:
                    yield number, cells


def _portion(
    records: Sequence[tuple[int, list[str] | str]], names: Sequence[str], places: Sequence[int]
) -> Portion:
    """Records of a CSV file as a table, with those apart that could not be read."""
    import pyarrow as pa

    read = [(number, cells) for number, cells in records if isinstance(cells, list)]
    columns = [pa.array([cells[place] for _, cells in read], pa.string()) for place in places]
    return Portion(
        pa.Table.from_arrays(columns, list(names)),
        [number for number, _ in read],
        [Unread(number, told) for number, told in records if isinstance(told, str)],
    )


def _encodes(cell: str) -> bool:
    """Whether a cell was read without bytes that are no UTF-8."""
    try:
        cell.encode()
    except UnicodeEncodeError:
        return False
    return True
