"""Explaining a file to a file: rows a second beside shap, and memory for four times the rows.

Ours is the whole command: rows are read from Parquet and checked, scored, taken apart, worded and
written. shap gives contributions of a sample of the same rows in memory and nothing else, so that
the comparison favours it. Both are in processor time, without what the start of ours takes.
``python -m benchmarks.bulk`` prints this alone.
"""

import argparse
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from benchmarks.credit_bundle import MODEL_FILE, TREES, write_bundle
from benchmarks.credit_fields import FIELDS, make_rows
from benchmarks.verifier import timed

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Matrix = NDArray[np.float64]

ROWS = 8_000
TIMES = 4
PART_ROWS = 2_000
SAMPLE_ROWS = 100
NEAR = 1e-9
MILLION = 1_000_000


def measure(bundle: Path, folder: Path) -> dict[str, Any]:
    """Both sides on one model, held to agree before they are compared; ``folder`` is filled."""
    folder.mkdir()
    rows = make_rows(ROWS * TIMES)[0]
    found: dict[str, Any] = {"rows": ROWS, "times": TIMES}
    run(bundle, rows[:1], folder / "warm")
    for name, count in (("few", ROWS), ("many", ROWS * TIMES)):
        seconds, memory = run(bundle, rows[:count], folder / name)
        found |= {f"{name}_s": seconds, f"{name}_mb": memory}
    found["rows_per_s"] = ROWS * (TIMES - 1) / (found["many_s"] - found["few_s"])
    amounts, found["shap_rows_per_s"] = by_shap(bundle, rows[:SAMPLE_ROWS])
    found["distance"] = distance(folder / "few", amounts)
    assert found["distance"] <= NEAR, f"contributions differ by {found['distance']}"
    return found


def run(bundle: Path, rows: "Matrix", out: Path) -> tuple[float, float]:
    """Processor seconds and peak megabytes of one run of the command, its start included."""
    import resource

    import pyarrow as pa
    from pyarrow import parquet

    file = out.with_suffix(".parquet")
    names = [field.name for field in FIELDS]
    parquet.write_table(pa.table(list(rows.T.copy()), names), file, row_group_size=PART_ROWS)
    told = [str(bundle), str(file), "--out", str(out), "--part-rows", str(PART_ROWS)]
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    _, memory, code = timed(["-m", "countermand", "explain", *told])
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    assert code == 0, f"explaining ended with {code}"
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime, memory


def by_shap(bundle: Path, rows: "Matrix") -> "tuple[Matrix, float]":
    """Contributions by shap, and how many rows it does in a second."""
    import warnings

    import lightgbm
    import numpy as np
    import shap

    booster = lightgbm.Booster(model_file=bundle / MODEL_FILE)  # shap's own code has one thread
    explainer = shap.TreeExplainer(booster)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        explainer.shap_values(rows[:2])
        begun = time.process_time()
        amounts = np.asarray(explainer.shap_values(rows))
        taken = time.process_time() - begun
    return amounts.astype(np.float64), len(rows) / taken


def distance(out: Path, amounts: "Matrix") -> float:
    """How far the contributions in a folder and those of shap are apart."""
    import numpy as np
    from pyarrow import parquet

    table = parquet.read_table(out / "part-00000.parquet").slice(0, len(amounts))
    ours = np.column_stack([table.column(f"contribution_{field.name}") for field in FIELDS])
    return float(np.abs(ours - amounts).max())


def show(found: Mapping[str, Any]) -> None:
    """Print both sides."""
    print(f"\nA file of rows explained to a file, {TREES} trees, one process")
    ours, theirs = found["rows_per_s"], found["shap_rows_per_s"]
    print(f"{'rows a processor second: read, checked, explained, worded':64}{ours:10,.0f}")
    print(f"{'by shap: contributions alone':64}{theirs:10,.0f}")
    for name, count in (("few", found["rows"]), ("many", found["rows"] * found["times"])):
        print(f"{f'peak memory for {count:,} rows, MB':64}{found[f'{name}_mb']:10.0f}")
    print(f"{'a million rows at that speed, processor seconds':64}{MILLION / ours:10.0f}")


def goals(found: Mapping[str, Any]) -> list[tuple[str, float, float, bool, str]]:
    """The promises about files."""
    memory = found["many_mb"] / found["few_mb"]
    return [
        (
            "a file explained, worded, written: rows a second, ours / shap's",
            found["rows_per_s"] / found["shap_rows_per_s"],
            10.0,
            True,
            "times",
        ),
        ("its memory for four times the rows", memory, 1.1, False, "times"),
    ]


def main() -> None:
    """Measure and print."""
    argparse.ArgumentParser(prog="python -m benchmarks.bulk", description=__doc__).parse_args()
    with tempfile.TemporaryDirectory(prefix="countermand-bulk-") as folder:
        write_bundle(Path(folder) / "bundle")
        found = measure(Path(folder) / "bundle", Path(folder) / "bulk")
    show(found)
    for what, measured, limit, _, unit in goals(found):
        print(f"{what:64}{measured:10.2f} {limit:.2f} {unit}")


if __name__ == "__main__":
    main()
