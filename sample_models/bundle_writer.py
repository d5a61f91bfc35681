"""Writing one complete bundle folder from fitted parts and the sample's own YAML files."""

import csv
import json
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from string import Template

from explain.declared.bundle_contents import EXPECTED_COLUMN
from explain.declared.bundle_files import seal
from explain.declared.calibration import COLUMNS, Matured
from explain.declared.contract import Contract
from explain.values import Row, Scalar

from .samples import HERE

REFERENCE_ROWS = 200

CALIBRATED_ON = "the development loans, each scored by a model fitted without its fold"


@dataclass(frozen=True, slots=True)
class Draft:
    """Everything about one bundle that training works out."""

    name: str
    title: str
    description: str
    model_file: str
    model_format: str
    content: bytes
    calibration_p: float
    calibration: Sequence[Matured]
    cutoffs: tuple[str, str]
    card: str


def write_bundle(
    directory: Path,
    draft: Draft,
    sample: Path,
    contract: Contract,
    rows: Sequence[Row],
    scores: Sequence[float],
) -> None:
    """Write ``directory`` anew and seal it; ``rows`` are the development rows with their scores.

    The bundle is built beside its place and moved there whole, so that a broken run leaves the
    bundle that was there.
    """
    building = directory.with_name(f".{directory.name}.building")
    shutil.rmtree(building, ignore_errors=True)
    building.mkdir(parents=True)
    trees = draft.model_format == "lightgbm-text"
    model = {
        "file": draft.model_file,
        "format": draft.model_format,
        "scale": "log-odds-of-bad",
        "explainer": "tree_interventional" if trees else "linear_independent",
        "reference": "reference.csv",
        "background": "background.csv",
        "calibration_p": f"{draft.calibration_p:.4f}",
        "calibration": "calibration.csv",
        "calibration_population": CALIBRATED_ON,
    }
    _write_calibration(building / "calibration.csv", draft.calibration)
    if trees:
        model["background_population"] = "all"  # those at the cut-off are too few to compare with
    _write_rows(building / "background.csv", contract, rows, None)
    told = {"name": draft.name, "title": draft.title, "description": draft.description}
    _fill(sample / "model.yaml", building / "model.yaml", {**told, "model": json.dumps(model)})
    approve, decline = draft.cutoffs
    cutoffs = {"approve_up_to": approve, "decline_above": decline}
    _fill(sample / "policy.yaml", building / "policy.yaml", cutoffs)
    concepts = (sample / "concepts.yaml").read_text(encoding="utf-8")
    codes = (HERE / "justifications.yaml").read_text(encoding="utf-8")
    _write(building / "codebook.yaml", f"{concepts}\n{codes}")
    _write(building / "kpis.yaml", (HERE / "kpis.yaml").read_text(encoding="utf-8"))
    _write(building / "card.md", draft.card)
    (building / draft.model_file).write_bytes(draft.content)
    kept = slice(None, REFERENCE_ROWS)
    _write_rows(building / "reference.csv", contract, rows[kept], scores[kept])
    seal(building, draft.name)
    shutil.rmtree(directory, ignore_errors=True)
    building.rename(directory)


def _write_rows(
    path: Path, contract: Contract, rows: Sequence[Row], scores: Sequence[float] | None
) -> None:
    """A sample of rows as CSV, with the raw score each must give where scores are known."""
    names = [f.name for f in contract.features]
    extra = [] if scores is None else [EXPECTED_COLUMN]
    with path.open("w", encoding="utf-8", newline="") as file:
        table = csv.writer(file, lineterminator="\n")
        table.writerow([*names, *extra])
        for place, row in enumerate(rows):
            cells = [_cell(row[name]) for name in names]
            table.writerow(cells if scores is None else [*cells, repr(scores[place])])


def _write_calibration(path: Path, rows: Sequence[Matured]) -> None:
    """Chances of rows left out of each fold, with what became of them."""
    with path.open("w", encoding="utf-8", newline="") as file:
        table = csv.writer(file, lineterminator="\n")
        table.writerow(COLUMNS)
        table.writerows((repr(row.probability), int(row.bad)) for row in rows)


def _cell(value: Scalar) -> str:
    """A scalar as the contract reads it back."""
    if isinstance(value, float):
        return str(int(value)) if value == int(value) else repr(value)
    return value or ""


def _fill(source: Path, target: Path, places: Mapping[str, str]) -> None:
    """Copy a text file with its ``${places}`` filled; KeyError for one that is not known."""
    _write(target, Template(source.read_text(encoding="utf-8")).substitute(places))


def _write(path: Path, text: str) -> None:
    """Write text with the same line ends everywhere."""
    path.write_text(text, encoding="utf-8", newline="\n")
