"""Trees behind transformers, told in the contract's own fields.

A split on an encoded column is a question about one field: which of its levels, or whether its
number is small enough. Asked so, the field is one feature however many columns it was made into,
and its contribution is exact without adding up what belongs together.
"""

import math
import struct
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import cache, partial
from itertools import pairwise
from typing import Any, NamedTuple

from ..adapters import Encoder
from ..attribution.forest import NUMBER_MAX
from ..declared.contract import Contract, Field
from ..errors import BundleInvalid
from ..tree import Reading, Tree, UnsupportedForestError
from ..values import ADDITIVITY_TOLERANCE, LOG_ODDS, PROBABILITY, Row, Scalar, Scale
from .column_rules import Binned, Column, Filled, Found, Scaled, StepError, Stretched
from .linear_models import LINEAR_LOADERS, LINEAR_TYPES
from .sklearn_columns import BLACK_BOX_CURE, Transformers, UnreadableStepError
from .sklearn_rows import SklearnRows, field_problems
from .sklearn_trees import AVERAGED, TREE_LOADERS, TREE_TYPES, read_trees, tree_problems

GoesLeft = Callable[[Scalar], bool]

FARTHEST = 1e300
"""Between this and its negative are all numbers that are tried."""

PIPELINE_TYPES, PIPELINE_LOADERS = TREE_TYPES | LINEAR_TYPES, TREE_LOADERS | LINEAR_LOADERS


class SklearnTreePipeline:
    """A pipeline of scikit-learn whose transformers keep fields apart and whose end is of trees."""

    precision = ADDITIVITY_TOLERANCE

    def __init__(self, model: Any, contract: Contract, path: str) -> None:
        self._path = path
        self._model = model
        self._last = last = model.steps[-1][1]
        self._fields = {field.name: field for field in contract.features}
        self.encoder = Encoder(contract)
        self._columns, gaps = self._read(contract)
        self._codes = [_codes(column) for column in self._columns]
        problems = (*field_problems(model, contract), *tree_problems(last, self._codes))
        if problems:
            raise BundleInvalid(path, problems)
        self._rows = SklearnRows(model, contract, gaps)
        averaged = type(last).__name__ in AVERAGED
        self.scale: Scale = PROBABILITY if averaged else LOG_ODDS
        if averaged:
            last.n_jobs = 1  # more cost a request what they save a file

    def _read(self, contract: Contract) -> tuple[list[Column], Mapping[str, float | None]]:
        """The columns that the trees see; BundleInvalid where one cannot be told."""
        named = getattr(self._model, "feature_names_in_", None)
        names = [f.name for f in contract.features] if named is None else [str(n) for n in named]
        read = Transformers()
        columns = [Column.of(self._fields[name]) for name in names if name in self._fields]
        try:
            for name, step in self._model.steps[:-1]:
                columns = read.through(step, name, columns)
        except (StepError, UnreadableStepError) as refused:
            raise BundleInvalid(self._path, (str(refused),)) from None
        except (AttributeError, IndexError, KeyError, TypeError, ValueError) as odd:
            problem = f"the model is not fitted, or of another scikit-learn ({odd})"
            raise BundleInvalid(self._path, (problem,)) from None
        return columns, read.gaps

    @property
    def features(self) -> tuple[str, ...]:
        """Names of the features, in the contract's order."""
        return self.encoder.features

    def score(self, rows: Sequence[Row]) -> list[float]:
        """Raw scores by scikit-learn itself."""
        given = self._rows.of(rows)
        if self.scale == PROBABILITY:
            return list(self._model.predict_proba(given)[:, 1].tolist())
        return list(self._model.decision_function(given).tolist())

    def trees(self) -> tuple[Tree, ...]:
        """The trees, asking about fields; UnsupportedForestError where a split asks otherwise."""
        single = not hasattr(self._last, "_predictors")
        ask = cache(partial(self._asked, single=single))
        return tuple(self._told(tree, ask) for tree in read_trees(self._last, self._codes))

    def contributions(self, rows: Sequence[Row]) -> list[list[float]]:
        """BundleInvalid with what to do: no library tells them by field."""
        try:
            self.trees()
            cure = f"the kernel alone explains such a pipeline ({len(rows)} rows): install numba"
        except UnsupportedForestError as refused:
            cure = f"{refused}, or {BLACK_BOX_CURE}"
        raise BundleInvalid(self._path, (cure,))

    def _told(self, tree: Tree, ask: "Callable[[int, Reading, float, int], _Question]") -> Tree:
        """One tree, asking about fields."""
        places = {name: place for place, name in enumerate(self.encoder.features)}
        asked = [
            ask(*told)
            for told in zip(
                tree.features, tree.readings, tree.thresholds, tree.members, strict=True
            )
        ]
        left, right = list(tree.left), list(tree.right)
        for split, question in enumerate(asked):
            if question.turned:
                left[split], right[split] = right[split], left[split]
        return replace(
            tree,
            features=[places[self._columns[column].field] for column in tree.features],
            readings=[question.reading for question in asked],
            thresholds=[question.threshold for question in asked],
            members=[question.members for question in asked],
            left=left,
            right=right,
        )

    def _asked(
        self, place: int, reading: Reading, threshold: float, members: int, *, single: bool
    ) -> "_Question":
        """A split on a column as a question about its field."""
        column = self._columns[place]
        field = self._fields[column.field]

        def goes_left(value: Scalar) -> bool:
            """Where the split sends what stands in the column."""
            if isinstance(value, str):
                msg = f"{field.name} reaches the trees as text: encode it"
                raise UnsupportedForestError(msg)
            if reading.is_code:
                code = self._codes[place] if value is None else int(value)
                return bool(members >> code & 1)
            if value is None:
                return reading.gap < threshold
            return (_rounded(value) if single else value) <= threshold

        if field.levels:
            return _of_levels(field, column, goes_left)
        return _of_number(field, column, goes_left)


