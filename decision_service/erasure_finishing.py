"""What follows an erasure: old keys destroyed, sets in the data directory emptied of what went.

Each step looks for itself at what is left to do, so a process that ends in the middle leaves work
that the next one finishes.
"""

import json
import logging
import shutil
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

from decision_service.access import HOST
from decision_service.feedback_export import PARTIAL
from decision_service.feedback_files import manifest_sha256, row_files
from decision_service.feedback_places import UnreadableRows, places_in
from decision_service.party_parts import PARTY_SLOTS
from decision_service.services import Services
from overrides.erasure_replay import Again
from overrides.errors import OverridesError
from overrides.journal import Entry

LOGGER = logging.getLogger(__name__)
FEATURES = frozenset({"inputs", "explanation", *PARTY_SLOTS})
AT_ONCE = 500
EXPORT_SECONDS_MAX = 3_600


@dataclass(frozen=True, slots=True)
class Finished:
    """What was done: the epoch that began, if one did, and the sets that were emptied.

    ``again`` entries erase what lay here once more; ``told`` is what was not erased, and why.
    """

    epoch: int | None
    sets: tuple[str, ...]
    again: int = 0
    told: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class _Emptied:
    """The sets whose rows were taken away, and those whose rows could not be."""

    sets: list[str] = field(default_factory=list)
    told: list[str] = field(default_factory=list)

    @contextmanager
    def telling(self, path: Path) -> Iterator[None]:
        """Go on where something can be neither looked at nor taken away, and tell it."""
        try:
            yield
        except OSError as refused:
            self.told.append(f"{path} may hold what was erased, and stays: {refused.strerror}.")
            LOGGER.warning(self.told[-1])


def finish_erasures(services: Services) -> Finished:
    """Do everything that follows from what was erased so far and is not done yet.

    Old keys are destroyed and sets emptied whatever became of the step before; what failed is
    raised afterwards.
    """
    try:
        returned = _erase_returned(services)
    finally:
        try:
            epoch = _destroy_old_keys(services)
        finally:
            emptied = _empty_sets(services)
    told = (*returned.told, *emptied.told)
    return Finished(epoch, tuple(emptied.sets), returned.entries, told)


def keys_pending(services: Services) -> bool:
    """Whether copies of data keys that were erased may open still, by a key that is in use."""
    erased = services.ledger.latest(None, 1, ("record_erased",))
    return bool(erased) and services.rotation.after(erased[0]) is None


def rotation_due(services: Services, every: timedelta) -> bool:
    """Whether the key is older than it should be."""
    seq = services.rotation.last() or 0
    entry = services.ledger.entry(seq)
    return entry is not None and services.clock() - entry.recorded_at >= every


def _erase_returned(services: Services) -> Again:
    """Erase again what lies here once more, and note beside the keys what was erased."""
    returned = services.replaying.erase_returned(HOST)
    for words in returned.told:
        LOGGER.warning(words)
    if services.replaying.remember():
        with suppress(OverridesError):  # without a signature now, at the next look
            services.signer.checkpoint()
        services.replaying.remember()
    return returned


def _destroy_old_keys(services: Services) -> int | None:
    """Replace the key above the data keys where it opens what was erased; the epoch it begins."""
    epoch = services.rotation.finish(HOST)
    if keys_pending(services):
        epoch = services.rotation.rotate(HOST, "erasure", still=lambda: keys_pending(services))
    return epoch


def _empty_sets(services: Services) -> _Emptied:
    """Take the rows of every set away that may have features of what was erased.

    Their manifests stay: they say what a set was, and hold nothing of a person. What a broken-off
    export left behind goes as well. A file that cannot be taken away is told, and keeps nothing
    else from going.
    """
    folder, emptied, now = services.settings.feedback, _Emptied(), services.clock()
    for left in folder.rglob(PARTIAL):
        with emptied.telling(left):
            if not _is_being_made(left.parent, now):
                shutil.rmtree(left)
    paths = [path for path in row_files(folder) if path.parent.name != PARTIAL]
    erased = list(erased_places(services)) if paths else []
    known = _erased_when_made(services) if paths else {}
    for path in paths:
        with emptied.telling(path):
            if not _is_being_made(path.parent, now) and _may_hold(path, erased, known):
                path.unlink()
                emptied.sets.append(path.parent.relative_to(folder).as_posix())
    return emptied


def _is_being_made(folder: Path, now: datetime) -> bool:
    """Whether an export is still writing into this folder; its rows are looked at afterwards."""
    try:
        begun = (folder / PARTIAL).stat().st_mtime
    except FileNotFoundError:
        return False
    return now.timestamp() - begun <= EXPORT_SECONDS_MAX


def _may_hold(path: Path, erased: Sequence[set[int]], known: Mapping[str, int]) -> bool:
    """Whether a set's rows may have features of what was erased: unless it is shown that not.

    It cannot be shown of a set that this ledger does not know: one made after the backup that was
    put back counts places and erasures of another history.
    """
    made = known.get(manifest_sha256(path.parent))
    if made is None:
        return bool(erased)
    later = set[int]().union(*erased[made:])  # those before were not in it any more
    if not later:
        return False
    places = _places(path)
    return places is None or not places.isdisjoint(later)


def erased_places(services: Services) -> Iterator[set[int]]:
    """Of each erasure in turn, the places of the decisions whose features it took."""
    for entry in _entries(services, "record_erased"):
        yield services.erasures.places_of(entry.event_id, FEATURES)


def _erased_when_made(services: Services) -> dict[str, int]:
    """By the SHA-256 of each recorded set's manifest: how many erasures were before it."""
    made = (json.loads(e.body)["data"] for e in _entries(services, "feedback_exported"))
    return {data["manifest_sha256"]: data["erasure_epoch"] for data in made}


def _entries(services: Services, kind: str) -> Iterator[Entry]:
    """Every entry of a kind, in order."""
    after = -1
    while found := services.ledger.changes(after, AT_ONCE, (kind,)):
        yield from found
        after = found[-1].seq


def _places(path: Path) -> set[int] | None:
    """Places in the ledger of the decisions in one file; None where they cannot be read."""
    with suppress(UnreadableRows):
        return set(places_in(path))
    return None
