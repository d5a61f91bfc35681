"""Contributions against a background by our kernel beside shap's, one thread, in processor time.

shap is raced where it is right: on a model of numbers. On native categories it refuses or errs, so
there ours is held to its own slow definition leaf by leaf. Run as
``python -m benchmarks.interventional`` it prints the table of ``make bench`` alone.
"""

import argparse
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from benchmarks.credit_bundle import TREES, train
from benchmarks.credit_fields import FIELDS
from benchmarks.kernel import cost, train_on_categories
from explain.attribution.background_trees import BackgroundKernel
from explain.attribution.leaf_cells import cut
from explain.attribution.leaf_games import Answers, directly, games_of
from explain.libraries.lightgbm_text import read_lightgbm

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Matrix = NDArray[np.float64]

BACKGROUND = 300
SIZES = (100, BACKGROUND, 1000)
"""Backgrounds between which the cost must not grow."""

CHECKED_ROWS = 100
PLAIN_ROWS = 3
BLOCK_ROWS = 1000
SHAP_BLOCK_ROWS = 50
ROUNDS = 5
TURNS = 20
DISTANCE_MAX = 1e-9
SHAP_DISTANCE_MAX = 1e-6
"""shap adds up in single precision."""


class Built(NamedTuple):
    """A kernel, and the processor time it took to build."""

    kernel: BackgroundKernel
    seconds: float


def build(path: Path, background: "Matrix") -> Built:
    """The kernel of a LightGBM file against these rows."""
    trees = read_lightgbm(path.read_text(encoding="utf-8"))
    begun = time.process_time()
    kernel = BackgroundKernel(trees, background)
    return Built(kernel, time.process_time() - begun)


def check(
    kernel: BackgroundKernel, path: Path, rows: "Matrix", background: "Matrix"
) -> dict[str, float]:
    """How far ours is from adding up, and from its definition; AssertionError when too far."""
    import lightgbm
    import numpy as np

    booster = lightgbm.Booster(model_file=path)
    trees = read_lightgbm(path.read_text(encoding="utf-8"))
    amounts, scores = kernel.split(rows)
    alone = np.vstack([kernel.split(row[None, :])[0] for row in rows])
    few, slow = rows[:PLAIN_ROWS], np.zeros((PLAIN_ROWS, rows.shape[1]))
    told = Answers(few)
    for tree in trees:
        for game in games_of(cut(tree), Answers(background)):
            slow[:, list(game.features)] += directly(game, told.keys(game.key))
    gaps = {
        "additivity": kernel.base + amounts.sum(axis=1) - scores,
        "score": scores - booster.predict(rows, raw_score=True, num_threads=1),
        "base": np.mean(booster.predict(background, raw_score=True, num_threads=1)) - kernel.base,
        "row and block": alone - amounts,
        "definition": amounts[:PLAIN_ROWS] - slow,
    }
    found = {what: float(np.abs(gap).max()) for what, gap in gaps.items()}
    assert max(found.values()) <= DISTANCE_MAX, f"contributions are wrong: {found}"
    return found


def shap_of(path: Path, background: "Matrix") -> "Callable[[Matrix], Matrix]":
    """Interventional contributions by shap, against all of these rows."""
    import lightgbm
    import numpy as np
    import shap

    # A bare array would be cut down to 100 rows without a word.
    masker = shap.maskers.Independent(background, max_samples=len(background))
    booster = lightgbm.Booster(model_file=path)
    explainer = shap.TreeExplainer(booster, masker, feature_perturbation="interventional")
    assert explainer.data.shape[0] == len(background)
    return lambda rows: np.asarray(explainer.shap_values(rows, check_additivity=False))


WAYS = ("one", "block")
Side = tuple["Callable[[Matrix], object]", int]
"""What explains rows, and how many of them in a block."""


def race(sides: dict[str, Side], rows: "Matrix") -> dict[str, float]:
    """Median microseconds a row, turn about: one row at a time, and in blocks."""
    taken: dict[str, list[float]] = {}
    for turn in range(ROUNDS):
        for name, (side, _) in sides.items():
            for place in range(TURNS):
                one = rows[turn * TURNS + place][None, :]
                taken.setdefault(f"one_{name}", []).append(cost(side, one))
        for name, (side, block_rows) in sides.items():
            start = turn * BLOCK_ROWS
            block = rows[start : start + block_rows]
            taken.setdefault(f"block_{name}", []).append(cost(side, block))
    return {name: round(statistics.median(costs), 2) for name, costs in taken.items()}


