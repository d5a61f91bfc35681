"""Opening what an erasure touches before anything goes, as columns alone can be changed unseen.

Which party, case and class a data key is of stands in columns that whoever owns the database can
write. A key opens for its own party, case and class only, and a part by its own key and at its own
place only: so what opens is what it says it is. A key that nobody can open may be anybody's, as its
epoch and its party are columns too: it is never destroyed.
"""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from operator import attrgetter

from sqlalchemy import ColumnElement, Connection, select

from overrides.erasing import Pair, Part, Sifted
from overrides.errors import DataKeyAltered, LedgerAltered, SlotErased
from overrides.events import read_event
from overrides.journal import Entry, Event
from overrides.merkle import leaf_hash
from overrides.stores.case_tables import FILES
from overrides.stores.payloads import stored_parts
from overrides.stores.reading import EVENTS, as_entries, entry_columns
from overrides.vault import Sealed, Vault, WrappedKey

AT_ONCE = 400  # values in one statement
OPEN, KEYLESS, CLOSED = "open", "keyless", "closed"  # closed: nobody has the key above its key
ELSEWHERE = "it lies at another entry, or that entry was altered"
MISDATED = "its data key is not the one that was stored"

_Opened = tuple[str, str, str]  # event id, slot, data key


@dataclass(frozen=True, slots=True)
class Opening:
    """Opens parts of a log, in one transaction."""

    connection: Connection
    log: str
    vault: Vault

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
        for entries in self._entries(EVENTS.c.case_ref, cases):
            looked_at.update(self._open([_as_hashed(entry) for entry in entries]))
        of_no_case = {part.event_id for part in parts if not part.case}
        for entries in self._entries(EVENTS.c.event_id, of_no_case):
            looked_at.update(self._open([_as_hashed(entry) for entry in entries]))
        for part in parts:
            if (*part.pair, part.dek_id) not in looked_at:
                finding = f"the part {part.slot} lies at another entry"
                raise LedgerAltered(seq=part.seq, finding=finding)

    def sift(self, named: Sequence[Part], under: Sequence[Part]) -> Sifted:
        """What can go of named parts that came back; ``under`` is all that lies under their keys.

        A data key goes if it opens a named part and nothing that is not named, and all that is
        named goes with it. What nobody has the key of goes without its key. Anything else stays.
        """
        wanted, sifted = {part.pair for part in named}, Sifted()
        found = self._found({part.event_id for part in under})
        by_key = attrgetter("dek_id")
        for dek_id, some in groupby(sorted(under, key=by_key), by_key):
            parts = list(some)
            mine = [part for part in parts if part.pair in wanted]
            states = {part: found.get(part.pair, ELSEWHERE) for part in parts}
            others = sum(states[part] == OPEN for part in parts if part.pair not in wanted)
            of_mine = {states[part] for part in mine}
            if OPEN in of_mine and not others:
                sifted.parts.extend(mine)
                sifted.keys.add(dek_id)
            elif OPEN in of_mine:
                words = f"the data key {dek_id} locks {others} parts more, which were not erased"
                sifted.stays.append((words, True))
            elif of_mine <= {KEYLESS, CLOSED}:
                sifted.parts.extend(mine)
                sifted.closed.extend([dek_id] * (CLOSED in of_mine))
            else:
                altered = min(of_mine - {KEYLESS, CLOSED})
                sifted.stays.append((altered, False))
        return sifted

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
                    raise DataKeyAltered(dek_id=key.dek_id) from None
                yield event_id, slot, key.dek_id

    def _found(self, wanted: Collection[str]) -> dict[Pair, str]:
        """Of every part of these entries: that it opens, that nobody can open it, or what is wrong.

        An entry whose bytes are not those that were hashed vouches for no part of it.
        """
        found: dict[Pair, str] = {}
        for entries in self._entries(EVENTS.c.event_id, wanted):
            events = [read_event(entry.body) for entry in entries if _is_hashed(entry)]
            by_id = {event.event_id: event.seq for event in events}
            for event_id, slots in stored_parts(self.connection, self.log, events).items():
                for slot, part in slots.items():
                    found[event_id, slot] = self._state(event_id, by_id[event_id], part)
        return found

    def _state(self, event_id: str, seq: int, part: tuple[Sealed, WrappedKey | None]) -> str:
        """What comes of opening one part."""
        sealed, key = part
        try:
            self.vault.unseal(key, event_id, seq, sealed)
        except SlotErased:
            if key is None:
                return KEYLESS
            return MISDATED if self.vault.misdated(key) else CLOSED
        except LedgerAltered as altered:
            return str(altered)
        return OPEN

    def _entries(
        self, column: ColumnElement[str], values: Collection[str]
    ) -> Iterator[list[Entry]]:
        """Entries of the log in which a column has one of these values, some at a time."""
        wanted = sorted(values)
        for at in range(0, len(wanted), AT_ONCE):
            some = column.in_(wanted[at : at + AT_ONCE])
            rows = self.connection.execute(entry_columns().where(EVENTS.c.log == self.log, some))
            entries = list(as_entries(rows))
            for start in range(0, len(entries), AT_ONCE):
                yield entries[start : start + AT_ONCE]


def _is_hashed(entry: Entry) -> bool:
    """Whether an entry's bytes are those that were hashed."""
    return leaf_hash(entry.body) == entry.leaf_hash


def _as_hashed(entry: Entry) -> Event:
    """An entry whose bytes are those that were hashed. Raises ``LedgerAltered``."""
    if not _is_hashed(entry):
        raise LedgerAltered(seq=entry.seq, finding="its bytes are not those that were hashed")
    return read_event(entry.body)
