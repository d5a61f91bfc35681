"""Appending inside one transaction: lock the head row, hash and put the entries, move the head.

Nothing is numbered or hashed before the head row is locked, so the tree cannot fork.
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta

from sqlalchemy import Connection, bindparam, insert, select, text, update

from overrides.canonical import parse_own
from overrides.errors import LedgerUnavailable, OutOfDate
from overrides.event_kinds import opens_case
from overrides.events import body_of, event_of, placed
from overrides.instants import instant_text, parse_instant
from overrides.journal import Draft, Entry, Json, Projector
from overrides.merkle import EMPTY_ROOT, Frontier, Subtree, leaf_hash
from overrides.record_classes import KeyScope
from overrides.sealing import KeyFor, Unplaced, seal_slots
from overrides.stores.hot_path import HotPath
from overrides.stores.ledger_tables import LedgerEvent, LedgerHead, LedgerSubtree
from overrides.stores.payloads import key_of, new_key, put_key, put_parts
from overrides.vault import Sealed, Vault, WrappedKey

_HEAD = LedgerHead.__table__  # type: ignore[attr-defined]
_INSERT_EVENT = insert(LedgerEvent)
_INSERT_SUBTREE = insert(LedgerSubtree)
_LOCK_HEAD = (
    select(_HEAD.c.size, _HEAD.c.frontier, _HEAD.c.last_ts)
    .where(_HEAD.c.log == bindparam("log_name"))
    .with_for_update()
)
_MOVE_HEAD = (
    update(_HEAD)
    .where(_HEAD.c.log == bindparam("log_name"))
    .values({name: bindparam(f"new_{name}") for name in ("size", "root", "frontier", "last_ts")})
)
_CREATE_HEAD = text(
    "INSERT INTO ledger_head (log, size, root, frontier, last_ts, epoch)"
    " VALUES (:log, 0, :root, :frontier, '', 0) ON CONFLICT (log) DO NOTHING"
)


def ensure_head(connection: Connection, log: str) -> None:
    """See that the head row of the log exists, so that writers can take turns on it."""
    if connection.execute(select(_HEAD.c.log).where(_HEAD.c.log == log)).first() is None:
        connection.execute(_CREATE_HEAD, {"log": log, "root": EMPTY_ROOT, "frontier": b""})


class _Payloads(Mapping[str, Mapping[str, Json]]):
    """Payloads just sealed. Few are looked at by a projector, so each is parsed when it is."""

    def __init__(self, texts: Mapping[str, bytes]) -> None:
        self._texts = texts

    def __getitem__(self, slot: str) -> Mapping[str, Json]:
        """The payload of a slot."""
        payload: Mapping[str, Json] = parse_own(self._texts[slot])
        return payload

    def __iter__(self) -> Iterator[str]:
        """Names of the slots."""
        return iter(self._texts)

    def __len__(self) -> int:
        """How many slots there are."""
        return len(self._texts)


class Tail:
    """The end of the ledger, held by one writing transaction."""

    def __init__(
        self,
        path: HotPath,
        log: str,
        vault: Vault,
        projectors: Sequence[Projector],
    ) -> None:
        self._path = path
        self._log = log
        self._vault = vault
        self._projectors = projectors
        head = path.first(_LOCK_HEAD, {"log_name": log})
        if head is None:
            raise LedgerUnavailable(cause=f"there is no ledger {log} in this database")
        vault.renew()  # only now: while another wrote, the key above the data keys may have changed
        self._frontier = Frontier.from_bytes(head[0], bytes(head[1]))
        self._last_ts: str = head[2]
        self._moved_from = self._frontier.size
        self._keys: dict[KeyScope, WrappedKey] = {}

    @property
    def last(self) -> datetime | None:
        """When the last entry was recorded, if there is one."""
        return parse_instant(self._last_ts) if self._last_ts else None

    def not_before(self, now: datetime, clock: str) -> tuple[datetime, str]:
        """Time for the next entry, with the clock's word for it; a time that would fall is held."""
        last = self.last
        return (now, clock) if last is None or now >= last else (last, "adjusted")

    def behind(self, now: datetime) -> timedelta:
        """How far the clock is behind the last entry; negative or zero when it is not."""
        last = self.last
        return timedelta() if last is None else last - now

    def append(
        self, drafts: Sequence[Draft], *, now: datetime, clock: str, req: str | None
    ) -> list[Entry]:
        """Seal, hash, number and put the drafts in order, and apply the projections to each."""
        entries: list[Entry] = []
        for draft in drafts:
            parts, texts = seal_slots(draft, self._vault, self._key_finder(draft))
            body = body_of(
                draft,
                log=self._log,
                seq=self._frontier.size,
                recorded_at=now,
                commit={part.slot: part.commitment for part in parts},
                req=req,
                clock=clock,
            )
            entries.append(self._place(draft, body, now, parts, texts))
        return entries

    def place(
        self, ready: Sequence[Unplaced], *, now: datetime, clock: str, req: str | None
    ) -> list[Entry]:
        """Put entries that were made ready before, with the data keys made for them.

        Raises ``OutOfDate`` where what they were made under holds no longer.
        """
        entries: list[Entry] = []
        epoch = self._vault.epoch
        for entry in ready:
            stale = (entry.req, entry.clock) != (req, clock)
            if stale or any(key.kek_epoch != epoch for key in entry.keys):
                raise OutOfDate
            for key in entry.keys:
                self._keys[KeyScope(key.subject, key.case, key.record_class)] = key
                put_key(self._path, key)
            body = placed(entry.before, entry.after, self._frontier.size, now)
            entries.append(self._place(entry, body, now, entry.parts, entry.payloads))
        return entries

    def _place(
        self,
        draft: Draft | Unplaced,
        body: bytes,
        now: datetime,
        parts: Sequence[Sealed],
        texts: Mapping[str, bytes],
    ) -> Entry:
        """Put one entry at the end, with its parts and what the projections make of it."""
        seq, digest = self._frontier.size, leaf_hash(body)
        entry = Entry(self._log, seq, draft.event_id, draft.type, now, digest, body)
        self._put(draft, entry, self._frontier.append(digest))
        put_parts(self._path, self._log, seq, draft.event_id, parts)
        event, opened = event_of(parse_own(body), now), _Payloads(texts)
        for projector in self._projectors:
            projector.apply(self._path, event, opened)
        return entry

    def forget_keys(self) -> None:
        """Look for data keys anew: what was written beside the entries may have destroyed some."""
        self._keys.clear()

    def finish(self) -> None:
        """Move the head row to where the ledger stands."""
        if self._frontier.size == self._moved_from:
            return
        self._path.run(
            _MOVE_HEAD,
            {
                "log_name": self._log,
                "new_size": self._frontier.size,
                "new_root": self._frontier.root(),
                "new_frontier": self._frontier.to_bytes(),
                "new_last_ts": self._last_ts,
            },
        )

    def _key_finder(self, draft: Draft) -> KeyFor:
        """Finds the data keys that lock the slots of a draft, or makes them."""
        find = new_key if opens_case(draft.type, draft.data) else key_of

        def key_for(scope: KeyScope) -> WrappedKey:
            key = self._keys.get(scope) or find(self._path, self._vault, scope)
            self._keys[scope] = key
            return key

        return key_for

    def _put(self, draft: Draft | Unplaced, entry: Entry, whole: Sequence[Subtree]) -> None:
        """Put an entry and the subtrees it completed."""
        self._last_ts = instant_text(entry.recorded_at)
        self._path.later(
            _INSERT_EVENT,
            {
                "log": entry.log,
                "seq": entry.seq,
                "event_id": entry.event_id,
                "type": entry.type,
                "recorded_at": self._last_ts,
                "case_ref": draft.case,
                "actor_ref": draft.actor,
                "body": entry.body,
                "leaf_hash": entry.leaf_hash,
            },
        )
        for tree in whole:
            row = {"log": self._log, "level": tree.level, "idx": tree.index, "hash": tree.hash}
            self._path.later(_INSERT_SUBTREE, row)
