"""Legal holds as entries set and lift them: a hold stands until an entry lifts it."""

from collections.abc import Iterable
from dataclasses import replace

from overrides.erasing import Hold, Scope
from overrides.errors import LedgerAltered
from overrides.events import read_event
from overrides.journal import Entry, Event
from overrides.merkle import leaf_hash

KINDS = ("legal_hold_set", "legal_hold_lifted")


def holds_in(entries: Iterable[Entry]) -> list[Hold]:
    """The holds that entries set and lifted, oldest first; entries come in ledger order."""
    holds: dict[str, Hold] = {}
    for entry in entries:
        if leaf_hash(entry.body) != entry.leaf_hash:
            raise LedgerAltered(seq=entry.seq, finding="its bytes are not those that were hashed")
        event = read_event(entry.body)
        if event.type == "legal_hold_set":
            holds[event.event_id] = _set(event)
        elif event.type == "legal_hold_lifted" and (lifted := holds.get(event.data["of"])):
            holds[lifted.hold_id] = replace(
                lifted, lifted_by=event.actor, lifted_at=event.recorded_at
            )
    return list(holds.values())


def _set(event: Event) -> Hold:
    """A hold as it was set."""
    return Hold(
        hold_id=event.event_id,
        seq=event.seq,
        scope=Scope(event.data["scope"]),
        subject=event.data.get("subject", ""),
        case=event.case or "",
        ground=event.data["ground"],
        set_by=event.actor,
        set_at=event.recorded_at,
    )
