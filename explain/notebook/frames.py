"""Frames of pandas, Polars or Arrow, and matrices, as the fields of a contract and back."""

import math
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from ..bulk.batches import checked_rows, plain_column, plain_values
from ..declared.contract import Contract, Field
from ..errors import ContractBroken, NotExplainable
from ..values import Row
from .models import InMemory, level_name

FRAME = "the frame"
ROWS_SHOWN = 3


def table_of(frame: Any, names: Sequence[str] = ()) -> Any:
    """Any frame as an Arrow table; the columns of a matrix are called ``names``."""
    import pyarrow as pa

    if isinstance(frame, pa.Table):
        return frame
    if isinstance(frame, pa.RecordBatch):
        return pa.table(frame)
    if is_pandas(frame):
        return pa.Table.from_pandas(frame, preserve_index=False)
    if hasattr(frame, "__arrow_c_stream__"):
        return pa.table(frame)
    import numpy as np

    matrix = np.asarray(frame)
    if matrix.ndim != len(("rows", "columns")):
        known = (
            f"give a frame of pandas, Polars or Arrow, or a matrix, not a {type(frame).__name__}"
        )
        raise NotExplainable(FRAME, (known,))
    called = list(names) or [f"column_{place}" for place in range(matrix.shape[1])]
    if matrix.shape[1] != len(called):
        wrong = f"it has {matrix.shape[1]} columns, not {len(called)}"
        raise NotExplainable(FRAME, (wrong,))
    return pa.table([pa.array(matrix[:, place].tolist()) for place in range(len(called))], called)


def is_pandas(frame: Any) -> bool:
    """Whether this is a frame of pandas, which is not imported for the question."""
    return type(frame).__module__.partition(".")[0] == "pandas" and hasattr(frame, "columns")


def like(frame: Any, columns: Mapping[str, Any]) -> Any:
    """Columns as a frame of the same kind; one of pandas keeps its index."""
    if is_pandas(frame):
        import pandas as pd

        return pd.DataFrame(dict(columns), index=frame.index)
    if type(frame).__module__.partition(".")[0] == "polars":
        import polars as pl

        return pl.DataFrame(dict(columns))
    import pyarrow as pa

    return pa.table(dict(columns))


class Columns:
    """Which columns of a frame are the features of a model, and what they may hold.

    ``contract`` has them by the model's names and in its order; ``called`` is what frames call
    them.
    """

    def __init__(self, contract: Contract, called: Sequence[str]) -> None:
        self.contract = contract
        self.called = tuple(called)

    @classmethod
    def told_by(cls, frame: Any, model: InMemory) -> "Columns":
        """The columns of a frame that the model was trained on, or of one like it."""
        table = table_of(frame, model.names)
        called = _called(table.column_names, model)
        names = model.names or called
        if model.form == "lightgbm-text" and not model.names:
            names = [f"Column_{place}" for place in range(len(called))]
        kept = iter(model.levels or ())
        fields: list[Field] = []
        for name, column in zip(names, called, strict=True):
            values = table.column(column)
            levels = _levels(values)
            if levels and model.levels:
                levels = next(kept, levels)
            coded = levels or _codes(model, len(fields), values)
            gaps = model.gaps or any(value is None for value in plain_values(plain_column(values)))
            fields.append(
                Field(
                    name=name,
                    label=column,
                    type=_type(values, coded),
                    missing="allow" if gaps else "refuse",
                    levels={level: level for level in coded},
                )
            )
        return cls(Contract(fields), called)

    @classmethod
    def of(cls, contract: Contract) -> "Columns":
        """The features of a contract, called as it calls them."""
        scored = Contract(contract.features)
        return cls(scored, [field.name for field in scored.features])

    def rows(self, frame: Any) -> list[Row]:
        """The rows of a frame, checked; NotExplainable names rows and columns that cannot be."""
        table = table_of(frame, self.called)
        missing = [name for name in self.called if name not in table.column_names]
        if missing:
            raise NotExplainable(FRAME, tuple(f"it has no column {name}" for name in missing))
        table = table.select(list(self.called)).rename_columns([f.name for f in self._features()])
        for place, field in enumerate(self._features()):
            if field.levels:
                table = table.set_column(place, field.name, _named(table.column(place)))
        return list(self._checked(table))

    def _features(self) -> Sequence[Field]:
        return self.contract.features

    def _checked(self, table: Any) -> Iterator[Row]:
        """Each row, or NotExplainable with the first ones that are not fit."""
        problems = []
        for place, row in enumerate(checked_rows(table, self.contract)):
            if isinstance(row, ContractBroken):
                problems += [f"row {place}: {one}" for one in row.problems]
            else:
                yield row
            if len(problems) >= ROWS_SHOWN:
                break
        if problems:
            raise NotExplainable(FRAME, tuple(problems[:ROWS_SHOWN]))


def _called(names: Sequence[str], model: InMemory) -> list[str]:
    """The columns of the model as the frame calls them."""
    if not model.names:
        count = getattr(model.model, "n_features_in_", None)
        if count is not None and count != len(names):
            raise NotExplainable(FRAME, (f"it has {len(names)} columns, the model {count}",))
        return list(names)
    spelled = {re.sub(r"\s", "_", name): name for name in names}  # LightGBM has no spaces in names
    found = {name: name if name in names else spelled.get(name) for name in model.names}
    if missing := [name for name, column in found.items() if column is None]:
        raise NotExplainable(FRAME, tuple(f"it has no column {name}" for name in missing))
    return [column for column in found.values() if column is not None]


def _levels(values: Any) -> tuple[str, ...]:
    """The categories of a column, in its order; none where it holds numbers."""
    from pyarrow import types

    kind = values.type
    if types.is_dictionary(kind):
        chunks = values.unify_dictionaries().chunks
        return tuple(
            level_name(one) for one in (chunks[0].dictionary.to_pylist() if chunks else ())
        )
    if types.is_string(kind) or types.is_large_string(kind) or types.is_string_view(kind):
        met = {value for value in plain_values(plain_column(values)) if value is not None}
        return tuple(sorted(met))
    return ()


def _codes(model: InMemory, place: int, values: Any) -> tuple[str, ...]:
    """The codes of a column of numbers that the model takes for categories."""
    told = getattr(model.model, "is_categorical_", None)
    coded = told is not None and bool(told[place])
    if model.form == "xgboost-json":
        kinds = getattr(model.model, "get_booster", lambda: model.model)().feature_types
        coded = bool(kinds) and kinds[place] == "c"
    if not coded:
        return ()
    largest = max((v for v in plain_values(plain_column(values)) if v is not None), default=0)
    return tuple(str(code) for code in range(int(largest) + 1))


def _type(values: Any, levels: Sequence[str]) -> Any:
    """What a field of these values is; NotExplainable for what no model takes."""
    from pyarrow import types

    if levels:
        return "category"
    kind = values.type
    if types.is_boolean(kind):
        return "boolean"
    if types.is_integer(kind) or types.is_floating(kind) or types.is_decimal(kind):
        return "number"
    if types.is_null(kind):
        return "number"
    raise NotExplainable(FRAME, (f"a column of {kind} is neither numbers nor categories",))


def _named(values: Any) -> Any:
    """A column of categories by their names."""
    import pyarrow as pa

    told = plain_values(plain_column(values))
    names = [None if v is None or _is_nan(v) else level_name(v) for v in told]
    return pa.array(names, pa.string())


def _is_nan(value: Any) -> bool:
    return isinstance(value, float) and math.isnan(value)
