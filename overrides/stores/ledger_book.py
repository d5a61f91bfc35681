"""The ledger read from its tables, on SQLite and PostgreSQL."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from datetime import datetime
from typing import Any, TypeVar

from sqlalchemy import (
    Connection,
    Engine,
    bindparam,
    insert,
    literal,
    literal_column,
    select,
    tuple_,
    union_all,
)

from overrides import merkle
from overrides.canonical import read_canonical
from overrides.errors import LedgerUnavailable, ProofInvalid, SlotErased
from overrides.events import read_event
from overrides.instants import instant_text, parse_instant
from overrides.journal import Committed, Entry, Json
from overrides.ledger import Head, SignedCheckpoint
from overrides.ledger_rows import Disclosure
from overrides.stores.engine import reading, writing
from overrides.stores.ledger_tables import (
    ErasedSlot,
    LedgerCheckpoint,
    LedgerHead,
    LedgerSubtree,
)
from overrides.stores.payloads import Part, stored_parts
from overrides.stores.reading import EVENTS, as_entries, entries_between, entry_columns
from overrides.vault import Vault

_Proof = TypeVar("_Proof")
_HEAD = LedgerHead.__table__  # type: ignore[attr-defined]
_TREES = LedgerSubtree.__table__  # type: ignore[attr-defined]
_NOTES = LedgerCheckpoint.__table__  # type: ignore[attr-defined]
_ERASED = ErasedSlot.__table__  # type: ignore[attr-defined]
CHECKPOINTS_AT_ONCE = 1_000
_BY_LOG = EVENTS.c.log == bindparam("log_name")
_HAS_PLACE = EVENTS.c.seq >= 0  # a row before the first entry is none, whatever it says


def _two_ranges(place: Any, digest: Any, *of_log: Any) -> Any:
    """A query for hashes with their places, in two ranges of places at once."""
    ranges = (
        select(place, digest).where(
            *of_log, place >= bindparam(f"start{n}"), place < bindparam(f"stop{n}")
        )
        for n in range(2)
    )
    return union_all(*ranges)


_STORED = {
    level: _two_ranges(
        _TREES.c.idx,
        _TREES.c.hash,
        _TREES.c.log == bindparam("log_name"),
        _TREES.c.level == literal_column(str(level)),
    )
    for level in merkle.STORED_LEVELS
} | {0: _two_ranges(EVENTS.c.seq, EVENTS.c.leaf_hash, _BY_LOG)}


class SqlLedgerBook:
    """A ``LedgerBook`` over one log of a database."""

    def __init__(self, engine: Engine, *, log: str, vault: Vault) -> None:
        self._engine = engine
        self._log = log
        self._vault = vault

    @property
    def log(self) -> str:
        """Name of the log: the origin of its checkpoints."""
        return self._log

    def head(self) -> Head:
        """Where the log stands."""
        with self._reading() as connection:
            row = connection.execute(
                select(_HEAD.c.size, _HEAD.c.root, _HEAD.c.last_ts).where(_HEAD.c.log == self._log)
            ).first()
        if row is None:
            raise LedgerUnavailable(cause=f"there is no ledger {self._log} in this database")
        return Head(self._log, row[0], bytes(row[1]), parse_instant(row[2]) if row[2] else None)

    def entries(self, start: int, count: int) -> list[Entry]:
        """At most ``count`` entries from ``start``, in order."""
        with self._reading() as connection:
            return entries_between(connection, self._log, start, start + count)

    def entry(self, seq: int) -> Entry | None:
        """One entry by its place."""
        return next(iter(self.entries(seq, 1)), None)

    def entry_of(self, event_id: str) -> Entry | None:
        """One entry by its id."""
        found = self._select(EVENTS.c.event_id == event_id)
        return found[0] if found else None

    def entries_of_case(self, case_ref: str) -> list[Entry]:
        """Everything recorded about a case, in order."""
        return self._select(EVENTS.c.case_ref == case_ref)

    def latest(self, before_seq: int | None, limit: int, types: Sequence[str] = ()) -> list[Entry]:
        """At most ``limit`` entries before ``before_seq``, newest first, of ``types`` if given."""
        wanted = [EVENTS.c.type.in_(types)] if types else []
        if before_seq is not None:
            wanted.append(EVENTS.c.seq < before_seq)
        return self._select(*wanted, order=EVENTS.c.seq.desc(), limit=limit)

    def changes(self, after: int, limit: int, types: Sequence[str] = ()) -> list[Entry]:
        """At most ``limit`` entries after place ``after`` (-1: from the first), oldest first."""
        order = EVENTS.c.seq
        wanted = [order > max(after, -1)]  # the only lower bound: with two SQLite misses the index
        if types:
            wanted.append(EVENTS.c.type.in_(types))
            order = order + 0  # in no index, or SQLite walks every later entry to find a few
        return self._select(*wanted, order=order, limit=limit, placed=True)

    def open_slots(
        self, event_id: str, slots: Sequence[str] = ()
    ) -> dict[str, Mapping[str, Json] | SlotErased]:
        """Personal parts of an entry, all of them when none is named, or that they are erased."""
        return self.open_many([event_id], slots).get(event_id, {})

    def open_many(
        self, event_ids: Sequence[str], slots: Sequence[str] = ()
    ) -> dict[str, dict[str, Mapping[str, Json] | SlotErased]]:
        """Personal parts of several entries by event, all read at once."""
        return {
            event_id: {
                slot: part if isinstance(part, SlotErased) else read_canonical(part)
                for slot, part in unsealed.items()
            }
            for event_id, unsealed in self.unsealed(self._committed(event_ids), slots).items()
        }

    def unsealed(
        self, entries: Sequence[Committed], slots: Sequence[str] = ()
    ) -> dict[str, dict[str, bytes | SlotErased]]:
        """Exact bytes of the personal parts of entries that were read before, by event."""
        return {
            event_id: {
                slot: part if isinstance(part, SlotErased) else part.payload
                for slot, part in unsealed.items()
            }
            for event_id, unsealed in self._unseal(entries, slots).items()
        }

    def disclosures(self, event_ids: Sequence[str], slots: Sequence[str]) -> list[Disclosure]:
        """The named parts of entries in order, with their salts; ``party`` is every party's."""
        unsealed = self._unseal(self._committed(event_ids), slots).values() if slots else ()
        parts = (part for slots_of in unsealed for part in slots_of.values())
        found = [part for part in parts if isinstance(part, Disclosure)]
        return sorted(found, key=lambda part: (part.seq, part.slot))

    def erased_parts(self, event_id: str) -> list[tuple[str, str]]:
        """Entry and slot of each part that an erasure took, in the order of its root."""
        query = select(_ERASED.c.event_id, _ERASED.c.slot).where(_ERASED.c.erasure == event_id)
        with self._reading() as connection:
            return [(row[0], row[1]) for row in connection.execute(query.order_by(_ERASED.c.place))]

    def _unseal(
        self, entries: Sequence[Committed], slots: Sequence[str]
    ) -> dict[str, dict[str, Disclosure | SlotErased]]:
        """Parts of entries of this log by event, and by slot in the order of names, checked.

        Where the key above the data keys was destroyed between reading and opening, the data keys
        have been locked anew meanwhile, and are read once more.
        """
        parts = self._stored(entries)
        if not all(
            key is None or self._vault.knows(key.kek_epoch)
            for stored in parts.values()
            for _, key in stored.values()
        ):
            parts = self._stored(entries)
        return {
            entry.event_id: self._opened(entry, parts[entry.event_id], slots) for entry in entries
        }

    def _committed(self, event_ids: Sequence[str]) -> list[Committed]:
        """What entries of this log commit to."""
        wanted = (EVENTS.c.log == self._log, _HAS_PLACE, EVENTS.c.event_id.in_(event_ids))
        with self._reading() as connection:
            entries = as_entries(connection.execute(entry_columns().where(*wanted)))
        events = ((entry, read_event(entry.body)) for entry in entries)
        return [Committed(e.seq, e.event_id, entry.leaf_hash, e.commit) for entry, e in events]

    def _stored(self, entries: Sequence[Committed]) -> dict[str, dict[str, Part]]:
        """Parts of entries as they lie there."""
        with self._reading() as connection:
            return stored_parts(connection, self._log, entries)

    def _opened(
        self, event: Committed, parts: Mapping[str, Part], slots: Sequence[str]
    ) -> dict[str, Disclosure | SlotErased]:
        """The named parts of one entry, all of them when none is named."""
        unsealed: dict[str, Disclosure | SlotErased] = {}
        for slot in sorted(event.commit):
            if slots and slot not in slots and slot.partition(".")[0] not in slots:
                continue
            if slot not in parts:
                unsealed[slot] = SlotErased(slot=slot)
                continue
            sealed, key = parts[slot]
            try:
                salt, payload = self._vault.unseal(key, event.event_id, event.seq, sealed)
            except SlotErased as erased:
                unsealed[slot] = erased
            else:
                unsealed[slot] = Disclosure(event.seq, event.event_id, slot, salt, payload)
        return unsealed

    def inclusion(self, seq: int, size: int) -> list[bytes]:
        """Proof that entry ``seq`` is in the tree of ``size`` entries."""
        return self._prove(size, lambda nodes: merkle.inclusion_proof(nodes, seq, size))

    def consistency(self, first: int, second: int) -> list[bytes]:
        """Proof that the tree of ``first`` entries is the beginning of that of ``second``."""
        return self._prove(second, lambda nodes: merkle.consistency_proof(nodes, first, second))

    def frontier(self, size: int) -> merkle.Frontier:
        """The tree as it was with ``size`` entries, able to grow."""
        return self._prove(size, lambda nodes: merkle.frontier_at(nodes, size))

    def checkpoints(self) -> list[SignedCheckpoint]:
        """Every signed checkpoint, oldest first."""
        return self._checkpoints()

    def each_checkpoint(self) -> Iterator[SignedCheckpoint]:
        """The same, read some at a time."""
        after = (-1, "")
        while page := self._checkpoints(after=after, limit=CHECKPOINTS_AT_ONCE):
            yield from page
            after = (page[-1].size, instant_text(page[-1].signed_at))

    def latest_checkpoint(self) -> SignedCheckpoint | None:
        """The newest signed checkpoint."""
        return next(iter(self._checkpoints(newest_only=True)), None)

    def save_checkpoint(self, size: int, note: str, at: datetime) -> None:
        """Keep a signed checkpoint for ever."""
        row = {"log": self._log, "size": size, "note": note, "signed_at": instant_text(at)}
        with writing(self._engine) as connection:
            connection.execute(insert(_NOTES), row)

    def _reading(self) -> AbstractContextManager[Connection]:
        """A connection for one answer."""
        return reading(self._engine)

    def _select(
        self,
        *wanted: Any,
        order: Any = EVENTS.c.seq,
        limit: int | None = None,
        placed: bool = False,
    ) -> list[Entry]:
        """Entries of this log that fit; ``placed`` where these have a place by what is wanted."""
        mine = [EVENTS.c.log == self._log, *([] if placed else [_HAS_PLACE])]
        query = entry_columns().where(*mine, *wanted).order_by(order)
        with self._reading() as connection:
            return as_entries(connection.execute(query.limit(limit)))

    def _checkpoints(
        self,
        *,
        newest_only: bool = False,
        after: tuple[int, str] = (-1, ""),
        limit: int | None = None,
    ) -> list[SignedCheckpoint]:
        """Signed checkpoints after (size, time), oldest first, or only the newest."""
        columns = (_NOTES.c.log, _NOTES.c.size, _NOTES.c.note, _NOTES.c.signed_at)
        query = select(*columns).where(
            _NOTES.c.log == self._log,
            tuple_(_NOTES.c.size, _NOTES.c.signed_at) > tuple_(*map(literal, after)),
        )
        if newest_only:
            query = query.order_by(_NOTES.c.size.desc(), _NOTES.c.signed_at.desc()).limit(1)
        else:
            query = query.order_by(_NOTES.c.size, _NOTES.c.signed_at).limit(limit)
        with self._reading() as connection:
            return [
                SignedCheckpoint(log, size, note, parse_instant(at))
                for log, size, note, at in connection.execute(query)
            ]

    def _prove(self, size: int, prove: Callable[[merkle.Nodes], _Proof]) -> _Proof:
        """Run a proof over the stored nodes, all from one state of the database."""
        with self._reading() as connection:
            head = connection.execute(
                select(_HEAD.c.size).where(_HEAD.c.log == self._log)
            ).scalar_one_or_none()
            if head is None or not 0 <= size <= head:
                raise ProofInvalid(finding=f"the ledger has {head or 0} entries, not {size}")
            return prove(StoredNodes(connection, self._log))


