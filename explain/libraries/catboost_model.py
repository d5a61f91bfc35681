"""CatBoost binary classifiers, read from their JSON format and asked through the library."""

import tempfile
from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

from ..adapters import Encoder
from ..declared.contract import Contract
from ..errors import BundleInvalid
from ..tree import Tree, UnsupportedForestError
from ..values import ADDITIVITY_TOLERANCE, LOG_ODDS, Row, Scale
from .catboost_json import GAP, model_problems, parsed, read_catboost, tree_problems

CURE = "install numba, or let it be tree_interventional"


class CatboostBox:
    """A CatBoost model that is only asked; it may read categories through their statistics.

    It was trained on the contract's features in their order, categories as the text of their level
    and gaps in them as ``GAP``.
    """

    precision = ADDITIVITY_TOLERANCE
    scale: Scale = LOG_ODDS

    def __init__(self, text: str, contract: Contract, path: str) -> None:
        self.features = tuple(field.name for field in contract.features)
        self._text = text
        self._path = path
        self._levels = [tuple(field.levels) for field in contract.features]
        try:
            self._told = parsed(text)
            problems = self._problems()
        except UnsupportedForestError as refused:
            problems = (str(refused),)
        except (ValueError, TypeError, KeyError, AttributeError):  # members of other kinds
            problems = ("this is no CatBoost model in JSON",)
        if problems:
            raise BundleInvalid(path, problems)

    def _problems(self) -> tuple[str, ...]:
        """What keeps the model from being explained."""
        return model_problems(self._told, self.features, self._levels)

    @cached_property
    def booster(self) -> Any:
        """The model in CatBoost's own hands, read when it is first asked; BundleInvalid if not."""
        import catboost

        model = catboost.CatBoost()
        with tempfile.TemporaryDirectory(prefix="countermand-") as folder:
            file = Path(folder, "model.json")  # it reads JSON from nowhere else
            file.write_text(self._text, encoding="utf-8")
            try:
                model.load_model(str(file), format="json")
            except catboost.CatBoostError:
                raise BundleInvalid(self._path, ("CatBoost cannot read this model",)) from None
        return model

    def score(self, rows: Sequence[Row]) -> list[float]:
        """Log-odds of bad by CatBoost itself."""
        scores = self.booster.predict(
            self._pool(rows), prediction_type="RawFormulaVal", thread_count=1
        )
        return list(scores.tolist())

    def _pool(self, rows: Sequence[Row]) -> Any:
        """Rows as CatBoost takes them."""
        import catboost
        import numpy as np

        codes = [place for place, levels in enumerate(self._levels) if levels]
        if not codes:
            names = self.features
            cells = [[np.nan if row[n] is None else row[n] for n in names] for row in rows]
            matrix = np.array(cells, np.float64).reshape(len(rows), len(names))
            return catboost.Pool(matrix.astype(np.float32))
        table = np.empty((len(rows), len(self.features)), object)
        for place, (name, levels) in enumerate(zip(self.features, self._levels, strict=True)):
            gap = GAP if levels else np.nan
            table[:, place] = [gap if row[name] is None else row[name] for row in rows]
        return catboost.Pool(table, cat_features=codes)


class CatboostModel(CatboostBox):
    """A CatBoost model of trees on numbers and on categories one by one."""

    def __init__(self, text: str, contract: Contract, path: str) -> None:
        super().__init__(text, contract, path)
        self.encoder = Encoder(contract, single=True)

    def _problems(self) -> tuple[str, ...]:
        """Also what keeps its trees from being told."""
        return super()._problems() or tree_problems(self._told, self.features)

    def trees(self) -> tuple[Tree, ...]:
        """The trees, one by one."""
        return read_catboost(self._told, self._levels)

    def contributions(self, rows: Sequence[Row]) -> list[list[float]]:
        """By CatBoost itself; BundleInvalid for trees whose contributions it gets wrong."""
        if "trees" in self._told:
            problem = f"CatBoost's contributions of trees not symmetric do not add up: {CURE}"
            raise BundleInvalid(self._path, (problem,))
        split = self.booster.get_feature_importance(
            self._pool(rows), type="ShapValues", thread_count=1
        )
        return list(split.tolist())
