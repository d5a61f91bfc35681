"""Erasures in the database: what would go, what stands against it, and making it go."""

from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from sqlalchemy import Connection, Engine, and_, bindparam, delete, func, insert, select

from overrides.erasing import ErasureState, Hold, Pair, Request, Standing, Took
from overrides.instants import parse_instant
from overrides.journal import SideWrite, State
from overrides.stores.case_state import SqlState
from overrides.stores.engine import reading
from overrides.stores.erasure_state import SqlErasureState, request_of
from overrides.stores.erasure_tables import REQUESTS
from overrides.stores.holds import every_hold
from overrides.stores.ledger_tables import DataKey, ErasedSlot, LedgerPayload
from overrides.stores.projections import forget_accounts, forget_applications
from overrides.stores.reading import EVENTS
from overrides.vault import Vault

_KEYS = DataKey.__table__  # type: ignore[attr-defined]
_PAYLOADS = LedgerPayload.__table__  # type: ignore[attr-defined]
_ERASED = ErasedSlot.__table__  # type: ignore[attr-defined]
_DELETE_PART = delete(_PAYLOADS).where(
    _PAYLOADS.c.log == bindparam("of_log"),
    _PAYLOADS.c.seq
    == select(EVENTS.c.seq).where(EVENTS.c.event_id == bindparam("event")).scalar_subquery(),
    _PAYLOADS.c.slot == bindparam("name"),
    _PAYLOADS.c.event_id == bindparam("event"),
)
_DELETE_KEY = delete(_KEYS).where(_KEYS.c.dek_id == bindparam("id"))

_RETURNED = (
    select(_ERASED.c.erasure, _ERASED.c.event_id, _ERASED.c.slot)
    .join(EVENTS, EVENTS.c.event_id == _ERASED.c.event_id)
    .join(
        _PAYLOADS,
        and_(
            _PAYLOADS.c.log == EVENTS.c.log,
            _PAYLOADS.c.seq == EVENTS.c.seq,
            _PAYLOADS.c.slot == _ERASED.c.slot,
        ),
    )
    .where(EVENTS.c.log == bindparam("log_name"))
    .order_by(_ERASED.c.erasure, _ERASED.c.place)
)


class SqlErasures:
    """``Erasures`` over one log of a database."""

    def __init__(self, engine: Engine, *, log: str, vault: Vault) -> None:
        self._engine = engine
        self._log = log
        self._vault = vault

    def within(self, state: State) -> ErasureState:
        """What is known of them, as the transaction of this state sees it."""
        assert isinstance(state, SqlState), "the state of this database's own writer"
        return SqlErasureState(state.path.connection, self._log, self._vault)

    @contextmanager
    def now(self) -> Iterator[ErasureState]:
        """What is known of them now."""
        with reading(self._engine) as connection:
            yield SqlErasureState(connection, self._log, self._vault)

    def destroy(self, erasure: str, pairs: Sequence[Pair], keys: Collection[str]) -> SideWrite:
        """Destroy these parts and these data keys, and keep the list of what went."""
        locked = [{"id": dek_id} for dek_id in sorted(keys)]
        rows = [{"of_log": self._log, "event": event, "name": slot} for event, slot in pairs]

        def write(connection: Connection) -> None:
            keep_list(connection, erasure, pairs)
            if rows:
                connection.execute(_DELETE_PART, rows)
            if locked:
                connection.execute(_DELETE_KEY, locked)
            forget_applications(connection, [event for event, slot in pairs if slot == "inputs"])
            forget_accounts(connection, [event for event, slot in pairs if slot == "account"])

        return write

    def requests(self, *, limit: int = 50, standing: Standing | None = None) -> list[Request]:
        """Requests, newest first."""
        query = select(REQUESTS).where(REQUESTS.c.log == self._log)
        if standing is not None:
            query = query.where(REQUESTS.c.standing == standing.value)
        with reading(self._engine) as connection:
            rows = connection.execute(query.order_by(REQUESTS.c.seq.desc()).limit(limit))
            return [request_of(row) for row in rows]

    def holds(self, *, limit: int = 200) -> list[Hold]:
        """Holds, those that stand first, newest first."""
        with reading(self._engine) as connection:
            newest = every_hold(connection, self._log)[::-1]
        return sorted(newest, key=lambda hold: not hold.stands)[:limit]

    def list_of(self, erasure: str) -> list[Pair]:
        """What an erasure took, in the order of its tree."""
        query = select(_ERASED.c.event_id, _ERASED.c.slot).where(_ERASED.c.erasure == erasure)
        with reading(self._engine) as connection:
            rows = connection.execute(query.order_by(_ERASED.c.place))
            return [(event_id, slot) for event_id, slot in rows]

    def returned(self) -> dict[str, list[Pair]]:
        """Parts that lie here although an erasure lists them as taken, by that erasure."""
        found: dict[str, list[Pair]] = {}
        with reading(self._engine) as connection:
            for erasure, event_id, slot in connection.execute(_RETURNED, {"log_name": self._log}):
                found.setdefault(erasure, []).append((event_id, slot))
        return found

    def entries_of(self, erasure: str, *, limit: int) -> list[tuple[int, str, str]]:
        """Place and kind of the entries whose parts an erasure took, and the slot of each."""
        query = select(EVENTS.c.seq, EVENTS.c.type, _ERASED.c.slot).where(*self._took(erasure))
        with reading(self._engine) as connection:
            rows = connection.execute(query.order_by(_ERASED.c.place).limit(limit))
            return [(seq, kind, slot) for seq, kind, slot in rows]

    def places_of(self, erasure: str, slots: Collection[str]) -> set[int]:
        """Places of the entries of which an erasure took one of these slots."""
        wanted = (*self._took(erasure), _ERASED.c.slot.in_(sorted(slots)))
        with reading(self._engine) as connection:
            return set(connection.execute(select(EVENTS.c.seq).where(*wanted)).scalars())

    def _took(self, erasure: str) -> tuple[Any, ...]:
        """The entries of this log whose parts an erasure took."""
        mine = _ERASED.c.erasure == erasure
        return mine, EVENTS.c.event_id == _ERASED.c.event_id, EVENTS.c.log == self._log

    def of_case(self, case_ref: str) -> list[Took]:
        """Erasures that took something of a case, in ledger order."""
        erasure = EVENTS.alias("erasure")
        entry = (erasure.c.seq, erasure.c.recorded_at, erasure.c.actor_ref)
        query = (
            select(*entry, func.count())
            .select_from(EVENTS)
            .join(_ERASED, _ERASED.c.event_id == EVENTS.c.event_id)
            .join(erasure, erasure.c.event_id == _ERASED.c.erasure)
            .where(EVENTS.c.log == self._log, EVENTS.c.case_ref == case_ref)
            .group_by(*entry)
            .order_by(erasure.c.seq)
        )
        with reading(self._engine) as connection:
            return [
                Took(seq=seq, at=parse_instant(at), actor=actor, parts=parts)
                for seq, at, actor, parts in connection.execute(query)
            ]


def keep_list(connection: Connection, erasure: str, pairs: Sequence[Pair]) -> None:
    """Keep what an erasure took, in the order of its tree."""
    rows = [
        {"erasure": erasure, "place": place, "event_id": event_id, "slot": slot}
        for place, (event_id, slot) in enumerate(pairs)
    ]
    if rows:
        connection.execute(insert(_ERASED), rows)
