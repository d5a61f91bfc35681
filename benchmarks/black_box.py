"""Sampled contributions beside shap's of the same model, by how often the model was asked.

The model is trees, so that the true contributions are known; both only ask it. Run as
``python -m benchmarks.black_box`` it prints the table of ``make bench`` alone.
"""

import argparse
import math
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from benchmarks.credit_bundle import train
from benchmarks.credit_fields import FIELDS
from explain.attribution.background_trees import BackgroundKernel
from explain.attribution.sampling import SampledExplainer
from explain.libraries.lightgbm_text import read_lightgbm
from explain.values import LOG_ODDS, Row, Scale

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Matrix = NDArray[np.float64]

TREES = 100
BACKGROUND = 100
ROWS = 10
PERMUTATIONS = 10
"""As many as shap draws unless it is told otherwise."""


class Box:
    """A model that is only asked, and counts for how many rows."""

    features = tuple(field.name for field in FIELDS)
    precision = 1e-9
    scale: Scale = LOG_ODDS

    def __init__(self, path: Path) -> None:
        import lightgbm

        self._booster = lightgbm.Booster(model_file=path)
        self.asked = 0

    def answer(self, rows: "Matrix") -> "Matrix":
        """Raw scores of a matrix."""
        import numpy as np

        self.asked += len(rows)
        return np.asarray(self._booster.predict(rows, raw_score=True, num_threads=1))

    def score(self, rows: Sequence[Row]) -> list[float]:
        """Raw scores of rows."""
        import numpy as np

        names = self.features
        cells = [[math.nan if (v := row[n]) is None else v for n in names] for row in rows]
        return list(self.answer(np.array(cells, dtype=np.float64)).tolist())


def as_rows(matrix: "Matrix") -> list[Row]:
    """The rows as a bundle has them, gaps as None."""
    return [
        {
            field.name: None if math.isnan(value) else value
            for field, value in zip(FIELDS, line, strict=True)
        }
        for line in matrix.tolist()
    ]


def sampled(box: Box, background: "Matrix", rows: "Matrix") -> "Matrix":
    """Ours; the background was scored when the model was read, as it is in service."""
    import numpy as np

    explainer = SampledExplainer(box, as_rows(background), "box")
    box.asked = 0
    return np.array([parts.amounts for parts in explainer.attribute(as_rows(rows))])


def permuted(box: Box, background: "Matrix", rows: "Matrix") -> "Matrix":
    """By shap's PermutationExplainer."""
    import numpy as np
    import shap

    masker = shap.maskers.Independent(background, max_samples=len(background))
    explainer = shap.explainers.Permutation(box.answer, masker, seed=0)
    most = PERMUTATIONS * (2 * rows.shape[1] + 1)
    return np.asarray(explainer(rows, max_evals=most, silent=True).values)


def by_kernel(box: Box, background: "Matrix", rows: "Matrix") -> "Matrix":
    """By shap's KernelExplainer."""
    import numpy as np
    import shap

    explainer = shap.KernelExplainer(box.answer, background)
    box.asked = 0
    return np.asarray(explainer.shap_values(rows, silent=True))


WAYS: dict[str, Callable[[Box, "Matrix", "Matrix"], "Matrix"]] = {
    "ours": sampled,
    "shap PermutationExplainer": permuted,
    "shap KernelExplainer": by_kernel,
}


def measure(folder: Path) -> dict[str, Any]:
    """Of each way what it asks, takes and misses, the root of the mean square over all."""
    import numpy as np

    folder.mkdir(exist_ok=True)
    path = folder / "box.txt"
    rows = train(path, TREES)
    background, asked = rows[:BACKGROUND], rows[BACKGROUND : BACKGROUND + ROWS]
    trees = read_lightgbm(path.read_text(encoding="utf-8"))
    exact, _ = BackgroundKernel(trees, background).split(asked)
    found: dict[str, Any] = {}
    for name, way in WAYS.items():
        box, begun = Box(path), time.process_time()
        gaps = way(box, background, asked) - exact
        found[name] = {
            "model_rows": box.asked / ROWS,
            "ms_a_row": round((time.process_time() - begun) * 1000 / ROWS, 1),
            "error": float(np.sqrt((gaps**2).mean())),
            "worst": float(np.abs(gaps).max()),
        }
    return found


def show(found: dict[str, Any]) -> None:
    """Print what each way asks and misses."""
    print(f"\nA black box of {len(FIELDS)} fields against {BACKGROUND} rows, a row explained")
    print(f"{'':28}{'model rows':>12}{'ms':>8}{'error':>10}{'worst':>10}")
    for name, told in found.items():
        cells = f"{told['model_rows']:12,.0f}{told['ms_a_row']:8.0f}"
        print(f"{name:28}{cells}{told['error']:10.4f}{told['worst']:10.4f}")


def goals(found: dict[str, Any]) -> list[tuple[str, float, float, bool, str]]:
    """The promises: nearer than either of shap's, and asking for less."""
    ours = found["ours"]
    told = []
    for name, rows in (("shap PermutationExplainer", 3.0), ("shap KernelExplainer", 10.0)):
        theirs = found[name]
        asked, missed = theirs["model_rows"] / ours["model_rows"], theirs["error"] / ours["error"]
        told.append((f"black box: model rows of {name} / ours", asked, rows, True, "times"))
        told.append((f"black box: error of {name} / ours", missed, 1.0, True, "times"))
    return told


def main() -> None:
    """Measure and print."""
    words = argparse.ArgumentParser(prog="python -m benchmarks.black_box", description=__doc__)
    words.parse_args()
    with tempfile.TemporaryDirectory(prefix="countermand-bench-") as folder:
        found = measure(Path(folder))
    show(found)
    for what, measured, limit, at_least, unit in goals(found):
        print(f"{what:64}{measured:10.2f} {'≥' if at_least else '≤'}{limit:<6g} {unit}")


if __name__ == "__main__":
    main()
