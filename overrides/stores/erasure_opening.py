"""Opening what an erasure touches before anything goes, as columns alone can be changed unseen.

Which party, case and class a data key is of stands in columns that whoever owns the database can
write. A key opens for its own party, case and class only, and a part by its own key and at its own
place only: so what opens is what it says it is.
"""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass

from sqlalchemy import ColumnElement, Connection, select

from overrides.erasing import Part
from overrides.errors import DataKeyAltered, LedgerAltered, SlotErased
from overrides.events import read_event
from overrides.journal import Entry, Event
from overrides.merkle import leaf_hash
from overrides.stores.case_tables import FILES
from overrides.stores.payloads import stored_parts
from overrides.stores.reading import EVENTS, as_entries, entry_columns
from overrides.vault import Vault, WrappedKey

AT_ONCE = 400  # values in one statement

_Opened = tuple[str, str, str]  # event id, slot, data key


@dataclass(frozen=True, slots=True)
class Opening:
    """Opens parts of a log, in one transaction.

    ``closed_pass`` is for what came back from an older copy: of the key that locked it nothing may
    be left, and then it goes unopened. What a key that is here opens is never taken for that.
    """

    connection: Connection
    log: str
    vault: Vault
    closed_pass: bool = False

    def check(self, parts: Sequence[Part], subject: str) -> None:
        """Open these parts, and all that lies here of the cases they and the subject are of.

        All of a case, as a key that is called another party's for a while would stay behind. What
        has no key any more stays out of it: it was given up when a key was lost, and goes with
        nothing.

        Raises ``LedgerAltered`` or ``DataKeyAltered`` for what does not open or is not what it
        says.
        """
        cases = {part.case for part in parts if part.case}
        if subject:
            mine = select(FILES.c.case_ref).where(
                FILES.c.log == self.log, FILES.c.subject == subject
            )
            cases |= set(self.connection.execute(mine).scalars())
        looked_at: set[_Opened] = set()
        for events in self._entries(EVENTS.c.case_ref, cases):
            looked_at.update(self._open(events))
        of_no_case = {part.event_id for part in parts if not part.case}
        for events in self._entries(EVENTS.c.event_id, of_no_case):
            looked_at.update(self._open(events))
        for part in parts:
            keyless = self.closed_pass and not part.epoch
            if not keyless and (*part.pair, part.dek_id) not in looked_at:
                finding = f"the part {part.slot} lies at another entry"
                raise LedgerAltered(seq=part.seq, finding=finding)

    def _open(self, events: Sequence[Event]) -> Iterator[_Opened]:
        """Open every part of these entries that has a key."""
        by_id = {event.event_id: event for event in events}
        for event_id, slots in stored_parts(self.connection, self.log, events).items():
            for slot, (sealed, key) in slots.items():
                if key is None:
                    continue
                try:
                    self.vault.unseal(key, event_id, by_id[event_id].seq, sealed)
                except SlotErased:
                    self._pass_over(key)
                yield event_id, slot, key.dek_id

    def _pass_over(self, key: WrappedKey) -> None:
        """Let a data key be of which nobody has the key above it, where that may be and is so."""
        if not self.closed_pass or self.vault.misdated(key):
            raise DataKeyAltered(dek_id=key.dek_id) from None

    def _entries(
        self, column: ColumnElement[str], values: Collection[str]
    ) -> Iterator[list[Event]]:
        """Entries of the log in which a column has one of these values, some at a time."""
        wanted = sorted(values)
        for at in range(0, len(wanted), AT_ONCE):
            some = column.in_(wanted[at : at + AT_ONCE])
            rows = self.connection.execute(entry_columns().where(EVENTS.c.log == self.log, some))
            events = [_as_hashed(entry) for entry in as_entries(rows)]
            for start in range(0, len(events), AT_ONCE):
                yield events[start : start + AT_ONCE]


def _as_hashed(entry: Entry) -> Event:
    """An entry whose bytes are those that were hashed. Raises ``LedgerAltered``."""
    if leaf_hash(entry.body) != entry.leaf_hash:
        raise LedgerAltered(seq=entry.seq, finding="its bytes are not those that were hashed")
    return read_event(entry.body)
