"""Feedback rows as files: Parquet or CSV, a model's rows in one file or in parts of a size.

A model's features become columns of their own: ``stated_`` as the applicant gave them, ``scored_``
as the model was given them, ``contribution_`` with each one's push. Their types come from the data
contract of the version that scored the row. Rows wait in a file while the columns are not all
known, so that memory does not grow with the set. The same rows give the same bytes.
"""

import csv
import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from hashlib import sha256
from itertools import chain, islice
from pathlib import Path
from tempfile import TemporaryFile
from typing import IO, Any, Literal

import msgspec

from overrides.feedback import FeedbackRow, WrittenFile
from overrides.feedback_columns import (
    FLAG,
    INSTANT,
    NUMBER,
    ROW_COLUMNS,
    STRUCTURES,
    TEXT,
    TEXTS,
    WHOLE,
    Column,
)
from overrides.instants import parse_instant

MANIFEST = "manifest.json"
ROWS = ("*.parquet", "*.csv")  # files that have rows
ROW_GROUP_ROWS = 20_000
PART_ROWS_MAX = 500_000
EMPTY_NAME = "feedback"
COMPRESSION = "zstd"
BLOCK_BYTES = 1 << 20

FileFormat = Literal["parquet", "csv"]
Kinds = Callable[[str, str | None], Sequence[Column]]
"""Of a model and the hash of its version: its own columns, in order."""


@dataclass(slots=True)
class _Waiting:
    """Rows of one model until all of its columns are known."""

    file: IO[bytes]
    columns: dict[str, Column] = field(default_factory=dict)  # the model's own
    seen: set[str | None] = field(default_factory=set)  # versions whose columns are there
    rows: int = 0

    def all_columns(self) -> tuple[Column, ...]:
        """Columns of the file: those every row has, then the model's own."""
        return (*ROW_COLUMNS, *self.columns.values())


def manifest_sha256(folder: Path) -> str:
    """The SHA-256 of a set's manifest, in hex; "" where there is none."""
    path = folder / MANIFEST
    return sha256(path.read_bytes()).hexdigest() if path.is_file() else ""


def row_files(folder: Path) -> list[Path]:
    """Files with rows in a folder and those below it, in order."""
    return sorted(chain.from_iterable(folder.rglob(pattern) for pattern in ROWS))


