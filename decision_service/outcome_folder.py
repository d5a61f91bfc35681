"""A folder where the core system leaves files of outcomes: each is taken in once it is whole.

A file is whole when nothing was written to it for a while; names that begin with a full stop or end
with ``.part`` are never looked at. What was taken in is moved to ``taken``, with a report beside
it; a file whose import broke off stays and is taken in again, which changes nothing twice.
"""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from decision_service.outcome_import import ImportReport, OutcomeImport
from decision_service.services import Services
from overrides.errors import LedgerUnavailable
from overrides.journal import Json
from overrides.values import Actor

FORMS: dict[str, Literal["csv", "jsonl"]] = {".csv": "csv", ".jsonl": "jsonl", ".ndjson": "jsonl"}
TAKEN = "taken"
REPORT = ".report.json"


@dataclass(frozen=True, slots=True)
class Taken:
    """What became of one file: its report, or why it stays for the next look."""

    name: str
    report: ImportReport | None
    stays: str = ""

    @property
    def good(self) -> bool:
        """Whether all of it went in."""
        return self.report is not None and not self.stays and not self.report.refused

    def as_json(self) -> dict[str, Json]:
        """What is written beside the file."""
        if self.report is None:
            return {"file": self.name, "stays": self.stays}
        return {
            "file": self.name,
            "counts": dict(self.report.counts),
            "refused": [{"line": r.number, "problem": r.problem} for r in self.report.refused],
            "corrected_lines": list(self.report.corrected),
            **({"stays": self.stays} if self.stays else {}),
        }


@dataclass(frozen=True, slots=True)
class OutcomeFolder:
    """One watched folder. ``settle_s`` is for how long nothing may have been written to a file.

    ``seconds`` is the time of the files' own clock, in seconds since 1970.
    """

    services: Services
    folder: Path
    actor: Actor
    settle_s: float
    seconds: Callable[[], float]

    def look(self) -> Iterator[Taken]:
        """Take in every file that is whole, by name."""
        for path in sorted(self.folder.iterdir()):
            if path.is_file() and self._is_whole(path):
                yield self._take(path)

    def _is_whole(self, path: Path) -> bool:
        """Whether a file is one of outcomes, and nobody writes to it any more."""
        if path.name.startswith(".") or path.suffix not in FORMS:
            return False
        return self.seconds() - path.stat().st_mtime >= self.settle_s

    def _take(self, path: Path) -> Taken:
        """Take in one file and move it."""
        try:
            report = OutcomeImport(self.services).file(path, self.actor, form=FORMS[path.suffix])
        except LedgerUnavailable as failed:
            return Taken(path.name, None, str(failed))
        except OSError as failed:
            return Taken(path.name, None, f"it cannot be read: {failed.strerror}")
        if report.stopped:
            return Taken(path.name, report, report.stopped)
        home = self.folder / TAKEN
        home.mkdir(exist_ok=True)
        free = _free(home, path)
        taken = Taken(path.name, report)
        text = json.dumps(taken.as_json(), indent=2, ensure_ascii=False) + "\n"
        free.with_name(free.name + REPORT).write_text(text, encoding="utf-8")
        path.rename(free)
        return taken


def _free(home: Path, path: Path) -> Path:
    """A name in the folder that no earlier file has."""
    number, free = 1, home / path.name
    while free.exists():
        number += 1
        free = home / f"{path.stem}-{number}{path.suffix}"
    return free
