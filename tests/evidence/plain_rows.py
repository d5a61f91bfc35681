"""Feedback rows as their definition says them, one value after the other, and written plainly."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import msgspec
import pytest

from decision_service.feedback_tables import COMPRESSION, ROW_GROUP_ROWS, schema_of
from overrides.feedback_columns import INSTANT, NUMBER, ROW_COLUMNS, STRUCTURES, Column
from overrides.feedback_rows import FeedbackRow
from overrides.instants import parse_instant


def exact_number(recorded: str | None) -> str | None:
    """A recorded decimal as the shortest text that reads back as the same float64."""
    return None if recorded is None else repr(float(recorded))


def flat(row: FeedbackRow) -> dict[str, Any]:
    """The columns every row has, and then the model's own."""
    values: dict[str, Any] = {}
    for column in ROW_COLUMNS:
        value = getattr(row, column.name)
        if column.kind == NUMBER:
            value = exact_number(value)
        values[column.name] = list(value) if isinstance(value, tuple) else value
    own = dict(zip(*row.features, strict=True)) if row.features else {}
    return {**values, **own}


def row_bytes(values: Mapping[str, Any]) -> bytes:
    """What a row says: its members in the order of their names, without what it does not say."""
    told = {name: value for name, value in values.items() if value is not None and value != ""}
    return msgspec.json.encode(told, order="deterministic")


def write_parquet(path: Path, columns: Sequence[Column], rows: Sequence[bytes]) -> None:
    """A file of rows in their exact form, read back value by value."""
    pyarrow = pytest.importorskip("pyarrow")
    parquet = pytest.importorskip("pyarrow.parquet")
    schema = schema_of(columns)
    with parquet.ParquetWriter(path, schema, compression=COMPRESSION) as writer:
        for start in range(0, len(rows), ROW_GROUP_ROWS):
            told = [msgspec.json.decode(row) for row in rows[start : start + ROW_GROUP_ROWS]]
            arrays = [
                pyarrow.array([_value(column, row.get(column.name)) for row in told], kind)
                for column, kind in zip(columns, schema.types, strict=True)
            ]
            writer.write_table(pyarrow.Table.from_arrays(arrays, schema=schema))


def _value(column: Column, told: Any) -> Any:
    """A value as Arrow takes it."""
    if column.kind in STRUCTURES:
        kinds = dict(STRUCTURES[column.kind])
        return [{n: _value(Column(n, kinds[n], n), v) for n, v in one.items()} for one in told]
    if told is None or column.kind not in (NUMBER, INSTANT):
        return told
    return float(told) if column.kind == NUMBER else parse_instant(told)
