"""Models of other libraries, trained on drawn rows, and whole bundles around them."""

import csv
import io
import json
import re
import shutil
import tempfile
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import catboost
import numpy as np
import skops.io
import xgboost
from sklearn.ensemble import (
    GradientBoostingClassifier,
    HistGradientBoostingClassifier,
    RandomForestClassifier,
)

from explain.adapters import Encoder
from explain.declared.bundle_contents import EXPECTED_COLUMN, MEASURED_FILE
from explain.declared.bundle_files import MANIFEST, seal
from explain.declared.contract import Contract
from explain.values import LOG_ODDS, PROBABILITY, Row
from tests.sample_models.trained import path_dependent_bundle

LEVELS = (0, 3, 0, 0, 0, 70)
"""Categories of each drawn feature; 0 for a number."""

Fit = Callable[[Any, Any, Sequence[int]], tuple[bytes, Callable[[Any], Any]]]
"""Trains on a matrix and labels with so many levels by feature; the file, and what scores."""

Names = Sequence[Sequence[str]]
"""The levels of each feature; nothing for a number."""


def drawn(seed: int, count: int, *, gaps: float = 0.1) -> Any:
    """Rows with repeated values, gaps, and two columns of categories."""
    chance = np.random.default_rng(seed)
    rows = chance.normal(size=(count, len(LEVELS))).round(1)
    for feature, levels in enumerate(LEVELS):
        if levels:
            rows[:, feature] = chance.integers(0, levels, count)
    rows[chance.random(rows.shape) < gaps] = np.nan
    return rows


def labels(rows: Any) -> Any:
    """Which of them went bad."""
    told = np.nan_to_num(rows)
    return ((told[:, 0] + (told[:, 5] % 3) + (told[:, 1] == 1)) > 1.2).astype(int)


def xgboost_bytes(rows: Any, bad: Any, levels: Sequence[int], **settings: object) -> bytes:
    """A small XGBoost model in JSON."""
    data = xgboost_matrix(rows, levels, bad)
    told = {"objective": "binary:logistic", "max_depth": 5, "nthread": 1, **settings}
    return bytes(xgboost.train(told, data, 15).save_raw("json"))


def xgboost_matrix(rows: Any, levels: Sequence[int], bad: Any = None) -> Any:
    """Rows as XGBoost takes them."""
    kinds = ["c" if count else "float" for count in levels]
    return xgboost.DMatrix(rows, bad, feature_types=kinds, enable_categorical=True, nthread=1)


def skops_bytes(model: Any) -> bytes:
    """A scikit-learn model in a skops archive."""
    return bytes(skops.io.dumps(model))


def fit_xgboost(rows: Any, bad: Any, levels: Sequence[int]) -> tuple[bytes, Callable[[Any], Any]]:
    """XGBoost, and its margin."""
    content = xgboost_bytes(rows, bad, levels)
    booster = xgboost.Booster(params={"nthread": 1})
    booster.load_model(bytearray(content))
    return content, lambda some: booster.predict(xgboost_matrix(some, levels), output_margin=True)


def fit_xgboost_ubj(
    rows: Any, bad: Any, levels: Sequence[int]
) -> tuple[bytes, Callable[[Any], Any]]:
    """The same in XGBoost's binary format."""
    content, score = fit_xgboost(rows, bad, levels)
    booster = xgboost.Booster(params={"nthread": 1})
    booster.load_model(bytearray(content))
    return bytes(booster.save_raw("ubj")), score


def fit_histogram(rows: Any, bad: Any, levels: Sequence[int]) -> tuple[bytes, Callable[[Any], Any]]:
    """Histogram-based boosting, and its log-odds."""
    codes = [feature for feature, count in enumerate(levels) if count]
    model = HistGradientBoostingClassifier(max_iter=20, categorical_features=codes, random_state=0)
    model.fit(rows, bad)
    return skops_bytes(model), model.decision_function


def fit_gradient(rows: Any, bad: Any, _: Sequence[int]) -> tuple[bytes, Callable[[Any], Any]]:
    """The older boosting, and its log-odds."""
    model = GradientBoostingClassifier(n_estimators=20, random_state=0).fit(rows, bad)
    return skops_bytes(model), model.decision_function


def fit_forest(rows: Any, bad: Any, _: Sequence[int]) -> tuple[bytes, Callable[[Any], Any]]:
    """A random forest, and its probability."""
    model = RandomForestClassifier(20, max_depth=5, random_state=0).fit(rows, bad)
    return skops_bytes(model), lambda some: model.predict_proba(some)[:, 1]


def named(levels: Sequence[int]) -> list[list[str]]:
    """Names for so many levels, of lengths up to 64 letters."""
    return [[f"{n}".zfill(1 + n % 64) for n in range(count)] for count in levels]


