"""Train the German trees again on an exported feedback set.

    python -m sample_models retrain --from FOLDER --out DIR [--manifest SHA256]

The set is verified first. Trained on are labelled loans whose window has closed, with the set's
weights, in its train and validation parts; its test part, the latest by time of closing, is held
out, and there the new model is held against the probabilities that were recorded at decision.
"""

import argparse
import csv
import json
import random
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from decision_service.feedback_verify import Wrong, manifest_hash, verify
from explain.bundle import load
from explain.declared.calibration import Matured
from explain.declared.contract import NUMERIC, Contract, Field
from explain.measures.measuring import write_measured
from explain.values import Row, Scalar, probability_of

from .bundle_writer import Draft, write_bundle
from .fitting import choose_and_fit, log_loss
from .measuring import card_text, measure
from .samples import HERE
from .train import contract_of, cutoffs_of, shares_of, trees_of

NAME = "german-credit"
TRAINED_ON_MIN, HELD_OUT_MIN = 200, 50
RESAMPLES, SEED = 1000, 11
YES = {"true", "1", "1.0"}
HELD_OUT = "test"


class NotTrainable(Exception):
    """A set that nothing can be trained on, and why."""


@dataclass(frozen=True, slots=True)
class Labelled:
    """One labelled loan: ``before`` is the probability recorded when it was decided."""

    row: Row
    bad: int
    weight: float
    before: float
    held_out: bool


@dataclass(frozen=True, slots=True)
class Gained:
    """A measure of the new model less that of the old on the held-out loans, with 95 %."""

    name: str
    difference: float
    low: float
    high: float


def retrain(folder: Path, out: Path, manifest: str = "") -> list[Gained]:
    """Verify the set, train, and write the bundle; what it gained on the held-out loans.

    Raises ``NotTrainable`` for a set that is altered, of another model, or too small.
    """
    found = _verified(folder, manifest)
    contract = contract_of(HERE / "german")
    loans = [loan for cells in rows_of(folder) if (loan := labelled(contract, cells)) is not None]
    return train_on(loans, contract, found, out)


def train_on(
    loans: Sequence[Labelled], contract: Contract, found: Mapping[str, Any], out: Path
) -> list[Gained]:
    """Train on labelled loans of a verified set (``found``) and write the bundle; what it gained.

    Raises ``NotTrainable`` for too few loans.
    """
    inside = [loan for loan in loans if not loan.held_out]
    outside = [loan for loan in loans if loan.held_out]
    _check_enough(inside, TRAINED_ON_MIN, "trained on")
    _check_enough(outside, HELD_OUT_MIN, "held out")
    rows, bad = [loan.row for loan in inside], [loan.bad for loan in inside]
    weights = [loan.weight for loan in inside]
    family = trees_of(contract)
    fitted = choose_and_fit(family, rows, bad, weights)
    score, _ = family.fit(rows, bad, fitted.chosen, weights)
    chances = [probability_of(raw) for raw in score([loan.row for loan in outside])]
    gains = gained(outside, chances)
    cutoffs = cutoffs_of(fitted)
    held_out = measure(chances, [loan.bad for loan in outside])
    shares = shares_of(chances, cutoffs)
    told = card_text(measure(fitted.out_of_fold, bad), held_out, fitted.chosen, cutoffs, shares)
    draft = Draft(
        name=NAME,
        title="German consumer loans",
        description="Gradient-boosted trees, trained again on a feedback set.",
        model_file="model.txt",
        model_format="lightgbm-text",
        content=fitted.content,
        calibration_p=held_out.calibration_p,
        calibration=[Matured(p, bool(y)) for p, y in zip(fitted.out_of_fold, bad, strict=True)],
        cutoffs=cutoffs,
        card=told + "\n" + _card(found, len(inside), len(outside), gains),
    )
    write_bundle(out, draft, HERE / "german", contract, rows, score(rows))
    bundle = load(out, prove=False)
    bundle.prove()
    write_measured(bundle, out)
    return gains


def rows_of(folder: Path) -> Iterator[Mapping[str, Any]]:
    """The rows of a set, as CSV text or as Parquet holds them."""
    files = json.loads((folder / "manifest.json").read_text("utf-8"))["files"]
    for name in sorted(files):
        if name.endswith(".csv"):
            with (folder / name).open(encoding="utf-8", newline="") as file:
                yield from csv.DictReader(file, strict=True)
        else:
            from pyarrow import parquet

            yield from parquet.read_table(folder / name).to_pylist()


def labelled(contract: Contract, cells: Mapping[str, Any]) -> Labelled | None:
    """A row as a labelled loan; None where it has no label, no closed window or no whole row."""
    if cells["label"] in (None, "") or str(cells["cohort_closed"]).lower() not in YES:
        return None
    row = {f.name: _scalar(f, cells.get(f"scored_{f.name}")) for f in contract.features}
    if None in row.values() or cells["pd_at_decision"] in (None, ""):
        return None
    weight = cells["weight"]
    return Labelled(
        row=row,
        bad=int(float(cells["label"])),
        weight=1.0 if weight in (None, "") else float(weight),
        before=float(cells["pd_at_decision"]),
        held_out=cells["split"] == HELD_OUT,
    )


