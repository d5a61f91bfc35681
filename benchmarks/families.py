"""Contributions by our kernels beside what others use for trees of other libraries than LightGBM.

XGBoost's own ``pred_contribs``, CatBoost's own ``ShapValues``, and shap's ``TreeExplainer`` for
scikit-learn, one thread each, in processor time. ``python -m benchmarks.families`` prints the table
of ``make bench`` alone.
"""

import argparse
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from benchmarks.credit_bundle import LEAVES, TRAINING_ROWS, TREES
from benchmarks.credit_fields import FIELDS, make_rows
from benchmarks.kernel import ROUNDS, TURNS, race
from explain.attribution.oblivious import all_oblivious
from explain.attribution.oblivious_kernel import ObliviousKernel
from explain.attribution.trees import Kernel
from explain.libraries.catboost_json import parsed, read_catboost
from explain.libraries.sklearn_trees import read_trees
from explain.libraries.tree_models import SINGLE_PRECISION
from explain.libraries.xgboost_json import read_xgboost
from explain.values import ADDITIVITY_TOLERANCE

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Matrix = NDArray[np.float64]

DEPTH = 6
CHECKED_ROWS = 300
BLOCK_ROWS = 300
LARGE_BLOCK_ROWS = 20_000
"""CatBoost works out anew on every call what depends on the model alone: here that costs least."""

FOREST_TREES, FOREST_DEPTH = 200, 12
FOREST_BLOCK_ROWS, FOREST_TURNS = 48, 5
"""Few rows: shap takes a thirtieth of a second for each."""

NUMBERS = (0,) * len(FIELDS)


@dataclass(frozen=True, slots=True)
class Family:
    """A model as both sides have it.

    ``theirs`` gives contributions, the base behind them; ``seen`` are rows as the trees compare
    them; ``near`` is how far the two may lie apart.
    """

    peer: str
    kernel: Kernel | ObliviousKernel
    theirs: "Callable[[Matrix], Matrix]"
    scores: "Callable[[Matrix], Matrix]"
    seen: "Callable[[Matrix], Matrix]"
    near: float
    block_rows: int = BLOCK_ROWS
    turns: int = TURNS
    checked: int = CHECKED_ROWS


def xgboost_family(rows: "Matrix", bad: "Matrix") -> Family:
    """500 trees of depth 6 by XGBoost."""
    import numpy as np
    import xgboost

    told = {"objective": "binary:logistic", "max_depth": DEPTH, "eta": 0.05, "nthread": 1}
    booster = xgboost.train(told, xgboost.DMatrix(rows, bad, nthread=1), TREES)

    def asked(some: "Matrix", **what: bool) -> "Matrix":
        return np.asarray(booster.predict(xgboost.DMatrix(some, nthread=1), **what), np.float64)

    return Family(
        f"XGBoost {xgboost.__version__}",
        Kernel(read_xgboost(booster.save_raw("json").decode(), NUMBERS)),
        lambda some: asked(some, pred_contribs=True),
        lambda some: asked(some, output_margin=True),
        lambda some: some.astype(np.float32).astype(np.float64),
        SINGLE_PRECISION,
    )


def histogram_family(rows: "Matrix", bad: "Matrix") -> Family:
    """500 trees of 31 leaves by scikit-learn's histogram-based boosting."""
    import numpy as np
    import shap
    from sklearn.ensemble import HistGradientBoostingClassifier

    model = HistGradientBoostingClassifier(
        max_iter=TREES, max_leaf_nodes=LEAVES, learning_rate=0.05, early_stopping=False
    ).fit(rows, bad)
    explainer = shap.TreeExplainer(model)
    base = float(np.ravel(explainer.expected_value)[0])

    def theirs(some: "Matrix") -> "Matrix":
        amounts = np.asarray(explainer.shap_values(some, check_additivity=False))
        return np.column_stack([amounts.astype(np.float64), np.full(len(some), base)])

    return Family(
        f"shap {shap.__version__}",
        Kernel(read_trees(model, NUMBERS)),
        theirs,
        model.decision_function,
        lambda some: some,
        ADDITIVITY_TOLERANCE,
    )


def catboost_family(rows: "Matrix", bad: "Matrix") -> Family:
    """500 oblivious trees of depth 6 by CatBoost."""
    import catboost
    import numpy as np

    model = catboost.CatBoostClassifier(
        iterations=TREES,
        depth=DEPTH,
        learning_rate=0.05,
        thread_count=1,
        random_seed=1,
        verbose=0,
        allow_writing_files=False,
    ).fit(rows.astype(np.float32), bad)
    with tempfile.TemporaryDirectory(prefix="countermand-bench-") as folder:
        path = Path(folder, "model.json")
        model.save_model(str(path), format="json")
        told = parsed(path.read_text(encoding="utf-8"))
    trees = all_oblivious(read_catboost(told, [()] * len(FIELDS)))
    assert trees is not None

    def pool(some: "Matrix") -> Any:
        return catboost.Pool(some.astype(np.float32))

    return Family(
        f"CatBoost {catboost.__version__}",
        ObliviousKernel(trees),
        lambda some: model.get_feature_importance(pool(some), type="ShapValues", thread_count=1),
        lambda some: model.predict(pool(some), prediction_type="RawFormulaVal", thread_count=1),
        lambda some: some.astype(np.float32).astype(np.float64),
        ADDITIVITY_TOLERANCE,
        block_rows=LARGE_BLOCK_ROWS,
    )


