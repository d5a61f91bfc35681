"""Rows as scikit-learn's models take them: by name where they were trained so, else by place."""

import math
from collections.abc import Mapping, Sequence
from typing import Any

from ..declared.contract import Contract
from ..values import Row


def field_problems(model: Any, contract: Contract) -> tuple[str, ...]:
    """What the features that a model was trained on and those of the contract deny each other."""
    features = [field.name for field in contract.features]
    named = getattr(model, "feature_names_in_", None)
    if named is not None:
        names = [str(name) for name in named]
        unknown = [
            f"the model needs {n}, which the contract lacks" for n in names if n not in features
        ]
        return (*unknown, *(f"{f} is no field of the model" for f in features if f not in names))
    count = int(getattr(model, "n_features_in_", len(features)))
    if count != len(features):
        return (f"the model has {count} features, the contract {len(features)}",)
    return ()


class SklearnRows:
    """Turns checked rows into the matrix or frame that a model was trained on.

    ``gaps`` says by field whether a gap is NaN, as it is where nothing is said, or None. With
    ``codes`` levels are numbers in the contract's order.
    """

    def __init__(
        self,
        model: Any,
        contract: Contract,
        gaps: Mapping[str, float | None],
        *,
        codes: bool = False,
    ) -> None:
        named = getattr(model, "feature_names_in_", None)
        self._by_name = named is not None
        features = {field.name: field for field in contract.features}
        self.names = tuple(features) if named is None else tuple(str(name) for name in named)
        self._gaps = {name: gaps.get(name, math.nan) for name in self.names}
        self._texts = {name: bool(features[name].levels) and not codes for name in self.names}
        self._codes = {
            name: {level: float(code) for code, level in enumerate(features[name].levels)}
            for name in self.names
            if codes and features[name].levels
        }

    def of(self, rows: Sequence[Row]) -> Any:
        """What the model is called with."""
        if self._by_name:
            import pandas as pd

            told = {name: self._column(name, rows) for name in self.names}
            # As they are: pandas would make texts its own, and None a NaN.
            return pd.DataFrame({n: pd.Series(c, dtype=c.dtype) for n, c in told.items()})
        import numpy as np

        columns = [self._column(name, rows) for name in self.names]
        kind = object if any(self._texts.values()) else np.float64
        return np.array(columns, dtype=kind).T

    def _column(self, name: str, rows: Sequence[Row]) -> Any:
        """One field's values with gaps as the model knows them."""
        import numpy as np

        gap, codes = self._gaps[name], self._codes.get(name)
        given = [row[name] for row in rows]
        if codes:
            given = [codes.get(str(value)) for value in given]
        values = [gap if value is None else value for value in given]
        return np.array(values, dtype=object if self._texts[name] or gap is None else np.float64)
