"""Feedback rows as files: Parquet or CSV, a model's rows in one file or in parts of a size.

A model's features become columns of their own: ``stated_`` as the applicant gave them, ``scored_``
as the model was given them, ``contribution_`` with each one's push. Their types come from the data
contract of the version that scored the row. Rows wait in a file while the columns are not all
known, so that memory does not grow with the set. The same rows give the same bytes.
"""

import csv
import json
from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from hashlib import sha256
from itertools import chain, islice
from pathlib import Path
from tempfile import TemporaryFile
from typing import IO, Any, Literal

import msgspec

from decision_service.feedback_features import Kinds
from decision_service.feedback_tables import KeptTables, packed_table
from overrides.feedback import WrittenFile
from overrides.feedback_blocks import PackedRows, RowBlock
from overrides.feedback_columns import ROW_COLUMNS, Column

MANIFEST = "manifest.json"
ROWS = ("*.parquet", "*.csv")  # files that have rows
PART_ROWS_MAX = 500_000
EMPTY_NAME = "feedback"
BLOCK_BYTES = 1 << 20

FileFormat = Literal["parquet", "csv"]


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


@dataclass(frozen=True, slots=True)
class Packing:
    """Makes bytes of rows as they wait for their file: Arrow, or lines in their exact form."""

    kinds: Kinds
    form: FileFormat = "parquet"

    def __call__(self, block: RowBlock) -> list[PackedRows]:
        """The rows of each bundle."""
        return [self._packed(name, own) for name, own in block.of_each_bundle()]

    def _packed(self, bundle: str, block: RowBlock) -> PackedRows:
        """The rows of one bundle."""
        models = tuple(dict.fromkeys(row.model_sha256 for row in block.rows))
        if self.form == "csv":
            content = b"".join(exact + b"\n" for exact in block.exact)
        else:
            own = {c.name: c for model in reversed(models) for c in self.kinds(bundle, model)}
            content = packed_table((*ROW_COLUMNS, *own.values()), block)
        return PackedRows(bundle, models, len(block.rows), content)


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

    def write(self, packed: Iterable[PackedRows]) -> tuple[WrittenFile, ...]:
        """Write every row; an empty file when there is none."""
        waiting: dict[str, _Waiting] = {}
        with ExitStack() as files:
            for rows in packed:
                if rows.bundle not in waiting:
                    waiting[rows.bundle] = _Waiting(files.enter_context(TemporaryFile()))
                self._wait(waiting[rows.bundle], rows)
            if not waiting:
                waiting[EMPTY_NAME] = _Waiting(files.enter_context(TemporaryFile()))
            return tuple(
                file for name in sorted(waiting) for file in self._parts(name, waiting[name])
            )

    def _wait(self, waiting: _Waiting, rows: PackedRows) -> None:
        """Keep rows, and note the columns their features need."""
        for model in rows.models:
            if model not in waiting.seen:
                waiting.seen.add(model)
                for column in self._kinds(rows.bundle, model):
                    waiting.columns.setdefault(column.name, column)
        waiting.file.write(rows.content)
        waiting.rows += rows.rows

    def _parts(self, name: str, waiting: _Waiting) -> Iterator[WrittenFile]:
        """Write one model's file, or its parts."""
        columns = self.columns[name] = waiting.all_columns()
        waiting.file.seek(0)
        tables = KeptTables(waiting.file, columns)
        count = -(-waiting.rows // self._part_rows) or 1
        for number in range(count):
            part = f"-{number + 1:05d}" if count > 1 else ""
            path = self._folder / f"{name}{part}.{self._form}"
            if self._form == "csv":
                _write_csv(path, columns, islice(waiting.file, self._part_rows))
            else:
                tables.write(path, self._part_rows)
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