def catboost_pool(rows: Any, names: Names, bad: Any = None) -> Any:
    """Rows as CatBoost takes them."""
    table = np.array(rows, object)
    for feature, own in enumerate(names):
        if own:
            codes = rows[:, feature]
            table[:, feature] = ["nan" if np.isnan(code) else own[int(code)] for code in codes]
    return catboost.Pool(table, bad, [feature for feature, own in enumerate(names) if own])


def catboost_json(model: Any) -> bytes:
    """A CatBoost model in JSON."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "model.json")
        model.save_model(str(path), format="json")
        return path.read_bytes()


def train_catboost(rows: Any, bad: Any, names: Names, **settings: object) -> Any:
    """A small CatBoost model that reads categories one by one."""
    told = {"iterations": 30, "depth": 3, "one_hot_max_size": 100, "learning_rate": 0.5}
    quiet = {"thread_count": 1, "verbose": 0, "allow_writing_files": False, "random_seed": 0}
    still = {"bootstrap_type": "No", "random_strength": 0, "l2_leaf_reg": 1}
    model = catboost.CatBoostClassifier(**{**told, **quiet, **still, **settings})
    return model.fit(catboost_pool(rows, names, bad))


def catboost_score(model: Any, rows: Any, names: Names) -> Any:
    """Its raw scores, on one thread."""
    pool = catboost_pool(rows, names)
    return model.predict(pool, prediction_type="RawFormulaVal", thread_count=1)


def fit_catboost(rows: Any, bad: Any, levels: Sequence[int]) -> tuple[bytes, Callable[[Any], Any]]:
    """CatBoost, and its log-odds; levels that have names of their own are passed as those."""
    names = levels.names if isinstance(levels, Levels) else named(levels)
    model = train_catboost(rows, bad, names)
    return catboost_json(model), lambda some: catboost_score(model, some, names)


class Levels(list[int]):
    """How many levels each feature of a contract has, and their names."""

    def __init__(self, contract: Contract) -> None:
        self.names = [list(field.levels) for field in contract.features]
        super().__init__(map(len, self.names))


FAMILIES: dict[str, tuple[str, str, Fit]] = {
    "xgboost": ("xgboost-json", "model.json", fit_xgboost),
    "xgboost-ubj": ("xgboost-ubj", "model.ubj", fit_xgboost_ubj),
    "catboost": ("catboost-json", "model.json", fit_catboost),
    "histogram": ("sklearn-skops", "model.skops", fit_histogram),
    "gradient": ("sklearn-skops", "model.skops", fit_gradient),
    "forest": ("sklearn-skops", "model.skops", fit_forest),
}
"""Format, file and training of each family."""

ON_PROBABILITY = {"forest"}
"""Families whose scores are probabilities, not log-odds."""


def bundle_of(family: str, folder: Path, contract: Contract, rows: Sequence[Row]) -> Path:
    """The German sample bundle with a model of another family in it, trained on these rows."""
    form, file, fit = FAMILIES[family]
    shutil.copytree(path_dependent_bundle(), folder)
    matrix = Encoder(contract).encode(rows)
    # What is learned does not matter here, only that it is learned from every field.
    bad = (matrix.sum(axis=1) > np.median(matrix.sum(axis=1))).astype(int)
    content, score = fit(matrix, bad, Levels(contract))
    scale = PROBABILITY if family in ON_PROBABILITY else LOG_ODDS
    told = {"file": file, "format": form, "scale": scale}
    put_model(folder, told, content, contract, lambda some: score(Encoder(contract).encode(some)))
    return folder


def put_model(
    folder: Path,
    told: Mapping[str, str],
    content: bytes,
    contract: Contract,
    score: Callable[[list[Row]], Any],
) -> None:
    """Put another model into a bundle; ``told`` are members of ``model`` in its model.yaml."""
    text = (folder / "model.yaml").read_text(encoding="utf-8")
    found = re.search(r"^model: (?P<told>\{.*\})$", text, re.MULTILINE)
    assert found is not None
    before = json.loads(found["told"])
    (folder / before["file"]).unlink()
    (folder / told["file"]).write_bytes(content)
    text = text.replace(found[0], f"model: {json.dumps(before | dict(told))}")
    (folder / "model.yaml").write_text(text, encoding="utf-8")
    _score_again(folder / before["reference"], contract, score)
    (folder / MEASURED_FILE).unlink(missing_ok=True)  # measured of another model
    name = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))["name"]
    seal(folder, name)


def _score_again(path: Path, contract: Contract, score: Callable[[list[Row]], Any]) -> None:
    """The reference sample with this model's scores."""
    lines = list(csv.DictReader(io.StringIO(path.read_text(encoding="utf-8"))))
    known = [{k: v for k, v in line.items() if k in contract} for line in lines]
    rows = [contract.check(contract.from_text(cells)).features for cells in known]
    scores = score(rows)
    with path.open("w", encoding="utf-8", newline="") as file:
        table = csv.DictWriter(file, list(lines[0]), lineterminator="\n")
        table.writeheader()
        for line, value in zip(lines, scores, strict=True):
            table.writerow(line | {EXPECTED_COLUMN: repr(float(value))})
