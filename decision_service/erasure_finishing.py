"""What follows an erasure: old keys destroyed, sets in the data directory emptied of what went.

Each step looks for itself at what is left to do, so a process that ends in the middle leaves work
that the next one finishes.
"""

import json
import logging
import shutil
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from decision_service.access import HOST
from decision_service.feedback_export import MANIFEST, PARTIAL
from decision_service.party_parts import PARTY_SLOTS
from decision_service.services import Services
from overrides.errors import OverridesError

LOGGER = logging.getLogger(__name__)
ROWS = "*.parquet"
PLACE = "ledger_seq"
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


def finish_erasures(services: Services) -> Finished:
    """Do everything that follows from what was erased so far and is not done yet."""
    returned = services.replaying.erase_returned(HOST)
    for words in returned.told:
        LOGGER.warning(words)
    if services.replaying.remember():
        with suppress(OverridesError):  # without a signature now, at the next look
            services.signer.checkpoint()
        services.replaying.remember()
    sets = tuple(_empty_sets(services))
    epoch = services.rotation.finish(HOST)
    if keys_pending(services):
        epoch = services.rotation.rotate(HOST, "erasure", still=lambda: keys_pending(services))
    return Finished(epoch, sets, returned.entries, tuple(returned.told))


def keys_pending(services: Services) -> bool:
    """Whether copies of data keys that were erased may open still, by a key that is in use."""
    erased = services.ledger.latest(None, 1, ("record_erased",))
    return bool(erased) and services.rotation.after(erased[0]) is None


def rotation_due(services: Services, every: timedelta) -> bool:
    """Whether the key is older than it should be."""
    seq = services.rotation.last() or 0
    entry = services.ledger.entry(seq)
    return entry is not None and services.clock() - entry.recorded_at >= every


def _empty_sets(services: Services) -> Iterator[str]:
    """Take the rows of every set away that has features of what was erased; the sets' names.

    Their manifests stay: they say what a set was, and hold nothing of a person. What a broken-off
    export left behind goes as well.
    """
    folder = services.settings.feedback
    for left in folder.glob(f"*/{PARTIAL}"):
        if services.clock().timestamp() - left.stat().st_mtime > EXPORT_SECONDS_MAX:
            shutil.rmtree(left, ignore_errors=True)
    paths = sorted(folder.glob(f"*/{ROWS}"))
    erased = list(_erased_places(services)) if paths else []
    for path in paths:
        later = erased[_epoch_of(path.parent) :]  # those before were not in it any more
        if any(later) and set().union(*later) & _places(path):
            path.unlink()
            yield path.parent.name


def _erased_places(services: Services) -> Iterator[set[int]]:
    """Of each erasure in turn, the places of the decisions whose features it took."""
    after = -1
    while found := services.ledger.changes(after, AT_ONCE, ("record_erased",)):
        for entry in found:
            yield services.erasures.places_of(entry.event_id, FEATURES)
        after = found[-1].seq


def _epoch_of(folder: Path) -> int:
    """How many erasures there had been when a set was made; 0 where it cannot be told."""
    try:
        return int(json.loads((folder / MANIFEST).read_text(encoding="utf-8"))["erasure_epoch"])
    except (OSError, ValueError, KeyError, TypeError):
        return 0


def _places(path: Path) -> set[int]:
    """Places in the ledger of the decisions in one file."""
    from pyarrow import parquet

    return set(parquet.read_table(path, columns=[PLACE]).column(PLACE).to_pylist())
