"""What was found, as JSON: a file for each part, with seed, lots, counts, versions, durations."""

import json
import os
import platform
import sqlite3
import subprocess
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from functools import cache
from hashlib import sha256
from importlib.metadata import version
from pathlib import Path
from typing import Any

from tests.evidence.lots import Part, Tally

ROOT = Path(__file__).parents[2]
RESULTS = ROOT / "evidence" / "results"
LIBRARIES = ("countermand", "cryptography", "psycopg", "sqlalchemy", "sqlmodel")
EXAMINED = ("overrides", "decision_service", "tests/evidence", "tests/overrides")


@dataclass(slots=True)
class LotDone:
    """A lot that was worked off."""

    number: int
    asked: int
    units: int
    seconds: float
    failed: int = 0
    counts: dict[str, int] = field(default_factory=dict)
    failures: list[str] = field(default_factory=list)

    @classmethod
    def of(cls, number: int, asked: int, seconds: float, tally: Tally) -> "LotDone":
        """What a tally comes to."""
        return cls(
            number=number,
            asked=asked,
            units=tally.units,
            seconds=round(seconds, 3),
            failed=tally.failed,
            counts=dict(tally.counts),
            failures=tally.failures,
        )


@dataclass(slots=True)
class Found:
    """Everything found for one part with one seed, by one state of the code."""

    part: str
    seed: int
    code: str
    lots: list[LotDone] = field(default_factory=list)
    sittings: list[dict[str, Any]] = field(default_factory=list)

    @property
    def units(self) -> int:
        """Units of work done."""
        return sum(lot.units for lot in self.lots)

    @property
    def counts(self) -> dict[str, int]:
        """All counts together."""
        total: Counter[str] = Counter()
        for lot in self.lots:
            total.update(lot.counts)
        return dict(sorted(total.items()))

    @property
    def failed(self) -> int:
        """How many failures there were."""
        return sum(lot.failed for lot in self.lots)

    @property
    def failures(self) -> list[str]:
        """The first failures of each lot, with the lot that it can be repeated with."""
        return [f"{words} [{self.repeat(lot)}]" for lot in self.lots for words in lot.failures]

    @property
    def seconds(self) -> float:
        """Time on the clock, over all sittings."""
        return sum(float(sitting["seconds"]) for sitting in self.sittings)

    @property
    def rate(self) -> float:
        """Units per second of one worker."""
        working = sum(lot.seconds for lot in self.lots)
        return self.units / working if working else 0.0

    def repeat(self, lot: LotDone) -> str:
        """The command that does a lot again."""
        return (
            f"python -m tests.evidence {self.part} --seed {self.seed}"
            f" --only {lot.number} --count {lot.asked}"
        )

    def save(self, part: Part, folder: Path = RESULTS) -> Path:
        """Write it down."""
        folder.mkdir(parents=True, exist_ok=True)
        target = folder / f"{self.part}.json"
        report = {
            "part": self.part,
            "shows": part.shows,
            "unit": part.unit,
            "seed": self.seed,
            "units": self.units,
            "failed": self.failed,
            "release": part.release,
            "seconds": round(self.seconds, 1),
            "units_per_second_per_core": round(self.rate, 1),
            "counts": self.counts,
            "failures": self.failures,
            "code": self.code,
            "versions": versions(),
            "machine": machine(),
            "sittings": self.sittings,
            "lots": [asdict(lot) for lot in sorted(self.lots, key=lambda lot: lot.number)],
        }
        partial = target.with_suffix(".partial")
        partial.write_text(json.dumps(report, indent=1) + "\n", encoding="utf-8")
        partial.replace(target)
        return target


def kept(part: str, seed: int, folder: Path = RESULTS) -> Found:
    """What was found before with this seed by this code; empty when that was none."""
    fresh = Found(part, seed, code())
    path = folder / f"{part}.json"
    if not path.exists():
        return fresh
    report = json.loads(path.read_text("utf-8"))
    if (report["seed"], report["code"]) != (seed, fresh.code):
        return fresh
    fresh.lots = [LotDone(**lot) for lot in report["lots"]]
    fresh.sittings = report["sittings"]
    return fresh


def reports(folder: Path = RESULTS) -> Mapping[str, Mapping[str, Any]]:
    """Every report there is, by part."""
    paths = sorted(folder.glob("*.json")) if folder.is_dir() else []
    return {path.stem: json.loads(path.read_text("utf-8")) for path in paths}


@cache
def code() -> str:
    """A hash over the code that is examined and that examines."""
    digest = sha256()
    for path in _sources(EXAMINED):
        digest.update(f"{path.relative_to(ROOT)}\0".encode() + path.read_bytes())
    return digest.hexdigest()[:16]


def _sources(folders: Iterable[str]) -> Iterable[Path]:
    """Every source file in some folders."""
    for folder in folders:
        yield from sorted(
            path for path in (ROOT / folder).rglob("*") if path.suffix in {".py", ".c"}
        )


@cache
def versions() -> dict[str, str]:
    """What the findings depend on."""
    asked = ["git", "rev-parse", "HEAD"]
    told = subprocess.run(asked, cwd=ROOT, capture_output=True, text=True, check=False)
    return {
        "commit": told.stdout.strip(),
        "python": platform.python_version(),
        "sqlite": sqlite3.sqlite_version,
        **{name: version(name) for name in LIBRARIES},
    }


def machine() -> dict[str, Any]:
    """Where it was found."""
    return {
        "system": f"{platform.system()} {platform.release()}",
        "processor": platform.machine(),
        "cores": os.cpu_count(),
    }
