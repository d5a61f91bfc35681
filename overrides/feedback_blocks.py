"""Rows of a feedback set column by column, some at a time, with the exact form of each.

The exact form of a row is what ``feedback_columns`` says. Columns are made for many rows together:
what costs a little for every value of every row is done once for a block.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import chain
from operator import attrgetter
from typing import Any

import msgspec

from overrides.feedback_columns import NUMBER, ROW_COLUMNS, TEXTS, Column, exact_numbers
from overrides.feedback_rows import FeedbackRow, Own
from overrides.journal import Json

_encode_lines = msgspec.json.Encoder(order="deterministic").encode_lines
_NOTHING = Own((), ())
_VALUES = tuple((column, attrgetter(column.name)) for column in ROW_COLUMNS)


@dataclass(frozen=True, slots=True)
class RowBlock:
    """Rows in their order, their columns as they are written, and each row's exact form."""

    rows: Sequence[FeedbackRow]
    columns: Mapping[str, Sequence[Json]]  # by name; None where a row has nothing there
    exact: Sequence[bytes]

    def of_each_bundle(self) -> Iterator[tuple[str, "RowBlock"]]:
        """The same rows apart by bundle, each in order."""
        names = [row.bundle for row in self.rows]
        for name in dict.fromkeys(names):
            if names.count(name) == len(names):
                yield name, self
                continue
            here = [place for place, own in enumerate(names) if own == name]
            columns = {of: _some(values, here) for of, values in self.columns.items()}
            yield name, RowBlock(_some(self.rows, here), columns, _some(self.exact, here))


@dataclass(frozen=True, slots=True)
class PackedRows:
    """Rows of one bundle as bytes that their file is made of, and the versions that scored them."""

    bundle: str
    models: tuple[str | None, ...]  # hashes, in the order in which they come first
    rows: int
    content: bytes


def block_of(rows: Sequence[FeedbackRow]) -> RowBlock:
    """The columns and exact forms of some rows, of which every one can be read."""
    columns = {column.name: _written(column, map(value, rows)) for column, value in _VALUES}
    columns |= _own_columns([row.features or _NOTHING for row in rows])
    return RowBlock(rows, columns, exact_lines(columns))


def _own_columns(rows: Sequence[Own]) -> dict[str, Sequence[Json]]:
    """The models' own columns of some rows, most often all of one version."""
    names = rows[0].names if rows else ()
    if all(row.names is names for row in rows):
        values = zip(*(row.values for row in rows), strict=True)
        return {name: _told(column) for name, column in zip(names, values, strict=True)}
    features = [dict(zip(row.names, row.values, strict=True)) for row in rows]
    every = dict.fromkeys(chain.from_iterable(features))
    return {name: _told([own.get(name) for own in features]) for name in every}


def exact_lines(columns: Mapping[str, Sequence[Json]]) -> list[bytes]:
    """The exact form of each row of some columns, where None and empty text say nothing."""
    names = tuple(sorted(columns))
    values = (_told(columns[name]) for name in names)
    return _encode_lines(map(_form(names), *values)).splitlines()


@lru_cache(maxsize=64)
def _form(names: tuple[str, ...]) -> Any:
    """A type whose encoding has these members in this order, without those that are empty."""
    places = [f"c{place}" for place in range(len(names))]
    return msgspec.defstruct(
        "Row",
        [(place, Any, None) for place in places],
        rename=dict(zip(places, names, strict=True)),
        omit_defaults=True,
        gc=False,
    )


def _written(column: Column, values: Iterable[Any]) -> Sequence[Json]:
    """The values of a column every row has, as they are written."""
    if column.kind == NUMBER:
        return exact_numbers(list(values))
    if column.kind == TEXTS:
        return list(map(list, values))
    return _told(list(values))


def _told(values: Sequence[Json]) -> Sequence[Json]:
    """Values of a column; text that is empty says nothing."""
    return [None if value == "" else value for value in values] if "" in values else values


def _some(values: Sequence[Any], places: Sequence[int]) -> list[Any]:
    """The values at these places."""
    return [values[place] for place in places]