def forest_family(rows: "Matrix", bad: "Matrix") -> Family:
    """A random forest of 200 trees of depth 12 by scikit-learn; shap cannot tell its gaps."""
    import numpy as np
    import shap
    from sklearn.ensemble import RandomForestClassifier

    model = RandomForestClassifier(FOREST_TREES, max_depth=FOREST_DEPTH, random_state=1, n_jobs=1)
    model.fit(np.nan_to_num(rows), bad)
    explainer = shap.TreeExplainer(model)
    base = float(np.ravel(explainer.expected_value)[-1])

    def theirs(some: "Matrix") -> "Matrix":
        amounts = np.asarray(explainer.shap_values(some, check_additivity=False))[..., 1]
        return np.column_stack([amounts.astype(np.float64), np.full(len(some), base)])

    return Family(
        f"shap {shap.__version__}",
        Kernel(read_trees(model, NUMBERS)),
        theirs,
        lambda some: np.asarray(model.predict_proba(some)[:, 1]),
        lambda some: np.nan_to_num(some).astype(np.float32).astype(np.float64),
        ADDITIVITY_TOLERANCE,
        block_rows=FOREST_BLOCK_ROWS,
        turns=FOREST_TURNS,
        checked=FOREST_BLOCK_ROWS,
    )


FAMILIES = {
    "XGBoost": xgboost_family,
    "HistGradientBoosting": histogram_family,
    "CatBoost": catboost_family,
    "RandomForest": forest_family,
}

BARS = {"XGBoost": 25.0, "HistGradientBoosting": 25.0, "CatBoost": 10.0, "RandomForest": 30.0}
"""How many times faster than theirs ours must be in blocks."""


def check(family: Family, rows: "Matrix") -> float:
    """How far both sides are apart and ours from adding up; AssertionError when too far."""
    import numpy as np

    rows = family.seen(rows)
    amounts, scores = family.kernel.split(rows)
    theirs = family.theirs(rows)
    added = float(np.abs(family.kernel.base + amounts.sum(axis=1) - scores).max())
    gaps = (
        amounts - theirs[:, :-1],
        family.kernel.base - theirs[:, -1],
        scores - family.scores(rows),
    )
    distance = max(float(np.abs(gap).max()) for gap in gaps)
    assert added <= ADDITIVITY_TOLERANCE, f"contributions miss the score by {added}"
    assert distance <= family.near, f"contributions differ by {distance}"
    return distance


def measure() -> dict[str, Any]:
    """Each family, held to be exact before it is timed."""
    import numpy as np

    rows, labels = make_rows(TRAINING_ROWS)
    bad = labels.astype(float)
    found: dict[str, Any] = {}
    for name, train in FAMILIES.items():
        family = train(rows, bad)
        distance = check(family, rows[: family.checked])
        needed = family.block_rows * ROUNDS
        ours = np.resize(family.seen(rows), (needed, len(FIELDS)))
        taken = race(family.kernel.split, family.theirs, ours, family.block_rows, family.turns)
        told = {"peer": family.peer, "distance": distance, "block_rows": family.block_rows}
        found[name] = {**told, **taken}
    return found


def show(found: dict[str, Any]) -> None:
    """Print ours beside theirs."""
    print(f"\nContributions of trees of other libraries, {len(FIELDS)} fields, one thread")
    print(f"{'':52}{'ours µs':>10}{'theirs':>10}{'times':>8}")
    for model, figures in found.items():
        block = f"{figures['block_rows']:,} rows"
        ways = (("hot", "one row"), ("between", "one row, cold"), ("block", block))
        for way, words in ways:
            ours, theirs = figures[f"{way}_ours"], figures[f"{way}_theirs"]
            name = f"{model} by {figures['peer']}: {words}"
            print(f"{name:52}{ours:10.1f}{theirs:10.0f}{theirs / ours:8.1f}")
        print(f"{f'{model}: distance':52}{figures['distance']:10.1e}")


def goals(found: dict[str, Any]) -> list[tuple[str, float, float, bool, str]]:
    """The promises about blocks."""
    return [
        (
            f"blocks of {model}: {figures['peer']} / ours",
            figures["block_theirs"] / figures["block_ours"],
            BARS[model],
            True,
            "times",
        )
        for model, figures in found.items()
    ]


def main() -> None:
    """Measure and print."""
    argparse.ArgumentParser(prog="python -m benchmarks.families", description=__doc__).parse_args()
    show(measure())


if __name__ == "__main__":
    main()
