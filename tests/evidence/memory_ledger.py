"""A ledger in memory: the same promises as the one on disk, at a hundred times its speed.

What is decided, and how an event moves a case, is the product's own code; only the storage is
replaced. Bodies, hashes and encryption can be put off until they are looked at, which changes no
outcome; a ledger that is ``eager`` makes them at once.
"""

import threading
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from overrides.canonical import canonical, read_canonical
from overrides.cases import Case
from overrides.errors import KeyReused
from overrides.event_kinds import opens_case
from overrides.events import body_of
from overrides.journal import About, Command, Draft, Entry, Event, OnceOnly, Receipt, Told
from overrides.merkle import Frontier, Subtree, leaf_hash
from overrides.reading import application_key
from overrides.stores.case_state import as_case
from overrides.stores.standing import KINDS, Standing, advance, opened
from overrides.stores.writer import ANSWERS_KEPT, CLOCK_TOLERANCE, FORGET_EVERY, SYSTEM
from overrides.values import Clock, NewId
from overrides.vault import Sealed, Vault, WrappedKey


class Placed(NamedTuple):
    """A draft with its place and time, before its bytes are made."""

    draft: Draft
    at: datetime
    clock: str
    request: str | None


class Answer(NamedTuple):
    """What a request was answered, and which entries it made."""

    fingerprint: str
    answer: Mapping[str, Any]
    first: int
    entries: int
    at: datetime


@dataclass(slots=True)
class Store:
    """What outlives a crash."""

    log: str
    vault: Vault
    placed: list[Placed] = field(default_factory=list)
    entries: list[Entry] = field(default_factory=list)
    sealed: list[dict[str, Sealed]] = field(default_factory=list)
    keys: dict[str, WrappedKey] = field(default_factory=dict)
    tree: Frontier = field(default_factory=Frontier)
    subtrees: list[Subtree] = field(default_factory=list)
    cases: dict[str, Case] = field(default_factory=dict)  # as made of the standings, when asked for
    standings: dict[str, Standing] = field(default_factory=dict)
    by_application: dict[str, str] = field(default_factory=dict)
    observed: dict[About, list[tuple[str, Told]]] = field(default_factory=dict)
    shown: set[tuple[str, str, str]] = field(default_factory=set)
    answers: dict[str, Answer] = field(default_factory=dict)
    turn: threading.RLock = field(default_factory=threading.RLock)

    def case(self, ref: str) -> Case | None:
        """A case as it stands."""
        case = self.cases.get(ref)
        if case is None:
            standing = self.standings.get(ref)
            if standing is None:
                return None
            case = self.cases[ref] = as_case(standing)
        return case

    def settle(self) -> None:
        """Make the bytes of every entry that has none yet."""
        with self.turn:
            for placed in self.placed[len(self.entries) :]:
                self._make(placed)

    def _make(self, placed: Placed) -> None:
        """Seal, hash and keep one entry."""
        draft, seq = placed.draft, len(self.entries)
        parts = {}
        for slot in draft.slots:
            key = self.keys.setdefault(slot.party, self.vault.new_key(slot.party))
            text = canonical(slot.payload)
            parts[slot.name] = self.vault.seal(key, draft.event_id, slot.name, text)
        request = placed.request
        body = body_of(
            draft,
            log=self.log,
            seq=seq,
            recorded_at=placed.at,
            commit={name: part.commitment for name, part in parts.items()},
            req=None if request is None else self.vault.lookup_hash("request", request),
            clock=placed.clock,
        )
        digest = leaf_hash(body)
        entry = Entry(self.log, seq, draft.event_id, draft.type, placed.at, digest, body)
        self.subtrees += self.tree.append(digest)
        self.entries.append(entry)
        self.sealed.append(parts)

    def take_back(self, size: int) -> None:
        """Forget what a command had put before it failed."""
        del self.placed[size:]
        if len(self.entries) > size:
            del self.entries[size:]
            del self.sealed[size:]
            self.tree = Frontier()
            self.subtrees = []
            for entry in self.entries:
                self.subtrees += self.tree.append(entry.leaf_hash)


class MemoryState:
    """What a command may look at."""

    __slots__ = ("_store", "now")

    def __init__(self, store: Store, now: datetime) -> None:
        self._store = store
        self.now = now

    def case(self, case_ref: str) -> Case | None:
        """The case as it stands."""
        return self._store.case(case_ref)

    def case_of_application(self, bundle: str, application_key: str) -> Case | None:
        """The case that an application opened."""
        ref = self._store.by_application.get(application_key)
        case = None if ref is None else self.case(ref)
        return case if case is not None and case.bundle == bundle else None

    def outcome_told(self, about: About, told: Told) -> bool:
        """Whether this source has reported this value of this before."""
        return any(before == told for _, before in self._store.observed.get(about, ()))

    def outcome_at(self, about: About) -> tuple[str, str] | None:
        """Event id and value of the latest observation of this, if any."""
        known = self._store.observed.get(about)
        return (known[-1][0], known[-1][1].value) if known else None

    def outcome_accounts(self, _case_ref: str) -> Mapping[str, int]:
        """Nobody names accounts here."""
        return {}

    def shown_before(self, case_ref: str, person: str, decision_id: str) -> bool:
        """Whether this person was already shown the reasons of this decision."""
        return (case_ref, person, decision_id) in self._store.shown

    def tried_before(self, case_ref: str, person: str, decision_id: str) -> int:
        """Nobody tries other values here."""
        del case_ref, person, decision_id
        return 0

    def letter(self, case_ref: str) -> None:
        """No letters are written here."""
        del case_ref

    def rare_events(self, about: str, after: int) -> Sequence[Event]:
        """Nothing is recorded here but what is done on cases."""
        del about, after
        return ()


