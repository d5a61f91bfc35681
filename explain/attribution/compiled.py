"""How code is compiled with numba, and how all of it reads a row; import it only where numba is."""

import math
from collections.abc import Callable
from typing import Any

import numba

from . import numba_start  # noqa: F401 # before anything compiled is loaded
from .forest import CODE_MAX, NUMBER_MAX, ZERO_MAX
from .lanes import address, member, record

_OPTIONS: dict[str, Any] = {
    "nogil": True,
    "error_model": "numpy",
    # Reordering sums is welcome; the assumption that there are no NaNs is not: NaN means missing.
    "fastmath": {"contract", "reassoc", "nsz", "arcp"},
}
Compiler = Callable[[Callable[..., Any]], Any]
_cached: Compiler = numba.njit(cache=True, **_OPTIONS)
compiled: Compiler = numba.njit(**_OPTIONS)
inlined: Compiler = numba.njit(forceinline=True, **_OPTIONS)


def entry(function: Callable[..., Any]) -> Any:
    """Compile what Python calls, and keep it on disk.

    What is kept names the classes that it was compiled for. This package has another name in a
    notebook, where those of the application cannot be found, so what it keeps there is called
    otherwise.
    """
    function.__qualname__ = f"{(__package__ or '').removesuffix('explain')}{function.__qualname__}"
    return _cached(function)


@compiled
def read_row(arrays: Any, row: Any, readings: Any, step: int) -> None:
    """Read the features of a row in every way that is asked for, and note it a step apart."""
    columns = address(arrays.columns)
    for c in range(arrays.columns.size):
        column = record(columns, c)
        readings[c * step] = _reading(row[column.feature], column)


@inlined
def _reading(value: float, column: Any) -> Any:
    if column.is_code:
        return math.trunc(value) if -1.0 < value < CODE_MAX else column.gap
    if value != value or (column.zero_is_gap and abs(value) <= ZERO_MAX):  # noqa: PLR0124 # NaN
        return column.gap
    return min(value, NUMBER_MAX)


@inlined
def is_member(words: Any, choice: Any, reading: Any) -> Any:
    """1 if a code is in the set of this choice, else 0."""
    code = int(reading)
    word = code >> 6
    known = 0 <= word < choice.words
    bits = words[choice.first_word + (word if known else 0)] >> (code & 63)
    return int(bits) & known


@inlined
def are_members(words: Any, choice: Any, codes: Any) -> Any:
    """Mask of the lanes whose codes are in the set of this choice."""
    found = 0
    for word in range(choice.words):
        found |= int(member(codes - 64.0 * word, words[choice.first_word + word]))
    return found