class _Question(NamedTuple):
    """What a split asks, and whether what was left is now right."""

    reading: Reading
    threshold: float
    members: int
    turned: bool = False


def _of_levels(field: Field, column: Column, goes_left: GoesLeft) -> _Question:
    """Which levels go left, with the gap as the code after the last."""
    told = [goes_left(column.value(level)) for level in field.levels]
    told.append(False if field.required else goes_left(column.value(None)))
    members = sum(went << code for code, went in enumerate(told))
    return _Question(Reading(float(len(field.levels)), is_code=True), 0.0, members)


def _of_number(field: Field, column: Column, goes_left: GoesLeft) -> _Question:
    """How small a number goes left; or right, and the question is ``turned``."""
    if not _in_order(column, goes_left):
        msg = f"{field.name} is a number made into columns of single values: keep it a number"
        raise UnsupportedForestError(msg)

    def sent(number: float) -> bool:
        """Where a number goes."""
        return goes_left(column.value(number))

    flag = field.type == "boolean"
    low, high = (0.0, 1.0) if flag else (-FARTHEST, FARTHEST)
    turned = not sent(low)
    threshold = NUMBER_MAX
    if sent(low) != sent(high):
        threshold = 0.5 if flag else _last_as(low, high, sent)
    gap_left = not field.required and goes_left(column.value(None))
    return _Question(Reading(-math.inf if gap_left != turned else math.inf), threshold, 0, turned)


def _in_order(column: Column, goes_left: GoesLeft) -> bool:
    """Whether larger numbers of a field never go back to where smaller ones went."""
    codes: list[float] = []
    for step in column.steps:
        match step:
            case Filled():
                pass
            case Scaled(size=factor) | Stretched(factor=factor):
                if factor <= 0:
                    return False
            case Binned(bounds=bounds):
                codes = [float(code) for code in range(len(bounds) + 1)]
            case Found(answers=answers):
                if set(answers) != {None}:
                    return False
            case _:
                return False
    if column.table is None:
        return True
    ways = [goes_left(column.table[code]) for code in codes]
    return sum(one != other for one, other in pairwise(ways)) <= 1


def _last_as(low: float, high: float, sent: Callable[[float], bool]) -> float:
    """The largest number that goes where the lowest goes, to the last bit."""
    below, above, first = _ordinal(low), _ordinal(high), sent(low)
    while above - below > 1:
        middle = (below + above) // 2
        if sent(_number(middle)) == first:
            below = middle
        else:
            above = middle
    return _number(below)


def _ordinal(number: float) -> int:
    """Numbers as whole numbers in the same order."""
    (bits,) = struct.unpack("<q", struct.pack("<d", number))
    return int(bits) if bits >= 0 else -int(bits & 0x7FFFFFFFFFFFFFFF)


def _number(ordinal: int) -> float:
    """The number at this place in their order."""
    (number,) = struct.unpack("<d", struct.pack("<q", abs(ordinal)))
    return math.copysign(number, ordinal) if ordinal else 0.0


def _rounded(value: float) -> float:
    """The number in single precision; beyond its range, infinite."""
    import numpy as np

    with np.errstate(over="ignore"):
        return float(np.float32(value))


def _codes(column: Column) -> int:
    """How many codes a column may hold; 0 where it holds other numbers."""
    values = [] if column.table is None else [v for v in column.table.values() if v is not None]
    whole = all(isinstance(v, float) and v >= 0 and v == int(v) for v in values)
    return 1 + int(max(map(float, values))) if values and whole else 0
