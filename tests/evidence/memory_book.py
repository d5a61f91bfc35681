"""Reading the ledger that lies in memory."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from overrides import merkle
from overrides.canonical import canonical
from overrides.errors import ProofInvalid, SlotErased
from overrides.journal import Committed, Entry
from overrides.ledger import Head
from tests.evidence.memory_ledger import Store, parts_of


class MemoryBook:
    """As much of a ``LedgerBook`` over a store as the checks of a journal ask for."""

    def __init__(self, store: Store) -> None:
        self._store = store

    @property
    def log(self) -> str:
        """Name of the log."""
        return self._store.log

    def head(self) -> Head:
        """Where the log stands."""
        entries = self._entries
        last = entries[-1].recorded_at if entries else None
        return Head(self.log, len(entries), self._store.tree.root(), last)

    def entries(self, start: int, count: int) -> Sequence[Entry]:
        """At most ``count`` entries from ``start``, in order."""
        return self._entries[start : start + count]

    def entry(self, seq: int) -> Entry | None:
        """One entry by its place."""
        return next(iter(self.entries(seq, 1)), None)

    def entry_of(self, event_id: str) -> Entry | None:
        """One entry by its id."""
        return next((entry for entry in self._entries if entry.event_id == event_id), None)

    def entries_of_case(self, case_ref: str) -> Sequence[Entry]:
        """Everything recorded about a case, in order."""
        placed = self._store.placed
        return [entry for entry in self._entries if placed[entry.seq].draft.case == case_ref]

    def latest(
        self, before_seq: int | None, limit: int, types: Sequence[str] = ()
    ) -> Sequence[Entry]:
        """At most ``limit`` entries before ``before_seq``, newest first, of ``types`` if given."""
        return _of_types(reversed(self._entries[:before_seq]), types)[:limit]

    def changes(self, after: int, limit: int, types: Sequence[str] = ()) -> Sequence[Entry]:
        """At most ``limit`` entries after place ``after``, oldest first."""
        return _of_types(self._entries[after + 1 :], types)[:limit]

    def open_slots(
        self, event_id: str, slots: Sequence[str] = ()
    ) -> Mapping[str, Mapping[str, Any] | SlotErased]:
        """Personal parts of an entry, all of them when none is named."""
        entry = self.entry_of(event_id)
        if entry is None:
            return {}
        parts = {name: payload for name, _, payload in parts_of(self._store, entry.seq)}
        return {name: parts[name] for name in sorted(parts) if not slots or name in slots}

    def open_many(
        self, event_ids: Sequence[str], slots: Sequence[str] = ()
    ) -> Mapping[str, Mapping[str, Mapping[str, Any] | SlotErased]]:
        """Personal parts of several entries by event."""
        known = [one for one in event_ids if self.entry_of(one) is not None]
        return {event_id: self.open_slots(event_id, slots) for event_id in known}

    def unsealed(
        self, entries: Sequence[Committed], slots: Sequence[str] = ()
    ) -> Mapping[str, Mapping[str, bytes | SlotErased]]:
        """Exact bytes of the personal parts of entries."""
        opened = self.open_many([entry.event_id for entry in entries], slots)
        return {
            event_id: {
                slot: part if isinstance(part, SlotErased) else canonical(part)
                for slot, part in parts.items()
            }
            for event_id, parts in opened.items()
        }

    def inclusion(self, seq: int, size: int) -> Sequence[bytes]:
        """Proof that entry ``seq`` is in the tree of ``size`` entries."""
        self._check(size)
        return merkle.inclusion_proof(self._nodes, seq, size)

    def consistency(self, first: int, second: int) -> Sequence[bytes]:
        """Proof that the tree of ``first`` entries is the beginning of that of ``second``."""
        self._check(second)
        return merkle.consistency_proof(self._nodes, first, second)

    def frontier(self, size: int) -> merkle.Frontier:
        """The tree as it was with ``size`` entries, able to grow."""
        self._check(size)
        return merkle.frontier_at(self._nodes, size)

    @property
    def _entries(self) -> list[Entry]:
        """Every entry with its bytes."""
        self._store.settle()
        return self._store.entries

    def _check(self, size: int) -> None:
        """Refuse a tree that was never there."""
        if not 0 <= size <= len(self._entries):
            raise ProofInvalid(finding=f"the ledger has no {size} entries")

    def _nodes(self, runs: Sequence[merkle.Run]) -> Sequence[Sequence[bytes]]:
        """Hashes of whole subtrees, or of leaves."""
        known = {(tree.level, tree.index): tree.hash for tree in self._store.subtrees}
        known |= {(0, entry.seq): entry.leaf_hash for entry in self._entries}
        return [
            [known[run.level, n] for n in range(run.start, run.stop) if (run.level, n) in known]
            for run in runs
        ]


def _of_types(entries: Iterable[Entry], types: Sequence[str]) -> list[Entry]:
    """Entries of some kinds, or of any."""
    return [entry for entry in entries if not types or entry.type in types]
