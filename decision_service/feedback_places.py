"""Which decisions a feedback set has rows of, read from its own files."""

import csv
from collections.abc import Sequence
from pathlib import Path

PLACE = "ledger_seq"


class UnreadableRows(Exception):
    """The rows of a file cannot be read, or do not say which decisions they are of."""


def places_in(path: Path) -> Sequence[int]:
    """Places in the ledger of the decisions in one file, row by row. Raises ``UnreadableRows``."""
    return _in_csv(path) if path.suffix == ".csv" else _in_parquet(path)


def _in_parquet(path: Path) -> Sequence[int]:
    """The places in a Parquet file."""
    from pyarrow import ArrowException, parquet, types

    with path.open("rb") as file:
        try:
            places = parquet.read_table(file, columns=[PLACE]).column(PLACE)
        except (ArrowException, OSError, KeyError) as broken:
            raise UnreadableRows from broken
    if places.null_count or not types.is_integer(places.type):
        raise UnreadableRows
    found: Sequence[int] = places.to_pylist()
    return found


def _in_csv(path: Path) -> Sequence[int]:
    """The places in a file of comma-separated values."""
    with path.open(encoding="utf-8", newline="") as file:
        try:
            return [int(row[PLACE]) for row in csv.DictReader(file, strict=True)]
        except (csv.Error, KeyError, TypeError, ValueError) as broken:
            raise UnreadableRows from broken
