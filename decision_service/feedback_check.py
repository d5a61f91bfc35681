"""Checking an old feedback set: whether it is whole, and which of its rows were erased since."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from decision_service.erasure_finishing import erased_places
from decision_service.feedback_errors import SetUnreadable
from decision_service.feedback_files import MANIFEST, manifest_sha256
from decision_service.feedback_places import UnreadableRows, places_in
from decision_service.feedback_verify import Wrong, verify
from decision_service.services import Services
from overrides.events import read_event
from overrides.journal import Json
from overrides.signing_keys import trusted_keys

SETS_AT_ONCE = 500


@dataclass(frozen=True, slots=True)
class CheckedSet:
    """What was found of a set. ``erased`` are places in the ledger, by file.

    ``known`` says whether the ledger has an entry for the set's manifest.
    """

    rows: int
    known: bool
    faults: tuple[str, ...]
    erased: Mapping[str, tuple[int, ...]]
    erasures_since: int

    @property
    def good(self) -> bool:
        """Whether the set can go on being used."""
        return self.known and not self.faults and not any(self.erased.values())

    def as_json(self) -> dict[str, Json]:
        """The same as JSON."""
        return {
            "rows": self.rows,
            "known": self.known,
            "faults": list(self.faults),
            "erased_rows": sum(map(len, self.erased.values())),
            "erased": {name: list(places) for name, places in self.erased.items()},
            "erasures_since": self.erasures_since,
        }


def check_set(services: Services, folder: Path) -> CheckedSet:
    """Look at a set of this installation's ledger. Raises ``SetUnreadable``."""
    try:
        manifest: dict[str, Any] = json.loads((folder / MANIFEST).read_text("utf-8"))
        keys = [key.vkey for key in trusted_keys(services.settings.keys)]
        faults, _ = verify(folder, keys)
    except (OSError, ValueError, KeyError, TypeError, IndexError, Wrong) as broken:
        raise SetUnreadable(folder=folder.name, problem=str(broken)) from broken
    log = manifest["ledger"]["log"]
    if log != services.ledger.log:
        raise SetUnreadable(
            folder=folder.name, problem=f"it is of the ledger {log}, not of {services.ledger.log}"
        )
    erasures = list(erased_places(services))
    gone = set[int]().union(*erasures)
    erased: dict[str, tuple[int, ...]] = {}
    for name in manifest["files"]:
        try:
            places = places_in(folder / name)
        except (OSError, UnreadableRows):
            faults.append(f"{name} does not say which decisions its rows are of")
            continue
        erased[name] = tuple(place for place in places if place in gone)
    sha256 = manifest_sha256(folder)
    return CheckedSet(
        rows=manifest["rows"],
        known=_is_recorded(services, sha256),
        faults=tuple(faults),
        erased=erased,
        erasures_since=max(0, len(erasures) - int(manifest["erasure_epoch"])),
    )


def _is_recorded(services: Services, sha256: str) -> bool:
    """Whether an entry of the ledger, however old, names this manifest."""
    before: int | None = None
    while found := services.ledger.latest(before, SETS_AT_ONCE, ("feedback_exported",)):
        if any(read_event(entry.body).data["manifest_sha256"] == sha256 for entry in found):
            return True
        before = found[-1].seq
    return False