def measure(folder: Path) -> dict[str, Any]:
    """Both models, each held to be exact before it is timed."""
    import numpy as np

    folder.mkdir(exist_ok=True)
    numbers = train(folder / "numbers.txt", TREES)
    codes = train_on_categories(folder / "categories.txt", numbers)
    found: dict[str, Any] = {}
    for name, rows in (("numbers", numbers), ("categories", codes)):
        path, asked = folder / f"{name}.txt", rows[max(SIZES) :]
        built = {size: build(path, rows[:size]) for size in SIZES}
        kernel, seconds = built[BACKGROUND]
        distances = check(kernel, path, asked[:CHECKED_ROWS], rows[:BACKGROUND])
        sides: dict[str, Side] = {
            f"ours_{size}": (own.kernel.split, BLOCK_ROWS) for size, own in built.items()
        }
        if name == "numbers":
            theirs = shap_of(path, rows[:BACKGROUND])
            few = asked[:CHECKED_ROWS]
            distance = float(np.abs(kernel.split(few)[0] - theirs(few)).max())
            assert distance <= SHAP_DISTANCE_MAX, f"contributions differ from shap's by {distance}"
            distances["shap"] = distance
            sides["shap"] = (theirs, SHAP_BLOCK_ROWS)
        memory = round(kernel.tables.octets / 1e6, 1)
        told = {"table_mb": memory, "build_s": round(seconds, 2), "distances": distances}
        found[name] = {**told, **race(sides, asked)}
    return found


def show(found: dict[str, Any]) -> None:
    """Print ours for each size of the background, and shap's."""
    sizes = "".join(f"{f'of {size:,}':>10}" for size in SIZES)
    print(
        f"\nContributions of {TREES} trees on {len(FIELDS)} fields against a background, µs a row"
    )
    print(f"{'':32}{sizes}{f'shap {BACKGROUND}':>10}{'times':>8}")
    for model, told in found.items():
        for way, words in (("one", "one row"), ("block", f"{BLOCK_ROWS:,} rows, each")):
            ours = [told[f"{way}_ours_{size}"] for size in SIZES]
            theirs = told.get(f"{way}_shap")
            against = f"{theirs:10.0f}{theirs / ours[1]:8.1f}" if theirs else f"{'-':>10}"
            print(f"{f'{model}: {words}':32}{''.join(f'{one:10.0f}' for one in ours)}{against}")
        print(f"{f'{model}: tables':32}{told['table_mb']:10.1f} MB")
        print(f"{f'{model}: built in':32}{told['build_s']:10.1f} s")
        print(f"{f'{model}: misses the score by':32}{told['distances']['additivity']:10.0e}")


def goals(found: dict[str, Any]) -> list[tuple[str, float, float, bool, str]]:
    """The promises: against shap at the same background, and between backgrounds."""
    numbers = found["numbers"]
    small, large = min(SIZES), max(SIZES)
    grown = max(
        told[f"{way}_ours_{large}"] / told[f"{way}_ours_{small}"]
        for told in found.values()
        for way in ("one", "block")
    )
    ours = {way: numbers[f"{way}_shap"] / numbers[f"{way}_ours_{BACKGROUND}"] for way in WAYS}
    words = f"against {BACKGROUND} background rows: shap / ours"
    return [
        (f"one row {words}", ours["one"], 20.0, True, "times"),
        (f"blocks {words}", ours["block"], 60.0, True, "times"),
        (f"cost with {large:,} background rows / {small}", grown, 1.3, False, "times"),
    ]


def main() -> None:
    """Measure and print."""
    words = argparse.ArgumentParser(prog="python -m benchmarks.interventional", description=__doc__)
    words.parse_args()
    with tempfile.TemporaryDirectory(prefix="countermand-bench-") as folder:
        found = measure(Path(folder))
    show(found)
    for what, measured, limit, at_least, unit in goals(found):
        print(f"{what:64}{measured:10.2f} {'≥' if at_least else '≤'}{limit:<6g} {unit}")


if __name__ == "__main__":
    main()
