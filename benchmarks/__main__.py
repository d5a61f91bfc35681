"""``make bench``: build the model, start both servers, check, race, and say what came out."""

import argparse
import json
import os
import platform
import sys
import tempfile
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any, NamedTuple

from benchmarks import (
    appends,
    black_box,
    bulk,
    cold_start,
    decisions,
    families,
    interventional,
    kernel,
    ledger,
    pages,
    peers,
    recorded,
    servers,
    verifier,
)
from benchmarks.credit_bundle import LEAVES, TREES, write_bundle
from benchmarks.credit_fields import FIELDS, as_fields

RESULTS = Path(__file__).parent / "results"
LIBRARIES = (
    "fastapi",
    "lightgbm",
    "numba",
    "scikit-learn",
    "shap",
    "sqlalchemy",
    "sqlmodel",
    "uvicorn",
)
DIFFERENT_BODIES = 500


class Goal(NamedTuple):
    """A promise about speed, and what was measured."""

    what: str
    measured: float
    limit: float
    at_least: bool
    unit: str

    @property
    def met(self) -> bool:
        """Whether the promise holds in this run."""
        return self.measured >= self.limit if self.at_least else self.measured <= self.limit


def goals(found: dict[str, Any]) -> list[Goal]:
    """Every promise beside what this run gave."""
    raced, shown, checked = found["decisions"], found["pages"], found["verifier"]
    mine_one, theirs_one = raced["countermand, 1 client"], raced["textbook, 1 client"]
    mine_many, theirs_many = raced["countermand, 32 clients"], raced["textbook, 32 clients"]
    latency = theirs_one["p50_ms"] / mine_one["p50_ms"]
    throughput = mine_many["requests_per_s"] / theirs_many["requests_per_s"]
    desk = shown["pages"]["/desk"]["p50_ms"]
    case = shown["pages"]["/cases/{id}"]["p50_ms"]
    return [
        Goal("median latency at 1 client: textbook / ours", latency, 4, True, "times"),
        Goal("requests at 32 clients: ours / textbook", throughput, 10, True, "times"),
        Goal("desk with 10,000 cases", desk, 50, False, "ms"),
        Goal("case page with 10,000 cases", case, 50, False, "ms"),
        Goal("start of `ledger verify --help`", checked["help_s"], 0.3, False, "s"),
        Goal("server memory after all pages", shown["memory_mb"], 600, False, "MB"),
        *(Goal(*promise) for promise in peers.goals(found["peers"])),
        *kernel_goals(found["kernel"]),
        *(Goal(*promise) for promise in families.goals(found["families"])),
        *(Goal(*promise) for promise in interventional.goals(found["interventional"])),
        *(Goal(*promise) for promise in black_box.goals(found["black_box"])),
        *(Goal(*promise) for promise in bulk.goals(found["bulk"])),
        *(Goal(*promise) for promise in recorded.goals(found["recorded"], found["bulk"])),
        *(Goal(*promise) for promise in cold_start.goals(found["cold_start"])),
        *(Goal(*promise) for promise in appends.goals(found["appends"])),
        *(Goal(*promise) for promise in ledger.goals(found["ledger"])),
    ]


def kernel_goals(explained: dict[str, Any]) -> list[Goal]:
    """The promises about contributions, each by the model that does worse."""

    def times(way: str) -> float:
        models = explained.values()
        return float(min(model[f"{way}_theirs"] / model[f"{way}_ours"] for model in models))

    return [
        Goal("contributions of one row: LightGBM / ours", times("hot"), 4, True, "times"),
        Goal("the same between other work", times("between"), 3, True, "times"),
        Goal("the same in blocks", times("block"), 30, True, "times"),
    ]


def show_race(raced: dict[str, Any]) -> None:
    """Print ours beside theirs."""
    print(f"\n{'':28}{'p50 ms':>10}{'p99 ms':>10}{'requests/s':>12}")
    for name, figures in raced.items():
        print(
            f"{name:28}{figures['p50_ms']:10.2f}{figures['p99_ms']:10.2f}"
            f"{figures['requests_per_s']:12.0f}"
        )


def show_pages(shown: dict[str, Any]) -> None:
    """Print what the pages took."""
    print(f"\n{'page':28}{'p50 ms':>10}{'worst ms':>10}")
    for name, figures in shown["pages"].items():
        print(f"{name:28}{figures['p50_ms']:10.1f}{figures['max_ms']:10.1f}")


def show_goals(reached: list[Goal]) -> None:
    """Print every promise beside what was found."""
    print(f"\n{'goal':64}{'measured':>10}{'limit':>8}")
    for goal in reached:
        side = "≥" if goal.at_least else "≤"
        verdict = "met" if goal.met else "MISSED"
        print(f"{goal.what:64}{goal.measured:10.2f} {side}{goal.limit:<6g} {goal.unit:10}{verdict}")


