"""Fitting the two kinds of sample model: LightGBM with native categories, and a scorecard."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import product
from typing import Any

from explain.adapters import Encoder
from explain.declared.contract import NUMERIC, Contract
from explain.values import Row, probability_of

from .skops_archive import settled

FOLDS = 5

Scorer = Callable[[Sequence[Row]], list[float]]
Weights = Sequence[float] | None
Fit = Callable[[Sequence[Row], Sequence[int], dict[str, Any], Weights], tuple[Scorer, bytes]]


@dataclass(frozen=True, slots=True)
class Fitted:
    """A model's file, what was chosen, and its chances for rows it was not fitted on."""

    content: bytes
    chosen: dict[str, Any]
    out_of_fold: tuple[float, ...]


class TreeFamily:
    """LightGBM binary classifiers with native categories; more months never lower the risk."""

    def __init__(
        self,
        contract: Contract,
        *,
        rising: Sequence[str],
        trees: Sequence[int],
        leaves: Sequence[int],
        smallest: Sequence[int],
    ) -> None:
        self._encoder = Encoder(contract)
        self._features = [f.name for f in contract.features]
        self._categories = [i for i, f in enumerate(contract.features) if f.levels]
        self._monotone = [1 if f.name in rising else 0 for f in contract.features]
        self._sizes = (trees, leaves, smallest)

    def candidates(self) -> list[dict[str, Any]]:
        """Sizes of model to choose from, smallest first."""
        return [
            {"trees": trees, "num_leaves": leaves, "min_data_in_leaf": smallest}
            for trees, leaves, smallest in product(*self._sizes)
        ]

    def fit(
        self,
        rows: Sequence[Row],
        bad: Sequence[int],
        chosen: dict[str, Any],
        weights: Weights = None,
    ) -> tuple[Scorer, bytes]:
        """Train on these rows; the same rows give the same bytes."""
        import lightgbm

        settings = {
            "objective": "binary",
            "learning_rate": 0.05,
            "num_leaves": chosen["num_leaves"],
            "min_data_in_leaf": chosen["min_data_in_leaf"],
            "min_data_per_group": 10,
            "cat_smooth": 10.0,
            "cat_l2": 10.0,
            "lambda_l2": 1.0,
            "feature_fraction": 0.7,
            "monotone_constraints": self._monotone,
            "deterministic": True,
            "force_row_wise": True,
            "num_threads": 1,
            "seed": 7,
            "verbose": -1,
        }
        data = lightgbm.Dataset(
            self._encoder.encode(rows),
            label=list(bad),
            weight=None if weights is None else list(weights),
            feature_name=self._features,
            categorical_feature=self._categories,
            params={"verbose": -1, "num_threads": 1},
        )
        booster = lightgbm.train(settings, data, num_boost_round=chosen["trees"])
        text = booster.model_to_string()

        def score(some: Sequence[Row]) -> list[float]:
            matrix = self._encoder.encode(some)
            raw: Any = booster.predict(matrix, raw_score=True, num_threads=1)
            return list(raw.tolist())

        return score, text.encode()


class ScorecardFamily:
    """Logistic regression on scaled numbers and one-hot levels, written with skops."""

    def __init__(self, contract: Contract) -> None:
        self._fields = contract.features

    def candidates(self) -> list[dict[str, Any]]:
        """Strengths of shrinkage to choose from, strongest first."""
        return [{"C": c} for c in (0.02, 0.05, 0.1, 0.2, 0.5, 1.0)]

    def fit(
        self,
        rows: Sequence[Row],
        bad: Sequence[int],
        chosen: dict[str, Any],
        weights: Weights = None,
    ) -> tuple[Scorer, bytes]:
        """Train on these rows; the same rows give the same bytes."""
        import numpy as np
        import skops.io
        from sklearn.compose import ColumnTransformer
        from sklearn.linear_model import LogisticRegression
        from sklearn.pipeline import Pipeline
        from sklearn.preprocessing import OneHotEncoder, StandardScaler

        numbers = [i for i, f in enumerate(self._fields) if f.type in NUMERIC]
        levels = [i for i, f in enumerate(self._fields) if f.levels]
        known = [list(self._fields[i].levels) for i in levels]
        columns = ColumnTransformer(
            [
                ("levels", OneHotEncoder(categories=known, sparse_output=False), levels),
                ("numbers", StandardScaler(), numbers),
            ]
        )
        logit = LogisticRegression(C=chosen["C"], max_iter=2000)
        pipeline = Pipeline([("columns", columns), ("logit", logit)])

        def matrix(some: Sequence[Row]) -> Any:
            return np.array([[row[f.name] for f in self._fields] for row in some], dtype=object)

        def score(some: Sequence[Row]) -> list[float]:
            return list(pipeline.decision_function(matrix(some)).tolist())

        weighted = {} if weights is None else {"logit__sample_weight": np.array(weights)}
        pipeline.fit(matrix(rows), np.array(bad), **weighted)
        return score, settled(skops.io.dumps(pipeline))


def choose_and_fit(
    family: TreeFamily | ScorecardFamily,
    rows: Sequence[Row],
    bad: Sequence[int],
    weights: Weights = None,
) -> Fitted:
    """Fit the candidate with the least cross-validated log-loss on all rows.

    Only development rows are ever given here; ties go to the smaller model.
    """
    tried = []
    for place, candidate in enumerate(family.candidates()):
        chances = _out_of_fold(family.fit, rows, bad, candidate, weights)
        tried.append((log_loss(chances, bad, weights), place, candidate, chances))
    _, _, chosen, chances = min(tried, key=lambda t: (t[0], t[1]))
    _, content = family.fit(rows, bad, chosen, weights)
    return Fitted(content, chosen, tuple(chances))


def log_loss(chances: Sequence[float], bad: Sequence[int], weights: Weights = None) -> float:
    """Mean negative log-likelihood of the outcomes under these chances."""
    told = (p if y else 1.0 - p for p, y in zip(chances, bad, strict=True))
    logs = [math.log(max(p, 1e-15)) for p in told]
    if weights is None:
        return -sum(logs) / len(chances)
    return -sum(w * one for w, one in zip(weights, logs, strict=True)) / sum(weights)


def _out_of_fold(
    fit: Fit,
    rows: Sequence[Row],
    bad: Sequence[int],
    candidate: dict[str, Any],
    weights: Weights,
) -> list[float]:
    """Each row's chance by a model that never saw it; folds keep the share of bads."""
    order = sorted(range(len(rows)), key=lambda i: (bad[i], i))
    fold = {row: place % FOLDS for place, row in enumerate(order)}
    chances = [0.0] * len(rows)
    for held in range(FOLDS):
        inside = [i for i in range(len(rows)) if fold[i] != held]
        outside = [i for i in range(len(rows)) if fold[i] == held]
        kept = None if weights is None else [weights[i] for i in inside]
        score, _ = fit([rows[i] for i in inside], [bad[i] for i in inside], candidate, kept)
        raws = score([rows[i] for i in outside])
        for i, raw in zip(outside, raws, strict=True):
            chances[i] = probability_of(raw)
    return chances
