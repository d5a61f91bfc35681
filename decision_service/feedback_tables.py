"""Rows of a feedback set as Arrow tables: kept in a file until all columns are known, then Parquet.

What is written does not depend on how many rows were kept at a time: a row group is always a table
in one piece of so many rows.
"""

from collections.abc import Iterator, Sequence
from itertools import accumulate, chain
from pathlib import Path
from typing import IO, Any

from overrides.feedback_blocks import RowBlock
from overrides.feedback_columns import (
    FLAG,
    INSTANT,
    NUMBER,
    STRUCTURES,
    TEXT,
    TEXTS,
    WHOLE,
    Column,
)

ROW_GROUP_ROWS = 20_000
COMPRESSION = "zstd"


def packed_table(columns: Sequence[Column], block: RowBlock) -> bytes:
    """Rows as an Arrow stream."""
    import pyarrow as pa

    nothing = [None] * len(block.rows)
    arrays = [_array(column, block.columns.get(column.name, nothing)) for column in columns]
    table = pa.Table.from_arrays(arrays, schema=schema_of(columns))
    with pa.BufferOutputStream() as buffer:
        with pa.ipc.new_stream(buffer, table.schema) as stream:
            stream.write_table(table)
        content: bytes = buffer.getvalue().to_pybytes()
    return content


class KeptTables:
    """The rows kept in a file, written to one Parquet file after the other."""

    def __init__(self, file: IO[bytes], columns: Sequence[Column]) -> None:
        self._file = file
        self._columns = columns
        self._tables = self._kept()
        self._left: list[Any] = []  # tables, some of whose rows are written
        self._rows = 0  # of those

    def write(self, path: Path, rows: int) -> None:
        """Write a file of at most so many of the next rows."""
        from pyarrow import parquet

        schema = schema_of(self._columns)
        with parquet.ParquetWriter(path, schema, compression=COMPRESSION) as writer:
            while rows and (group := self._next(min(rows, ROW_GROUP_ROWS))) is not None:
                rows -= len(group)
                writer.write_table(group)

    def _next(self, rows: int) -> Any:
        """The next rows in one piece, at most so many; None where there are no more."""
        import pyarrow as pa

        while self._rows < rows and (table := next(self._tables, None)) is not None:
            self._left.append(table)
            self._rows += len(table)
        if not self._rows:
            return None
        together = pa.concat_tables(self._left)
        self._left = [together.slice(rows)]
        self._rows = len(self._left[0])
        return together.slice(0, rows).combine_chunks()

    def _kept(self) -> Iterator[Any]:
        """The tables as they were kept, each with all columns."""
        import pyarrow as pa

        schema, size = schema_of(self._columns), self._file.seek(0, 2)
        self._file.seek(0)
        while self._file.tell() < size:
            table = pa.ipc.open_stream(self._file).read_all()
            arrays = [
                table[name] if name in table.schema.names else pa.nulls(len(table), kind)
                for name, kind in zip(schema.names, schema.types, strict=True)
            ]
            yield pa.Table.from_arrays(arrays, schema=schema)


def schema_of(columns: Sequence[Column]) -> Any:
    """The Arrow schema of columns."""
    import pyarrow as pa

    return pa.schema([(column.name, arrow_type(column.kind)) for column in columns])


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
    """A column's values in Arrow; numbers and instants are text as they are written in a row."""
    import pyarrow as pa

    wanted = arrow_type(column.kind)
    if column.kind in (NUMBER, INSTANT):
        return pa.array(values, pa.string()).cast(wanted)
    if column.kind not in STRUCTURES:
        return pa.array(values, wanted)
    held = list(chain.from_iterable(one or () for one in values))
    parts = [
        _array(Column(name, kind, name), [one[name] for one in held])
        for name, kind in STRUCTURES[column.kind]
    ]
    ends = pa.array(accumulate((len(one or ()) for one in values), initial=0), pa.int32())
    return pa.ListArray.from_arrays(
        ends, pa.StructArray.from_arrays(parts, fields=list(wanted.value_type))
    )
