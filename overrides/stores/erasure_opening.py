"""Opening what an erasure touches before anything goes, as columns alone can be changed unseen.

Which party, case and class a data key is of stands in columns that whoever owns the database can
write. A key opens for its own party, case and class only, and a part by its own key and at its own
place only: so what opens is what it says it is.
"""

from collections.abc import Collection, Iterator, Sequence

from sqlalchemy import ColumnElement, Connection, select

from overrides.erasing import Part
from overrides.errors import DataKeyAltered, LedgerAltered, SlotErased
from overrides.events import read_event
from overrides.journal import Entry, Event
from overrides.merkle import leaf_hash
from overrides.stores.case_tables import FILES
from overrides.stores.payloads import stored_parts
from overrides.stores.reading import EVENTS, as_entries, entry_columns
from overrides.vault import Vault

AT_ONCE = 400  # values in one statement

_Opened = tuple[str, str, str]  # event id, slot, data key


def check_opening(
    connection: Connection, log: str, vault: Vault, parts: Sequence[Part], subject: str
) -> None:
    """Open these parts, and all that lies here of the cases they and the subject are of.

    All of a case, as a key that is called another party's for a while would stay behind. What has
    no key any more stays out of it: it was given up when a key was lost, and goes with nothing.

    Raises ``LedgerAltered`` or ``DataKeyAltered`` for what does not open or is not what it says.
    """
    cases = {part.case for part in parts if part.case}
    if subject:
        mine = select(FILES.c.case_ref).where(FILES.c.log == log, FILES.c.subject == subject)
        cases |= set(connection.execute(mine).scalars())
    opened: set[_Opened] = set()
    for events in _entries(connection, log, EVENTS.c.case_ref, cases):
        opened.update(_open(connection, log, vault, events))
    of_no_case = {part.event_id for part in parts if not part.case}
    for events in _entries(connection, log, EVENTS.c.event_id, of_no_case):
        opened.update(_open(connection, log, vault, events))
    for part in parts:
        if (*part.pair, part.dek_id) not in opened:
            finding = f"the part {part.slot} lies at another entry"
            raise LedgerAltered(seq=part.seq, finding=finding)


def _open(
    connection: Connection, log: str, vault: Vault, events: Sequence[Event]
) -> Iterator[_Opened]:
    """Open every part of these entries that has a key."""
    by_id = {event.event_id: event for event in events}
    for event_id, slots in stored_parts(connection, log, events).items():
        for slot, (sealed, key) in slots.items():
            if key is None:
                continue
            try:
                vault.unseal(key, event_id, by_id[event_id].seq, sealed)
            except SlotErased:  # of an epoch that nobody has the key of
                raise DataKeyAltered(dek_id=key.dek_id) from None
            yield event_id, slot, key.dek_id


def _entries(
    connection: Connection, log: str, column: ColumnElement[str], values: Collection[str]
) -> Iterator[list[Event]]:
    """Entries of a log in which a column has one of these values, some at a time."""
    wanted = sorted(values)
    for at in range(0, len(wanted), AT_ONCE):
        some = column.in_(wanted[at : at + AT_ONCE])
        rows = connection.execute(entry_columns().where(EVENTS.c.log == log, some))
        events = [_as_hashed(entry) for entry in as_entries(rows)]
        for start in range(0, len(events), AT_ONCE):
            yield events[start : start + AT_ONCE]


def _as_hashed(entry: Entry) -> Event:
    """An entry whose bytes are those that were hashed. Raises ``LedgerAltered``."""
    if leaf_hash(entry.body) != entry.leaf_hash:
        raise LedgerAltered(seq=entry.seq, finding="its bytes are not those that were hashed")
    return read_event(entry.body)
