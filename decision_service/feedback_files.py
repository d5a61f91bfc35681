"""Feedback rows as Parquet files: one per model, the same rows the same bytes.

A model's features become columns of their own: ``stated_`` as the applicant gave them, ``scored_``
as the model was given them, ``contribution_`` with each one's push. Their types come from the data
contract of the version that scored the row. Rows wait in a file while the columns are not all
known, so that memory does not grow with the set.
"""

import json
from collections.abc import Callable, Iterable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from hashlib import sha256
from itertools import islice
from pathlib import Path
from tempfile import TemporaryFile
from typing import IO, Any

from overrides.canonical import canonical
from overrides.feedback import FeedbackRow, WrittenFile
from overrides.feedback_rows import COLUMNS
from overrides.instants import parse_instant

MANIFEST = "manifest.json"
ROWS = "*.parquet"
ROW_GROUP_ROWS = 20_000
EMPTY_NAME = "feedback"
COMPRESSION = "zstd"
STATED, SCORED, CONTRIBUTION = "stated", "scored", "contribution"
TEXT, NUMBER, FLAG = "text", "number", "flag"

Kinds = Callable[[str, str | None], Mapping[str, str]]
"""Of a model and the hash of its version: its own columns with their kinds, in order."""

INSTANTS = frozenset({"observed_at", "closed_at", "label_matures_at"})
NUMBERS = frozenset(
    {"pd_at_decision", "raw_score", "p_routed", "p_assigned", "p_random_accept", "p_approve_est"}
)
WHOLES = frozenset({"attempt", "override_flag", "amount_minor", "ledger_seq"})
FLAGS = frozenset(
    {"audit_sample", "random_accept", "reasons_reliable", "cohort_closed", "simulated"}
)
LISTS = frozenset({"routing", "knockouts", "principal_reasons"})
STRUCTURES: Mapping[str, tuple[tuple[str, str], ...]] = {
    "observations": (
        ("kind", "text"),
        ("value", "text"),
        ("observed_at", "instant"),
        ("months_on_book", "whole"),
    ),
    "acts": (
        ("kind", "text"),
        ("at", "instant"),
        ("person_pseudonym", "text"),
        ("role", "text"),
        ("decision", "text"),
        ("justification_code", "text"),
        ("verdict", "text"),
        ("reasons", "texts"),
        ("dwell_ms", "whole"),
        ("ledger_seq", "whole"),
    ),
}


@dataclass(slots=True)
class _Waiting:
    """Rows of one model until all of its columns are known."""

    file: IO[bytes]
    columns: dict[str, str] = field(default_factory=dict)  # feature columns with their kinds
    seen: set[str | None] = field(default_factory=set)  # versions whose columns are there
    rows: int = 0


def manifest_sha256(folder: Path) -> str:
    """The SHA-256 of a set's manifest, in hex; "" where there is none."""
    path = folder / MANIFEST
    return sha256(path.read_bytes()).hexdigest() if path.is_file() else ""


class ParquetRows:
    """Writes feedback rows into a folder, a file for each model."""

    def __init__(self, folder: Path, kinds: Kinds) -> None:
        self._folder = folder
        self._kinds = kinds

    @property
    def version(self) -> str:
        """The format and the library with its version."""
        import pyarrow as pa

        return f"parquet/1 pyarrow/{pa.__version__}"

    def write(self, rows: Iterable[FeedbackRow]) -> tuple[WrittenFile, ...]:
        """Write every row; an empty file when there is none."""
        waiting: dict[str, _Waiting] = {}
        with ExitStack() as files:
            for row in rows:
                if row.bundle not in waiting:
                    waiting[row.bundle] = _Waiting(files.enter_context(TemporaryFile()))
                self._wait(waiting[row.bundle], row)
            if not waiting:
                waiting[EMPTY_NAME] = _Waiting(files.enter_context(TemporaryFile()))
            return tuple(self._file(name, waiting[name]) for name in sorted(waiting))

    def _wait(self, waiting: _Waiting, row: FeedbackRow) -> None:
        """Keep a row, and note the columns its features need."""
        if row.model_sha256 not in waiting.seen:
            waiting.seen.add(row.model_sha256)
            for column, kind in self._kinds(row.bundle, row.model_sha256).items():
                waiting.columns.setdefault(column, kind)
        waiting.file.write(canonical(row.as_json()) + b"\n")
        waiting.rows += 1

    def _file(self, name: str, waiting: _Waiting) -> WrittenFile:
        """Write one model's file."""
        from pyarrow import Table, parquet

        path = self._folder / f"{name}.parquet"
        schema = _schema(waiting.columns)
        waiting.file.seek(0)
        with parquet.ParquetWriter(path, schema, compression=COMPRESSION) as writer:
            lines = iter(waiting.file)
            while block := list(islice(lines, ROW_GROUP_ROWS)):
                flat = [_flat(json.loads(line), waiting.columns) for line in block]
                writer.write_table(Table.from_pylist(flat, schema=schema))
        content = path.read_bytes()
        return WrittenFile(path.name, sha256(content).hexdigest(), len(content), waiting.rows)


def _schema(features: Mapping[str, str]) -> Any:
    """The columns of a file: those every row has, then the model's own."""
    import pyarrow as pa

    return pa.schema(
        [(column, _column_type(column)) for column in COLUMNS]
        + [(column, _part(kind)) for column, kind in features.items()]
    )


def _column_type(column: str) -> Any:
    """The type of a column that every row has."""
    import pyarrow as pa

    if column in STRUCTURES:
        return pa.list_(pa.struct([(name, _part(kind)) for name, kind in STRUCTURES[column]]))
    kinds = (
        (INSTANTS, "instant"),
        (NUMBERS, "number"),
        (WHOLES, "whole"),
        (FLAGS, "flag"),
        (LISTS, "texts"),
    )
    return _part(next((kind for columns, kind in kinds if column in columns), "text"))


def _part(kind: str) -> Any:
    """The Arrow type of a kind of value."""
    import pyarrow as pa

    return {
        "text": pa.string(),
        "texts": pa.list_(pa.string()),
        "whole": pa.int64(),
        "number": pa.float64(),
        "flag": pa.bool_(),
        "instant": pa.timestamp("us", tz="UTC"),
    }[kind]


def _flat(row: dict[str, Any], features: Mapping[str, str]) -> dict[str, Any]:
    """A row as its columns hold it."""
    given = row.pop("features") or {}
    flat = {column: _value(column, row[column]) for column in COLUMNS}
    flat |= {
        f"{part}_{name}": _feature(features[f"{part}_{name}"], value)
        for part in (STATED, SCORED, CONTRIBUTION)
        for name, value in (given.get(part) or {}).items()
        if f"{part}_{name}" in features
    }
    return flat


def _value(column: str, value: Any) -> Any:
    """One value of a column that every row has."""
    if value is None:
        return None
    if column in INSTANTS:
        return parse_instant(value)
    if column in NUMBERS:
        return float(value)
    if column == "observations":
        return [{**seen, "observed_at": parse_instant(seen["observed_at"])} for seen in value]
    if column == "acts":
        return [{**act, "at": parse_instant(act["at"])} for act in value]
    return value


def _feature(kind: str, value: str | None) -> Any:
    """A recorded feature by its kind."""
    if value is None or kind == TEXT:
        return value
    return bool(float(value)) if kind == FLAG else float(value)
