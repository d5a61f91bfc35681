"""Models as a notebook has them, in memory, told in the formats that bundles are made of.

A model is written in its library's own format and read back by the adapter that reads bundles, so
that what is explained in a notebook is what is explained in production.
"""

import copy
import tempfile
import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..errors import NotExplainable
from ..libraries.linear_models import LOGISTIC
from ..libraries.sklearn_trees import AVERAGED, BOOSTED

MODEL = "the model"
"""How messages name a model that is no file."""

HISTOGRAM = "HistGradientBoostingClassifier"


@dataclass(frozen=True, slots=True)
class InMemory:
    """A fitted model: what it is, and what it says of the columns it was trained on.

    ``method`` explains it where nothing else is wished. ``names`` are its columns, empty where it
    knows only their number. ``levels`` are those of its columns of categories, in their order,
    where it keeps them itself. ``gaps`` says whether it takes any value for missing.
    """

    model: Any
    form: str
    method: str
    names: tuple[str, ...]
    levels: tuple[tuple[str, ...], ...] | None = None
    gaps: bool = True

    def content(self, categories: Sequence[Sequence[str]]) -> bytes:
        """The model as a file; ``categories`` are the levels of each of its columns."""
        if self.form == "lightgbm-text":
            booster = getattr(self.model, "booster_", self.model)
            return str(booster.model_to_string()).encode()
        if self.form == "xgboost-json":
            return bytes(_booster(self.model).save_raw("json"))
        if self.form == "catboost-json":
            with tempfile.TemporaryDirectory(prefix="countermand-") as folder:
                file = Path(folder, "model.json")  # it writes JSON to nowhere else
                self.model.save_model(str(file), format="json")
                return file.read_bytes()
        if self.form == "ebm-json":
            return _ebm_json(self.model)
        import skops.io

        return bytes(skops.io.dumps(_with_codes(self.model, categories)))

    def predicted(self, frame: Any) -> Any:
        """Chances of bad by the model itself, asked as its library is asked."""
        import numpy as np

        kind = type(self.model).__module__.partition(".")[0]
        given = frame if self.names else frame.to_numpy()
        if kind == "xgboost" and not hasattr(self.model, "predict_proba"):
            import xgboost

            matrix = xgboost.DMatrix(given, enable_categorical=True)
            return np.asarray(self.model.predict(matrix), np.float64)
        if not hasattr(self.model, "predict_proba"):
            return np.asarray(self.model.predict(given), np.float64)
        return np.asarray(self.model.predict_proba(given), np.float64)[:, 1]


def in_memory(model: Any) -> InMemory:
    """What a model object is; NotExplainable where it is of no kind that is known."""
    kind, library = type(model).__name__, type(model).__module__.partition(".")[0]
    if library == "lightgbm" and kind in ("Booster", "LGBMClassifier"):
        return _lightgbm(model)
    if library == "xgboost" and kind in ("Booster", "XGBClassifier"):
        names = tuple(_booster(model).feature_names or ())
        return InMemory(model, "xgboost-json", "tree_path_dependent", names)
    if library == "catboost" and kind == "CatBoostClassifier":
        told = tuple(map(str, model.feature_names_))
        names = () if told == tuple(map(str, range(len(told)))) else told
        return InMemory(model, "catboost-json", "tree_path_dependent", names)
    if library == "interpret" and kind == "ExplainableBoostingClassifier":
        names = tuple(map(str, model.feature_names_in_))
        return InMemory(model, "ebm-json", "additive_interventional", names)
    if library != "sklearn" or not hasattr(model, "predict_proba"):
        known = "classifiers of LightGBM, XGBoost, CatBoost, scikit-learn, EBM, and boosters"
        raise NotExplainable(MODEL, (f"it is a {library}.{kind}, known are {known}",))
    names = tuple(str(name) for name in getattr(model, "feature_names_in_", ()))
    last = type(model.steps[-1][1] if hasattr(model, "steps") else model).__name__
    method, gaps = "sampled_interventional", False
    if last in LOGISTIC:
        method = "linear_independent"
    elif last in BOOSTED | AVERAGED:
        method, gaps = "tree_path_dependent", not hasattr(model, "steps")
    return InMemory(model, "sklearn-skops", method, names, gaps=gaps)


def _lightgbm(model: Any) -> InMemory:
    """A model of LightGBM; columns that were numbered have the names that it gave them."""
    booster = getattr(model, "booster_", model)
    names = tuple(booster.feature_name())
    numbered = names == tuple(f"Column_{place}" for place in range(len(names)))
    kept = booster.pandas_categorical
    levels = None if kept is None else tuple(tuple(map(str, values)) for values in kept)
    return InMemory(
        model, "lightgbm-text", "tree_path_dependent", () if numbered else names, levels
    )


def _ebm_json(model: Any) -> bytes:
    """The tables of an EBM; that interpret calls this format beta is known here."""
    with tempfile.TemporaryDirectory(prefix="countermand-") as folder, warnings.catch_warnings():
        warnings.filterwarnings("ignore", "JSON formats are in beta", UserWarning)
        file = Path(folder, "model.json")
        model.to_json(str(file), detail="minimal")
        return file.read_bytes()


def _booster(model: Any) -> Any:
    """XGBoost's own form of a model."""
    return model.get_booster() if hasattr(model, "get_booster") else model


def _with_codes(model: Any, categories: Sequence[Sequence[str]]) -> Any:
    """The model, asking for codes where it was trained on texts itself."""
    encoder = getattr(getattr(model, "_preprocessor", None), "named_transformers_", {})
    if type(model).__name__ != HISTOGRAM or "encoder" not in encoder:
        return model
    import numpy as np

    turned = copy.deepcopy(model)
    steps = turned._preprocessor.named_transformers_  # noqa: SLF001 # where its categories are
    coded = [levels for levels, code in zip(categories, model.is_categorical_, strict=True) if code]
    steps["encoder"].categories_ = [
        np.array([_code(value, levels) for value in met], np.float64)
        for met, levels in zip(steps["encoder"].categories_, coded, strict=True)
    ]
    return turned


def _code(value: Any, levels: Sequence[str]) -> float:
    """The code of a category that was met in training; a gap is one."""
    if value is None or value != value:  # noqa: PLR0124 # NaN
        return float("nan")
    name = str(value) if isinstance(value, str) else level_name(value)
    return float(levels.index(name)) if name in levels else float(len(levels))


def level_name(value: Any) -> str:
    """What the level of a value is called: whole numbers without a point."""
    return str(int(value)) if isinstance(value, float) and value == int(value) else str(value)