def gained(loans: Sequence[Labelled], chances: Sequence[float]) -> list[Gained]:
    """Area under the curve, Brier score and log loss: new less old, by resampling the loans."""
    bad, before = [loan.bad for loan in loans], [loan.before for loan in loans]
    draws = random.Random(SEED)  # noqa: S311 # resampling, not keeping a secret
    picks = [draws.choices(range(len(loans)), k=len(loans)) for _ in range(RESAMPLES)]
    found = []
    for name, of in MEASURES.items():

        def less(places: Sequence[int], of: Measure = of) -> float:
            seen = [bad[i] for i in places]
            return of([chances[i] for i in places], seen) - of([before[i] for i in places], seen)

        drawn = sorted(
            less(places) for places in picks if 0 < sum(bad[i] for i in places) < len(places)
        )
        ends = drawn[int(0.025 * len(drawn))], drawn[int(0.975 * len(drawn))]
        found.append(Gained(name, less(range(len(loans))), *ends))
    return found


def area(chances: Sequence[float], bad: Sequence[int]) -> float:
    """Area under the ROC curve, by ranks (Mann and Whitney); ties count half."""
    order = sorted(range(len(bad)), key=lambda i: chances[i])
    ranks, place = [0.0] * len(bad), 0
    while place < len(order):
        end = place
        while end < len(order) and chances[order[end]] == chances[order[place]]:
            end += 1
        for i in order[place:end]:
            ranks[i] = (place + end + 1) / 2
        place = end
    bads = sum(bad)
    total = sum(rank for rank, one in zip(ranks, bad, strict=True) if one)
    return (total - bads * (bads + 1) / 2) / (bads * (len(bad) - bads))


def brier(chances: Sequence[float], bad: Sequence[int]) -> float:
    """Mean squared distance of chances from what happened."""
    return sum((p - y) ** 2 for p, y in zip(chances, bad, strict=True)) / len(bad)


Measure = Callable[[Sequence[float], Sequence[int]], float]
MEASURES: Mapping[str, Measure] = {
    "area under the ROC curve": area,
    "Brier score": brier,
    "log-loss": log_loss,
}


def main(arguments: Sequence[str] | None = None) -> int:
    """Read the command line and train."""
    parser = argparse.ArgumentParser(prog="python -m sample_models", description=__doc__)
    verb = parser.add_subparsers(required=True).add_parser("retrain", help="on a feedback set")
    verb.add_argument("--from", dest="folder", type=Path, required=True, help="the feedback set")
    verb.add_argument("--out", type=Path, required=True, help="the bundle's folder")
    verb.add_argument("--manifest", default="", metavar="SHA256", help="as the proposal names it")
    asked = parser.parse_args(arguments)
    try:
        gains = retrain(asked.folder, asked.out, asked.manifest)
    except NotTrainable as why:
        sys.stderr.write(f"{why}\n")
        return 1
    for one in gains:
        print(f"{one.name}: {one.difference:+.4f} (95 %: {one.low:+.4f} to {one.high:+.4f})")
    print(f"New less old on the held-out loans. The bundle is in {asked.out}.")
    return 0


def _verified(folder: Path, manifest: str) -> Mapping[str, Any]:
    """The manifest of a set that is consistent, and the one that is meant."""
    try:
        faults, _ = verify(folder)
        told: Mapping[str, Any] = json.loads((folder / "manifest.json").read_text("utf-8"))
        found = manifest_hash(folder)
    except (OSError, ValueError, KeyError, TypeError, Wrong) as broken:
        message = f"{folder} cannot be read as a feedback set: {broken}"
        raise NotTrainable(message) from None
    if faults:
        message = f"{folder} was altered: {'; '.join(faults)}"
        raise NotTrainable(message)
    if manifest and manifest.lower() != found:
        message = f"{folder} is another set: its manifest is {found}"
        raise NotTrainable(message)
    if told["bundle"] != NAME:
        message = f"only sets of {NAME} can be trained on here: export one with --bundle {NAME}"
        raise NotTrainable(message)
    return {**told, "sha256": found, "named": bool(manifest)}


def _check_enough(loans: Sequence[Labelled], least: int, what: str) -> None:
    """Refuse too few loans, or loans of one outcome alone."""
    bads = sum(loan.bad for loan in loans)
    if len(loans) < least or not 0 < bads < len(loans):
        message = (
            f"{len(loans)} labelled loans, {bads} of them bad, can be {what}: at least {least}"
        )
        message += ", good and bad ones, are needed"
        raise NotTrainable(message)


def _scalar(field: Field, value: Any) -> Scalar:
    """A cell as a model is given it; None where it is missing."""
    if value is None or value == "":
        return None
    if field.type in NUMERIC:
        return float(value)
    if field.type == "boolean":
        return 1.0 if str(value).lower() in YES else 0.0
    return str(value)


def _card(found: Mapping[str, Any], inside: int, outside: int, gains: Sequence[Gained]) -> str:
    """What the card says of the set and of the gain."""
    named = ", the one that was named when it was trained" if found["named"] else ""
    lines = [
        "## Trained again on a feedback set",
        "",
        f"Manifest SHA-256 {found['sha256']}{named}; cut at {found['as_of']}.",
        f"Trained on {inside} labelled loans whose window had closed, with the weights of the set;",
        f"held out the latest {outside}. There, this model less the probabilities recorded when",
        "those loans were decided, with 95 % intervals from resampling the loans:",
        "",
        "| measure | difference | 95 % |",
        "|---|---|---|",
    ]
    lines += [f"| {g.name} | {g.difference:+.4f} | {g.low:+.4f} to {g.high:+.4f} |" for g in gains]
    lines += [
        "",
        "Higher is better for the area, lower for the others. Loans that were declined",
        "",
    ]
    lines[-1:] = ["have no outcome and are in neither part.", ""]
    return "\n".join(lines)
