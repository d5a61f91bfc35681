"""Score methods of override analysis on planted worlds, or write one world as files.

``score`` prints each method's results over worlds with skilled officers, and over worlds whose
officers are equal, where every finding about one is false. ``generate DIR`` writes what a lender
would have recorded, and apart from it what is true.
"""

import argparse
import csv
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, replace
from hashlib import sha256
from pathlib import Path

from benchmarks.override_world.lender import MISSING
from benchmarks.override_world.methods import METHODS
from benchmarks.override_world.scores import Score, score
from benchmarks.override_world.world import Planted, World, branch_of, draw

WORLDS, SEED = 200, 7
SKILLED = Planted(officers=6, skilled=2, overrides=0.4, clusters=0.1)
EQUAL = replace(SKILLED, skilled=0, clusters=0.0)

_RECORDED = "application_id,officer,branch,decided_on,turn_of_day,amount_minor,probability_of_bad"
_RECORDED += ",decision,override,code,bad"


def rows_of(world: World) -> Iterable[Mapping[str, object]]:
    """What a lender's records have of each application, with its fields as they were given."""
    for case in world.cases:
        told = (
            case.application_id,
            case.officer,
            branch_of(case.officer),
            case.decided_on.isoformat(),
            f"{case.turn:.4f}",
            case.amount_minor,
            f"{case.chance:.6f}",
            "approve" if case.approved else "decline",
            int(case.override),
            case.code,
            "" if case.bad is None else int(case.bad),
        )
        hidden = {"application_id", "bad"}
        fields = {k: v for k, v in case.applicant.fields.items() if k not in hidden}
        yield {**dict(zip(_RECORDED.split(","), told, strict=True)), **fields}


def generate(folder: Path, planted: Planted, seed: int) -> dict[str, str]:
    """Write a world; the SHA-256 of each file by its name."""
    world = draw(planted, seed)
    folder.mkdir(parents=True, exist_ok=True)
    _table(folder / "cases.csv", list(rows_of(world)))
    loans = [asdict(loan) | {"booked_on": loan.booked_on.isoformat()} for loan in world.booked]
    _table(folder / "booked.csv", loans)
    truth = {
        "planted": asdict(planted),
        "seed": seed,
        "missing": MISSING,
        "skilled": sorted(world.truth.skilled),
        "bypassed": sorted(world.truth.bypassed),
        "chances": {name: round(chance, 9) for name, chance in world.truth.chances.items()},
    }
    (folder / "truth.json").write_text(json.dumps(truth, indent=1) + "\n", encoding="utf-8")
    files = ("booked.csv", "cases.csv", "truth.json")
    return {name: sha256((folder / name).read_bytes()).hexdigest() for name in files}


def _table(path: Path, rows: Sequence[Mapping[str, object]]) -> None:
    """One file of comma-separated values."""
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]), lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)


def _print(title: str, scores: Mapping[str, Score]) -> None:
    """Methods side by side."""
    print(f"\n{title}\n{'':54}" + "".join(f"{name:>40}" for name in scores))
    for told in zip(*(each.rows() for each in scores.values()), strict=True):
        print(f"{told[0][0]:54}" + "".join(f"{value:>40}" for _, value in told), flush=True)


def main(words: Sequence[str] | None = None) -> int:
    """Print the table, or write a world."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.override_world", description=__doc__
    )
    parser.add_argument("what", nargs="?", choices=("score", "generate"), default="score")
    parser.add_argument("folder", nargs="?", type=Path)
    parser.add_argument("--worlds", type=int, default=WORLDS)
    parser.add_argument("--seed", type=int, default=SEED)
    asked = parser.parse_args(words)
    if asked.what == "generate":
        if asked.folder is None:
            parser.error("say where to: generate DIR")
        for name, digest in generate(asked.folder, SKILLED, asked.seed).items():
            print(digest, name)
        return 0
    _print(
        f"{asked.worlds} worlds, {SKILLED.skilled} of {SKILLED.officers} officers skilled",
        score(METHODS, SKILLED, asked.worlds, asked.seed),
    )
    _print(
        f"{asked.worlds} worlds of equal officers",
        score(METHODS, EQUAL, asked.worlds, asked.seed),
    )
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