class FileRows:
    """Writes feedback rows into a folder: a file for each model, or numbered parts of it."""

    def __init__(
        self,
        folder: Path,
        kinds: Kinds,
        form: FileFormat = "parquet",
        *,
        part_rows: int = PART_ROWS_MAX,
    ) -> None:
        self._folder = folder
        self._kinds = kinds
        self._form = form
        self._part_rows = part_rows
        self.columns: dict[str, tuple[Column, ...]] = {}  # by model, once written

    @property
    def version(self) -> str:
        """The format and the library with its version."""
        if self._form == "csv":
            return "csv/1 RFC 4180"
        import pyarrow as pa

        return f"parquet/2 pyarrow/{pa.__version__}"

    def write(self, rows: Iterable[tuple[FeedbackRow, bytes]]) -> tuple[WrittenFile, ...]:
        """Write every row; an empty file when there is none."""
        waiting: dict[str, _Waiting] = {}
        with ExitStack() as files:
            for row, exact in rows:
                if row.bundle not in waiting:
                    waiting[row.bundle] = _Waiting(files.enter_context(TemporaryFile()))
                self._wait(waiting[row.bundle], row, exact)
            if not waiting:
                waiting[EMPTY_NAME] = _Waiting(files.enter_context(TemporaryFile()))
            return tuple(
                file for name in sorted(waiting) for file in self._parts(name, waiting[name])
            )

    def _wait(self, waiting: _Waiting, row: FeedbackRow, exact: bytes) -> None:
        """Keep a row, and note the columns its features need."""
        if row.model_sha256 not in waiting.seen:
            waiting.seen.add(row.model_sha256)
            for column in self._kinds(row.bundle, row.model_sha256):
                waiting.columns.setdefault(column.name, column)
        waiting.file.write(exact + b"\n")
        waiting.rows += 1

    def _parts(self, name: str, waiting: _Waiting) -> Iterator[WrittenFile]:
        """Write one model's file, or its parts."""
        columns = self.columns[name] = waiting.all_columns()
        waiting.file.seek(0)
        lines = iter(waiting.file)
        count = -(-waiting.rows // self._part_rows) or 1
        for number in range(count):
            part = f"-{number + 1:05d}" if count > 1 else ""
            path = self._folder / f"{name}{part}.{self._form}"
            write = _write_csv if self._form == "csv" else _write_parquet
            write(path, columns, islice(lines, self._part_rows))
            rows = min(self._part_rows, waiting.rows - number * self._part_rows)
            kinds = {column.name: column.kind for column in columns}
            yield WrittenFile(path.name, sha256_of(path), path.stat().st_size, rows, kinds)


def sha256_of(path: Path) -> str:
    """SHA-256 of a file's bytes in hex."""
    digest = sha256()
    with path.open("rb") as file:
        while block := file.read(BLOCK_BYTES):
            digest.update(block)
    return digest.hexdigest()


def _write_csv(path: Path, columns: Sequence[Column], lines: Iterator[bytes]) -> None:
    """One file of comma-separated values (RFC 4180): lists are JSON, what is missing is empty."""
    names = [column.name for column in columns]
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(names)
        for line in lines:
            row = msgspec.json.decode(line)
            writer.writerow([_cell(row.get(name)) for name in names])


def _cell(value: Any) -> Any:
    """A value as a cell holds it."""
    if isinstance(value, list):
        return json.dumps(value, separators=(",", ":"), sort_keys=True, ensure_ascii=False)
    if isinstance(value, bool):
        return "true" if value else "false"
    return value


def _write_parquet(path: Path, columns: Sequence[Column], lines: Iterator[bytes]) -> None:
    """One Parquet file."""
    import pyarrow as pa
    from pyarrow import parquet

    schema = pa.schema([(column.name, arrow_type(column.kind)) for column in columns])
    with parquet.ParquetWriter(path, schema, compression=COMPRESSION) as writer:
        while block := list(islice(lines, ROW_GROUP_ROWS)):
            rows = msgspec.json.decode(b"[" + b",".join(block) + b"]")
            arrays = [_array(column, [row.get(column.name) for row in rows]) for column in columns]
            writer.write_table(pa.Table.from_arrays(arrays, schema=schema))


def arrow_type(kind: str) -> Any:
    """The Arrow type of a kind of value."""
    import pyarrow as pa

    if kind in STRUCTURES:
        return pa.list_(pa.struct([(name, arrow_type(part)) for name, part in STRUCTURES[kind]]))
    return {
        TEXT: pa.string(),
        TEXTS: pa.list_(pa.string()),
        WHOLE: pa.int64(),
        NUMBER: pa.float64(),
        FLAG: pa.bool_(),
        INSTANT: pa.timestamp("us", tz="UTC"),
    }[kind]


def _array(column: Column, values: Sequence[Any]) -> Any:
    """A column's values in Arrow; numbers and instants are text in a row's exact form."""
    import pyarrow as pa

    wanted = arrow_type(column.kind)
    if column.kind in (NUMBER, INSTANT):
        return pa.array(values, pa.string()).cast(wanted)
    if column.kind in STRUCTURES:
        instants = [name for name, part in STRUCTURES[column.kind] if part == INSTANT]
        values = [[_with_instants(one, instants) for one in held or ()] for held in values]
    return pa.array(values, wanted)


def _with_instants(held: Mapping[str, Any], names: Sequence[str]) -> dict[str, Any]:
    """A structure whose instants are instants."""
    return {**held, **{name: parse_instant(held[name]) for name in names}}
