"""How scikit-learn's transformers change columns, where each column stays one field's own.

A transformer that mixes fields, or one that is not read here, is refused by name.
"""

# ruff: noqa: SLF001 # ColumnTransformer tells which columns it took in no other way

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ..values import Scalar
from .column_rules import (
    NO_COLUMN,
    Binned,
    Column,
    Filled,
    Found,
    Is,
    Scaled,
    StepError,
    Stretched,
)

Columns = list[Column]

BLACK_BOX_CURE = "let sampled_interventional explain the model as a black box"


class UnreadableStepError(ValueError):
    """A step of a pipeline that cannot be told field by field, by its name and class, and why."""

    def __init__(self, name: str, kind: str, why: str) -> None:
        super().__init__(f"step {name} ({kind}): {why}")


@dataclass(slots=True)
class Transformers:
    """Reads fitted transformers, and remembers how each field's gaps are spelled to them.

    ``gaps`` has None or NaN by field, as the first that has a word for gaps wants it.
    """

    gaps: dict[str, float | None] = field(default_factory=dict)

    def through(self, step: Any, name: str, columns: Columns) -> Columns:
        """The columns that come out of a transformer; StepError names one that cannot be read."""
        kind = type(step).__name__
        if step is None or step == "passthrough":
            return columns
        if step == "drop":
            return []
        read = _READERS.get(kind)
        if read is None:
            known = ", ".join(sorted(_READERS))
            msg = f"it mixes fields or is not known: use {known}, or {BLACK_BOX_CURE}"
            raise UnreadableStepError(name, kind, msg)
        try:
            return read(self, step, columns)
        except UnreadableStepError:
            raise
        except StepError as refused:
            raise UnreadableStepError(name, kind, str(refused)) from None

    def _spelled(self, column: Column, gap: float | None) -> None:
        """The first that asks for a field's gaps says how they are spelled."""
        self.gaps.setdefault(column.field, gap)

    def pipeline(self, pipeline: Any, columns: Columns) -> Columns:
        """One transformer after another."""
        for name, step in pipeline.steps:
            columns = self.through(step, name, columns)
        return columns

    def by_column(self, table: Any, columns: Columns) -> Columns:
        """Each transformer on its own columns, their outputs side by side."""
        taken: list[Column] = []
        for name, step, _ in table.transformers_:
            mine = [columns[place] for place in table._transformer_to_input_indices[name]]
            taken += self.through(step, name, mine) if mine else []
        return taken

    def imputer(self, step: Any, columns: Columns) -> Columns:
        """Gaps filled; columns of gaps alone are left out, columns that tell of gaps follow."""
        told = step.missing_values
        if told is not None and not _is_nan(told):
            msg = f"missing_values must be NaN or None, not {told!r}"
            raise StepError(msg)
        filled = []
        for column, fill in zip(columns, _plain(step.statistics_), strict=True):
            self._spelled(column, told)
            if fill is not None:
                filled.append(column.then(Filled(fill)))
        if step.indicator_ is None:
            return filled
        seen = [columns[place] for place in step.indicator_.features_]
        found = Found({None: 1.0}, 0.0)
        return filled + [column.among(found, (0.0, 1.0)) for column in seen]

    def one_hot(self, step: Any, columns: Columns) -> Columns:
        """A column for each level that is kept, all infrequent ones sharing the last."""
        spread: Columns = []
        for place, column in enumerate(columns):
            levels = self._levels(step, place, column)
            answers, shared = _codes(levels, _infrequent(step, place))
            width = 1 + int(max(answers.values()))
            dropped = None if step.drop_idx_ is None else step.drop_idx_[place]
            gone = NO_COLUMN if dropped is None else answers[levels[dropped]]
            other = NO_COLUMN
            if step.handle_unknown in ("infrequent_if_exist", "warn") and shared is not None:
                other = shared
            found = Found(answers, None if step.handle_unknown == "error" else other)
            codes = column.among(found, [NO_COLUMN, *(float(code) for code in range(width))])
            spread += [codes.then(Is(float(code))) for code in range(width) if code != gone]
        return spread

    def ordinal(self, step: Any, columns: Columns) -> Columns:
        """The number of each level; a gap that was met has a number of its own, or stays one."""
        coded = []
        for place, column in enumerate(columns):
            levels = self._levels(step, place, column)
            met = [level for level in levels if level is not None]
            answers: dict[Scalar, Scalar] = {**_codes(met, _infrequent(step, place))[0]}
            if None in levels:
                (answers[None],) = _plain([step.encoded_missing_value])
            other = None
            if step.handle_unknown != "error":
                other = float(step.unknown_value)
                if math.isnan(other):
                    msg = "unknown_value must be a number"
                    raise StepError(msg)
            outcomes = {*answers.values(), *([] if other is None else [other])}
            coded.append(column.among(Found(answers, other), outcomes))
        return coded

    def _levels(self, step: Any, place: int, column: Column) -> list[Scalar]:
        """The levels an encoder met in one of its columns, in its order."""
        levels = _plain(step.categories_[place])
        if None in levels:
            spelled = list(step.categories_[place])[levels.index(None)]
            self._spelled(column, None if spelled is None else math.nan)
        return levels

    def bins(self, step: Any, columns: Columns) -> Columns:
        """The number of each value's bin, or a column for each bin."""
        spread: Columns = []
        for place, column in enumerate(columns):
            bounds = tuple(float(bound) for bound in step.bin_edges_[place][1:-1])
            codes = [float(code) for code in range(len(bounds) + 1)]
            binned = column.among(Binned(bounds), codes)
            one_hot = step.encode != "ordinal"
            spread += [binned.then(Is(code)) for code in codes] if one_hot else [binned]
        return spread

    def standard(self, step: Any, columns: Columns) -> Columns:
        """Less the mean, by the standard deviation."""
        return _scaled(columns, step.mean_ if step.with_mean else None, step.scale_)

    def robust(self, step: Any, columns: Columns) -> Columns:
        """Less the median, by the distance of quantiles."""
        return _scaled(columns, step.center_, step.scale_)

    def biggest(self, step: Any, columns: Columns) -> Columns:
        """By the largest value."""
        scaled = _scaled(columns, None, step.scale_)
        held = Stretched(1.0, 0.0, -1.0, 1.0)
        return [one.then(held) for one in scaled] if getattr(step, "clip", False) else scaled

    def ranged(self, step: Any, columns: Columns) -> Columns:
        """Between two numbers."""
        low, high = step.feature_range if step.clip else (-math.inf, math.inf)
        told = zip(columns, step.scale_, step.min_, strict=True)
        return [
            column.then(Stretched(float(factor), float(offset), float(low), float(high)))
            for column, factor, offset in told
        ]

    def unchanged(self, step: Any, columns: Columns) -> Columns:
        """As they came; a function of somebody's own is code, and refused."""
        if step.func is not None:
            msg = "a function is code: have the sender work its result out and name it as a field"
            raise StepError(msg)
        return columns