def machine() -> dict[str, Any]:
    """What the figures depend on."""
    return {
        "python": platform.python_version(),
        "system": platform.system(),
        "processor": platform.machine(),
        "cores": os.cpu_count(),
        "libraries": {name: version(name) for name in LIBRARIES},
        "model": {"trees": TREES, "leaves": LEAVES, "fields": len(FIELDS)},
    }


class Served(NamedTuple):
    """What was measured of running servers."""

    distance: float
    raced: dict[str, Any]
    peers: dict[str, float]
    pages: dict[str, Any]
    together: dict[str, float]


def serve(folder: Path, rounds: int, seconds: float) -> Served:
    """Both servers, held against each other, raced, and ours looked at as people do."""
    print(f"Training {TREES} trees of {LEAVES} leaves on {len(FIELDS)} fields")
    rows = write_bundle(folder / "bundle")
    applicants = [as_fields(row) for row in rows[:DIFFERENT_BODIES].tolist()]
    bodies = decisions.bodies_of(applicants)
    with (
        servers.ours(folder / "bundle", folder / "ours") as mine,
        servers.textbook(folder / "bundle", folder / "textbook") as theirs,
    ):
        distance = decisions.check(mine, theirs, bodies)
        print(f"Both add up and agree to {distance:.1e}; racing")
        raced = decisions.race(mine, theirs, bodies, rounds=rounds, seconds=seconds)
        show_race(raced)
        others = peers.measure(
            mine, bodies, applicants, folder / "bundle", folder / "peers", rounds=rounds
        )
        peers.show(others)
        sent = (raced[name]["rounds"] for name in raced if name.startswith(mine.name))
        cases = pages.fill(
            mine, bodies, sum(turn["answered"] for rounds in sent for turn in rounds)
        )
        print(f"\nPages with {cases:,} cases")
        shown = pages.time_pages(mine, cases)
        together = recorded.measure(mine, bodies)
    together |= recorded.by_file(folder / "ours", bodies)
    show_pages(shown)
    return Served(distance, raced, others, shown, together)


def measure(folder: Path, rounds: int, seconds: float) -> dict[str, Any]:
    """Everything, in a folder that is thrown away afterwards."""
    served = serve(folder, rounds, seconds)
    checked = verifier.measure(folder / "ours")
    started = cold_start.measure(folder)
    cold_start.show(started)
    slow = folder / "appends"
    slow.mkdir()
    appended = appends.measure(slow)
    appends.show(appended)
    print("\nThe hash tree, proofs of a large ledger, and whole checks of exports")
    tree = ledger.measure(folder)
    ledger.show(tree)
    explained = kernel.measure(folder)
    kernel.show(explained)
    others = families.measure()
    families.show(others)
    against = interventional.measure(folder / "interventional")
    interventional.show(against)
    asked = black_box.measure(folder / "black_box")
    black_box.show(asked)
    filed = bulk.measure(folder / "bundle", folder / "bulk")
    bulk.show(filed)
    recorded.show(served.together, filed)
    return {
        "distance": served.distance,
        "decisions": served.raced,
        "peers": served.peers,
        "recorded": served.together,
        "pages": served.pages,
        "verifier": checked,
        "cold_start": started,
        "appends": appended,
        "kernel": explained,
        "families": others,
        "interventional": against,
        "black_box": asked,
        "bulk": filed,
        "ledger": tree,
    }


def main() -> int:
    """Measure, print, write down; 0 when every goal was met."""
    words = argparse.ArgumentParser(prog="make bench", description=__doc__)
    words.add_argument("--rounds", type=int, default=decisions.ROUNDS)
    words.add_argument("--seconds", type=float, default=decisions.SECONDS_PER_TURN)
    chosen = words.parse_args()
    with tempfile.TemporaryDirectory(prefix="countermand-bench-") as folder:
        found = measure(Path(folder), chosen.rounds, chosen.seconds)
    reached = goals(found)
    show_goals(reached)
    today = datetime.now(UTC).date().isoformat()
    kept = [{**goal._asdict(), "met": goal.met} for goal in reached]
    RESULTS.mkdir(exist_ok=True)
    target = RESULTS / f"{today}.json"
    report = {"date": today, "machine": machine(), "goals": kept, **found}
    target.write_text(json.dumps(report, indent=1) + "\n", encoding="utf-8")
    print(f"\nWritten to benchmarks/results/{target.name}")
    return 0 if all(goal.met for goal in reached) else 1


if __name__ == "__main__":
    sys.exit(main())
