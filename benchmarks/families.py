"""Contributions by our kernel beside what others use for XGBoost and scikit-learn's boosted trees.

XGBoost's own ``pred_contribs``, and shap's ``TreeExplainer`` for scikit-learn, one thread each, in
processor time. ``python -m benchmarks.families`` prints the table of ``make bench`` alone.
"""

import argparse
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from benchmarks.credit_bundle import LEAVES, TRAINING_ROWS, TREES
from benchmarks.credit_fields import FIELDS, make_rows
from benchmarks.kernel import race
from explain.sklearn_trees import read_trees
from explain.tree_models import SINGLE_PRECISION
from explain.trees import Kernel
from explain.values import ADDITIVITY_TOLERANCE
from explain.xgboost_json import read_xgboost

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Matrix = NDArray[np.float64]

DEPTH = 6
CHECKED_ROWS = 300
BLOCK_ROWS = 300
NUMBERS = (0,) * len(FIELDS)


@dataclass(frozen=True, slots=True)
class Family:
    """A model as both sides have it.

    ``theirs`` gives contributions, the base behind them; ``seen`` are rows as the trees compare
    them; ``near`` is how far the two may lie apart.
    """

    peer: str
    kernel: Kernel
    theirs: "Callable[[Matrix], Matrix]"
    scores: "Callable[[Matrix], Matrix]"
    seen: "Callable[[Matrix], Matrix]"
    near: float


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


FAMILIES = {"XGBoost": xgboost_family, "HistGradientBoosting": histogram_family}


def check(family: Family, rows: "Matrix") -> float:
    """How far both sides are apart and ours from adding up; AssertionError when too far."""
    import numpy as np

    amounts, scores = family.kernel.split(family.seen(rows))
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
    rows, labels = make_rows(TRAINING_ROWS)
    bad = labels.astype(float)
    found: dict[str, Any] = {}
    for name, train in FAMILIES.items():
        family = train(rows, bad)
        distance = check(family, rows[:CHECKED_ROWS])
        ours = family.seen(rows)
        taken = race(family.kernel.split, family.theirs, ours, BLOCK_ROWS)
        found[name] = {"peer": family.peer, "distance": distance, **taken}
    return found


def show(found: dict[str, Any]) -> None:
    """Print ours beside theirs."""
    print(f"\nContributions of {TREES} trees of other libraries, {len(FIELDS)} fields, one thread")
    print(f"{'':52}{'ours µs':>10}{'theirs':>10}{'times':>8}")
    for model, figures in found.items():
        ways = (("hot", "one row"), ("between", "one row, cold"), ("block", f"{BLOCK_ROWS} rows"))
        for way, words in ways:
            ours, theirs = figures[f"{way}_ours"], figures[f"{way}_theirs"]
            name = f"{model} by {figures['peer']}: {words}"
            print(f"{name:52}{ours:10.0f}{theirs:10.0f}{theirs / ours:8.1f}")
        print(f"{f'{model}: distance':52}{figures['distance']:10.1e}")


def goals(found: dict[str, Any]) -> list[tuple[str, float, float, bool, str]]:
    """The promises about blocks."""
    return [
        (
            f"blocks of {model}: {figures['peer']} / ours",
            figures["block_theirs"] / figures["block_ours"],
            25.0,
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