_READERS: Mapping[str, Callable[[Transformers, Any, Columns], Columns]] = {
    "ColumnTransformer": Transformers.by_column,
    "FunctionTransformer": Transformers.unchanged,
    "KBinsDiscretizer": Transformers.bins,
    "MaxAbsScaler": Transformers.biggest,
    "MinMaxScaler": Transformers.ranged,
    "OneHotEncoder": Transformers.one_hot,
    "OrdinalEncoder": Transformers.ordinal,
    "Pipeline": Transformers.pipeline,
    "RobustScaler": Transformers.robust,
    "SimpleImputer": Transformers.imputer,
    "StandardScaler": Transformers.standard,
}


def _infrequent(step: Any, place: int) -> list[Scalar]:
    """The levels of a column that share one code, as too few rows had them."""
    rare = getattr(step, "infrequent_categories_", None)
    return [] if rare is None or rare[place] is None else _plain(rare[place])


def _codes(
    levels: Sequence[Scalar], infrequent: Sequence[Scalar]
) -> tuple[dict[Scalar, float], float | None]:
    """The code of each level, and the one that infrequent levels share."""
    kept = [level for level in levels if level not in infrequent]
    codes = {level: float(code) for code, level in enumerate(kept)}
    shared = float(len(kept)) if infrequent else None
    return codes | dict.fromkeys(infrequent, float(len(kept))), shared


def _scaled(columns: Columns, centres: Any, sizes: Any) -> Columns:
    """Each column less its centre, by its size; either may be left out."""
    count = len(columns)
    centred = [0.0] * count if centres is None else _plain(centres)
    sized = [1.0] * count if sizes is None else _plain(sizes)
    return [
        column.then(Scaled(float(centre), float(size)))
        for column, centre, size in zip(columns, centred, sized, strict=True)
    ]


def _is_nan(value: Any) -> bool:
    """Whether a value is the float that is no number."""
    return isinstance(value, float) and math.isnan(value)


def _plain(values: Any) -> list[Any]:
    """Numpy's values as Python's own: numbers as floats, gaps as None."""
    told = values.tolist() if hasattr(values, "tolist") else list(values)
    numbers = [float(value) if isinstance(value, int | float) else value for value in told]
    return [None if _is_nan(value) else value for value in numbers]
