"""Models made of trees, each read from its library's own format and asked through the library."""

from collections.abc import Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any

from ..adapters import Encoder, threads_for
from ..declared.contract import Contract
from ..errors import BundleInvalid
from ..tree import Tree, UnsupportedForestError
from ..values import ADDITIVITY_TOLERANCE, LOG_ODDS, PROBABILITY, Row, Scale
from .lightgbm_library import LightGbm
from .lightgbm_text import read_lightgbm
from .sklearn_trees import AVERAGED, read_trees, tree_problems
from .xgboost_json import OBJECTIVE, parsed, read_xgboost

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

CLASSES_APART = 3
"""Dimensions of what shap says where it tells the classes apart."""

SINGLE_PRECISION = 2e-5
"""How near a library comes that adds up hundreds of trees in single precision."""


class LightGbmModel:
    """A LightGBM binary classifier read from its own text format."""

    precision = ADDITIVITY_TOLERANCE
    scale: Scale = LOG_ODDS

    def __init__(self, text: str, contract: Contract, path: str) -> None:
        self.encoder = Encoder(contract)
        self.text = text
        if problems := _header_problems(text, self.encoder.features):
            raise BundleInvalid(path, problems)

    @cached_property
    def booster(self) -> LightGbm:
        """The model in LightGBM's own hands, read when it is first asked."""
        return LightGbm(self.text)

    @property
    def features(self) -> tuple[str, ...]:
        """Names of the features, in the model's order."""
        return self.encoder.features

    def score(self, rows: Sequence[Row]) -> list[float]:
        """Log-odds of bad by LightGBM itself."""
        scores = self.booster.scores(self.encoder.encode(rows), threads_for(len(rows)))
        return list(scores.tolist())

    def trees(self) -> tuple[Tree, ...]:
        """The trees, one by one."""
        return read_lightgbm(self.text)

    def contributions(self, rows: Sequence[Row]) -> list[list[float]]:
        """By LightGBM itself."""
        split = self.booster.contributions(self.encoder.encode(rows), threads_for(len(rows)))
        return list(split.tolist())


class XgboostModel:
    """An XGBoost binary classifier read from its JSON format."""

    precision = SINGLE_PRECISION
    scale: Scale = LOG_ODDS

    def __init__(self, text: str, contract: Contract, path: str) -> None:
        self.encoder = Encoder(contract, single=True)
        self._text = text
        try:
            learner = parsed(text)["learner"]
        except UnsupportedForestError as refused:
            raise BundleInvalid(path, (str(refused),)) from None
        told = {
            "objective": learner["objective"]["name"],
            "feature_names": list(learner.get("feature_names") or self.encoder.features),
            "num_feature": str(learner["learner_model_param"].get("num_feature")),
            "num_class": str(learner["learner_model_param"].get("num_class", "0")),
        }
        wanted = {
            "objective": OBJECTIVE,
            "feature_names": list(self.encoder.features),
            "num_feature": str(len(self.encoder.features)),
            "num_class": "0",
        }
        kinds = learner.get("feature_types") or ["float"] * len(self.encoder.features)
        codes = ["c" if count else "" for count in self.encoder.levels]
        problems = [
            f"the model's {key} must be {w!r}" for key, w in wanted.items() if told[key] != w
        ]
        if [kind if kind == "c" else "" for kind in kinds] != codes:
            problems.append("the model's feature_types must be 'c' for categories, and only those")
        if problems:
            raise BundleInvalid(path, tuple(problems))
        self._kinds = kinds

    @cached_property
    def booster(self) -> Any:
        """The model in XGBoost's own hands, on one thread, read when it is first asked."""
        import xgboost

        booster = xgboost.Booster(params={"nthread": 1})
        booster.load_model(bytearray(self._text.encode()))
        return booster

    @property
    def features(self) -> tuple[str, ...]:
        """Names of the features, in the model's order."""
        return self.encoder.features

    def score(self, rows: Sequence[Row]) -> list[float]:
        """Log-odds of bad by XGBoost itself."""
        return list(self._ask(rows, output_margin=True).tolist())

    def trees(self) -> tuple[Tree, ...]:
        """The trees, one by one."""
        return read_xgboost(self._text, self.encoder.levels)

    def contributions(self, rows: Sequence[Row]) -> list[list[float]]:
        """By XGBoost itself."""
        return list(self._ask(rows, pred_contribs=True).tolist())

    def _ask(self, rows: Sequence[Row], **what: bool) -> "NDArray[np.float32]":
        """What XGBoost predicts."""
        import numpy as np
        import xgboost

        matrix = xgboost.DMatrix(
            self.encoder.encode(rows).astype(np.float32),
            feature_names=self.booster.feature_names,
            feature_types=self._kinds,
            enable_categorical=True,
            nthread=1,
        )
        found: NDArray[np.float32] = self.booster.predict(matrix, **what)
        return found


class SklearnTrees:
    """A scikit-learn classifier of boosted or averaged trees out of a skops archive.

    It was trained on the contract's features in their order, category levels as codes.
    """

    precision = ADDITIVITY_TOLERANCE

    def __init__(self, model: Any, contract: Contract, path: str) -> None:
        self._path = path
        self._model = model
        self._histogram = hasattr(self._model, "_predictors")
        self.encoder = Encoder(contract, single=not self._histogram)
        if problems := tree_problems(self._model, self.encoder.levels):
            raise BundleInvalid(path, problems)
        averaged = type(self._model).__name__ in AVERAGED
        self.scale: Scale = PROBABILITY if averaged else LOG_ODDS
        if averaged:
            self._model.n_jobs = 1  # more cost a request what they save a file

    @property
    def features(self) -> tuple[str, ...]:
        """Names of the features, in the model's order."""
        return self.encoder.features

    def score(self, rows: Sequence[Row]) -> list[float]:
        """Raw scores by scikit-learn itself."""
        matrix = self.encoder.encode(rows)
        if self.scale == PROBABILITY:
            return list(self._model.predict_proba(matrix)[:, 1].tolist())
        return list(self._model.decision_function(matrix).tolist())

    def trees(self) -> tuple[Tree, ...]:
        """The trees, one by one."""
        return read_trees(self._model, self.encoder.levels)

    def contributions(self, rows: Sequence[Row]) -> list[list[float]]:
        """By shap, which cannot where a split asks for categories."""
        import numpy as np

        if any(self.encoder.levels) and self._histogram:
            cure = "the kernel alone explains categories of such a model: install numba"
            raise BundleInvalid(self._path, (cure,))
        import shap

        explainer = shap.TreeExplainer(self._model)
        split = np.asarray(explainer.shap_values(self.encoder.encode(rows)))
        split = split[..., 1] if split.ndim == CLASSES_APART else split
        base = float(np.ravel(explainer.expected_value)[-1])
        return [[*line, base] for line in split.tolist()]


def _header_problems(text: str, features: tuple[str, ...]) -> tuple[str, ...]:
    """What in the text model's header does not fit the contract or the promised scale."""
    header: dict[str, str] = {}
    for line in text.partition("\nTree=")[0].splitlines():
        key, _, value = line.partition("=")
        header[key] = value
    expected = {
        "num_class": "1",
        "num_tree_per_iteration": "1",
        "objective": "binary sigmoid:1",
        "feature_names": " ".join(features),
    }
    return tuple(
        f"the model's {key} must be {value!r}"
        for key, value in expected.items()
        if header.get(key) != value
    )