class StoredNodes:
    """Nodes of a log's tree, read from its tables: one query a level, whatever a proof needs.

    A proof about some entry in a tree of some size needs, of each level, nodes of the block of 256
    around the entry and of the block at the edge of the tree; a query reads the two.
    """

    def __init__(self, connection: Connection, log: str) -> None:
        self._connection = connection
        self._log = log

    def __call__(self, runs: Sequence[merkle.Run]) -> list[list[bytes]]:
        """Hashes of the nodes of each run; those that are not there are left out."""
        found = {level: self._read(level, runs) for level in {run.level for run in runs}}
        return [
            [found[run.level][i] for i in range(run.start, run.stop) if i in found[run.level]]
            for run in runs
        ]

    def _read(self, level: int, runs: Sequence[merkle.Run]) -> dict[int, bytes]:
        """The nodes of one level that the runs need, by place."""
        edges: dict[int, tuple[int, int]] = {}  # of what is needed of a block
        for _, start, stop in (run for run in runs if run.level == level):
            low, high = edges.get(start // merkle.BLOCK, (start, stop))
            edges[start // merkle.BLOCK] = min(low, start), max(high, stop)
        found: dict[int, bytes] = {}
        blocks = [*edges.values(), *[(0, 0)] * (len(edges) % 2)]
        for (start0, stop0), (start1, stop1) in zip(blocks[::2], blocks[1::2], strict=True):
            rows = self._connection.execute(
                _STORED[level],
                {
                    "log_name": self._log,
                    "start0": start0,
                    "stop0": stop0,
                    "start1": start1,
                    "stop1": stop1,
                },
            )
            found |= dict(map(tuple, rows.all()))  # at once: there are hundreds
        return found