class MemoryJournal:
    """A ``Journal`` over a store. Another one over the same store is a server started again."""

    def __init__(self, store: Store, *, clock: Clock, new_id: NewId, eager: bool = True) -> None:
        self._store = store
        self._clock = clock
        self._new_id = new_id
        self._eager = eager
        self._behind = False
        self._forgot: datetime | None = None

    def submit(self, command: Command, *, once: OnceOnly | None = None) -> Future[Receipt]:
        """Run ``command``; the future is resolved."""
        future: Future[Receipt] = Future()
        with self._store.turn:
            try:
                answer, replayed = self.run(command, once)
                self._store.settle()
                entries = self._store.entries[answer.first : answer.first + answer.entries]
                future.set_result(Receipt(tuple(entries), answer.answer, replayed))
            except Exception as refusal:  # noqa: BLE001 - it goes to who asked
                future.set_exception(refusal)
        return future

    def run(self, command: Command, once: OnceOnly | None = None) -> tuple[Answer, bool]:
        """What the command is answered, and whether it was answered before; or its refusal."""
        store, now = self._store, self._clock()
        self._watch_clock(now)
        self._forget(now)
        request = None
        if once is not None:
            request = f"{once.actor}\0{once.route}\0{once.key}"
            before = store.answers.get(request)
            if before is not None:
                if before.fingerprint != once.fingerprint:
                    raise KeyReused
                return before, True
        at, clock = self._not_before(self._clock())
        decided = command(MemoryState(store, at))
        first = len(store.placed)
        store.placed += [Placed(draft, at, clock, request) for draft in decided.drafts]
        if self._eager:
            try:
                store.settle()
            except Exception:
                store.take_back(first)
                raise
        for seq, draft in enumerate(decided.drafts, first):
            self._project(seq, draft, at)
        fingerprint = once.fingerprint if once else ""
        answer = Answer(fingerprint, decided.answer, first, len(decided.drafts), at)
        if request is not None:
            store.answers[request] = answer
        return answer, False

    def _not_before(self, now: datetime) -> tuple[datetime, str]:
        """Time for the next entry; one that would fall is held."""
        last = self._store.placed[-1].at if self._store.placed else now
        return (now, "ok") if now >= last else (last, "adjusted")

    def _watch_clock(self, now: datetime) -> None:
        """Record once that the clock fell behind."""
        last = self._store.placed[-1].at if self._store.placed else now
        behind = last - now
        if behind > CLOCK_TOLERANCE and not self._behind:
            draft = Draft(
                event_id=self._new_id(),
                type="clock_adjusted",
                actor=SYSTEM,
                role="service",
                data={
                    "behind_us": behind // timedelta(microseconds=1),
                    "clock": now.isoformat(),
                },
            )
            self._store.placed.append(Placed(draft, last, "adjusted", None))
        self._behind = behind > CLOCK_TOLERANCE

    def _forget(self, now: datetime) -> None:
        """Let go of old answers, once an hour."""
        if self._forgot is not None and now - self._forgot < FORGET_EVERY:
            return
        self._forgot = now
        answers = self._store.answers
        for request in [one for one, kept in answers.items() if kept.at < now - ANSWERS_KEPT]:
            del answers[request]

    def _project(self, seq: int, draft: Draft, at: datetime) -> None:
        """Move the case, or note what was shown and observed."""
        store, ref = self._store, str(draft.case)
        if draft.type in {"outcome_observed", "outcome_corrected"}:
            data = draft.data
            about = About(ref, data["kind"], data["observed_at"])
            known = store.observed.setdefault(about, [])
            known.append((draft.event_id, Told(data["value"], data["source"])))
        if draft.type not in KINDS:
            return
        event = self._event(seq, draft, at)
        if opens_case(draft.type, draft.data):
            key = self._application_key(draft)
            store.standings[ref] = opened(event, key)
            store.by_application[key] = ref
        elif (before := store.standings.get(ref)) is not None:
            store.standings[ref] = {**before, **advance(before, event)}
        if draft.type == "reasons_shown":
            store.shown.add((ref, draft.actor, draft.data["decision_id"]))
        store.cases.pop(ref, None)

    def _application_key(self, draft: Draft) -> str:
        """Keyed hash of the bundle's name and the application's id."""
        inputs = next(slot.payload for slot in draft.slots if slot.name == "inputs")
        return application_key(
            self._store.vault.lookup_hash, draft.data["bundle"], inputs["application_id"]
        )

    def _event(self, seq: int, draft: Draft, at: datetime) -> Event:
        """What a projection is told."""
        return Event(
            log=self._store.log,
            seq=seq,
            event_id=draft.event_id,
            recorded_at=at,
            type=draft.type,
            actor=draft.actor,
            role=draft.role,
            data=draft.data,
            case=draft.case,
        )


def parts_of(store: Store, seq: int) -> Iterator[tuple[str, str, Mapping[str, Any]]]:
    """Slot, party and payload of an entry, opened and checked."""
    placed = store.placed[seq]
    for slot in placed.draft.slots:
        sealed = store.sealed[seq][slot.name]
        _, text = store.vault.unseal(store.keys[slot.party], placed.draft.event_id, seq, sealed)
        yield slot.name, slot.party, read_canonical(text)
