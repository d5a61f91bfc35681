"""Contributions by our kernel beside LightGBM's own, each with one thread, in processor time.

Run as ``python -m benchmarks.kernel`` it prints the table of ``make bench`` alone.
"""

import argparse
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from benchmarks.credit_bundle import LEAVES, TREES, train
from benchmarks.credit_fields import FIELDS, make_rows
from explain.attribution.trees import Kernel
from explain.libraries.lightgbm_text import read_lightgbm

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

CATEGORIES = {3: 4, 7: 12, 12: 20, 19: 36, 25: 70}
"""Columns that become categories in the second model, and how many they have."""

BLOCK_ROWS = 1000
ROUNDS = 5
TURNS = 40
"""Calls of either side in a round, for one row; a round of blocks is one call."""

DISTANCE_MAX = 1e-9


def measure(folder: Path) -> dict[str, Any]:
    """Both models, each held to be exact before it is timed."""
    from lightgbm import Booster

    numbers = train(folder / "numbers.txt", TREES)
    codes = train_on_categories(folder / "categories.txt", numbers)
    found = {}
    for name, path, rows in (
        ("numbers", folder / "numbers.txt", numbers),
        ("categories", folder / "categories.txt", codes),
    ):
        text = path.read_text(encoding="utf-8")
        booster, kernel = Booster(model_str=text), Kernel(read_lightgbm(text))
        distance = check(booster, kernel, rows[:BLOCK_ROWS])
        theirs = partial(booster.predict, pred_contrib=True, num_threads=1)
        found[name] = {"distance": distance, **race(kernel.split, theirs, rows)}
    return found


def train_on_categories(path: Path, numbers: "NDArray[np.float64]") -> "NDArray[np.float64]":
    """Fit a model with native categories, write its text; returns its rows.

    The codes of a column are its ranks in bands, shuffled so that no threshold can part them.
    """
    import lightgbm
    import numpy as np

    chance = np.random.default_rng(1)
    rows, (_, bad) = numbers.copy(), make_rows(len(numbers))
    for column, levels in CATEGORIES.items():
        gaps = np.isnan(rows[:, column])
        bands = rows[:, column].argsort().argsort() * levels // len(rows)
        rows[:, column] = chance.permutation(levels)[bands]
        rows[gaps, column] = np.nan
    settings = {"objective": "binary", "num_leaves": LEAVES, "learning_rate": 0.05}
    settings |= {"num_threads": 1, "seed": 1, "deterministic": True, "verbosity": -1}
    data = lightgbm.Dataset(rows, bad, categorical_feature=list(CATEGORIES))
    lightgbm.train(settings, data, num_boost_round=TREES).save_model(path)
    return rows


def check(booster: Any, kernel: Kernel, rows: "NDArray[np.float64]") -> float:
    """How far the kernel is from LightGBM and from adding up; AssertionError when too far."""
    import numpy as np

    theirs = booster.predict(rows, pred_contrib=True, num_threads=1)
    wanted = booster.predict(rows, raw_score=True, num_threads=1)
    alone = [kernel.split(row[None, :]) for row in rows]
    one_by_one = tuple(np.concatenate(told) for told in zip(*alone, strict=True))
    distance = 0.0
    for amounts, scores in (kernel.split(rows), one_by_one):
        gaps = (
            amounts - theirs[:, :-1],
            kernel.base - theirs[:, -1],
            scores - wanted,
            kernel.base + amounts.sum(axis=1) - scores,
        )
        distance = max(distance, *(float(np.abs(gap).max()) for gap in gaps))
    assert distance <= DISTANCE_MAX, f"contributions differ by {distance}"
    return distance


Side = Callable[["NDArray[np.float64]"], object]


def race(
    ours: Side,
    theirs: Side,
    rows: "NDArray[np.float64]",
    block_rows: int = BLOCK_ROWS,
    turns: int = TURNS,
) -> dict[str, float]:
    """Medians of both sides, turn about, in microseconds a row.

    ``hot`` repeats one side's calls; ``between`` makes every call right after one of the other
    side, whose work drives ours out of the processor's caches and the other way round.
    """

    def singles() -> "Iterator[NDArray[np.float64]]":
        return (rows[place : place + 1] for place in range(turns))

    taken: dict[str, list[float]] = {}
    for turn in range(ROUNDS):
        block = rows[turn * block_rows : (turn + 1) * block_rows]
        for name, side in (("ours", ours), ("theirs", theirs)):
            taken.setdefault(f"hot_{name}", []).extend([cost(side, row) for row in singles()])
            taken.setdefault(f"block_{name}", []).append(cost(side, block))
        for row in singles():
            for name, side in (("ours", ours), ("theirs", theirs)):
                taken.setdefault(f"between_{name}", []).append(cost(side, row))
    return {name: round(statistics.median(costs), 2) for name, costs in taken.items()}


def cost(side: Side, rows: "NDArray[np.float64]") -> float:
    """Microseconds of this thread's processor time for each row.

    Time that other processes take from us is nobody's cost; LightGBM with one thread works in ours.
    """
    begun = time.thread_time_ns()
    side(rows)
    return (time.thread_time_ns() - begun) / 1000 / len(rows)


def show(found: dict[str, Any]) -> None:
    """Print ours beside theirs."""
    print(f"\nContributions of {TREES} trees of {LEAVES} leaves, {len(FIELDS)} fields, one thread")
    print(f"{'':28}{'ours µs':>10}{'LightGBM':>10}{'times':>10}")
    for model, figures in found.items():
        for way, words in (
            ("hot", "one row"),
            ("between", "one row, cold"),
            ("block", f"{BLOCK_ROWS:,} rows, each"),
        ):
            ours, theirs = figures[f"{way}_ours"], figures[f"{way}_theirs"]
            print(f"{f'{model}: {words}':28}{ours:10.0f}{theirs:10.0f}{theirs / ours:10.1f}")
        print(f"{f'{model}: distance':28}{figures['distance']:10.1e}")


def main() -> None:
    """Measure and print."""
    argparse.ArgumentParser(prog="python -m benchmarks.kernel", description=__doc__).parse_args()
    with tempfile.TemporaryDirectory(prefix="countermand-bench-") as folder:
        show(measure(Path(folder)))


if __name__ == "__main__":
    main()
