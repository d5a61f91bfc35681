"""What erasures and legal holds need before they are recorded, decided on one state of the ledger.

An erasure takes two people: one asks, another approves exactly what was asked for. What a hold or
a law keeps is not erased, and that it was refused is recorded with its ground. Nothing of a case
that is still open is erased.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar

from overrides.erasing import (
    BY_SCHEDULE,
    GROUNDS,
    HOLD_GROUNDS,
    INLINE_MAX,
    LIFT_GROUNDS,
    Due,
    Erasures,
    ErasureState,
    Hold,
    Part,
    Request,
    Scope,
    Standing,
    Target,
    Why,
    pairs_root,
)
from overrides.erasure_errors import (
    AddedSince,
    AskedYourself,
    CaseStillOpen,
    ErasureChanged,
    ErasureOver,
    GroundUnknown,
    HoldOver,
    NotDueYet,
    NothingToErase,
    UnknownErasure,
    UnknownHold,
)
from overrides.errors import NoAuthority
from overrides.forms import tidy
from overrides.instants import instant_text
from overrides.journal import Decided, Draft, Json, Slot, State
from overrides.retention import Schedule, after_months
from overrides.values import Actor, NewId, Role

ASKERS = frozenset({Role.COMPLIANCE})
APPROVERS = frozenset({Role.COMPLIANCE, Role.RISK})
RULES_BYTES_MAX = 8_000  # of a schedule that an entry carries whole; of a longer one, its hash
NOTE_PARTY = "erasures"  # notes on erasures are about the act; they outlive what it took

_Code = TypeVar("_Code")


@dataclass(frozen=True, slots=True)
class Obstacle:
    """Why something may not be erased now."""

    why: Why
    ground: str
    holds: tuple[str, ...] = ()
    until: datetime | None = None


@dataclass(frozen=True, slots=True)
class ErasureDesk:
    """Makes the entries of erasures and holds. Every method runs inside the writer's transaction.

    ``epoch`` tells which key-encryption key is in use: once a later one is, no copy opens.
    """

    erasures: Erasures
    schedule: Callable[[], Schedule]
    new_id: NewId
    epoch: Callable[[], int]

    def ask(self, state: State, actor: Actor, target: Target, ground: str, note: str) -> Decided:
        """Ask that something be erased; where that may not be, record that it is refused."""
        _check_role(actor, ASKERS)
        known, schedule = self.erasures.within(state), self.schedule()
        parts = self._parts(known, target, schedule, state.now)
        if target.scope is Scope.SCHEDULE:
            ground = BY_SCHEDULE
        else:
            _one_of(ground, GROUNDS)
        obstacle = obstacle_to(known, parts, ground, schedule, state.now)
        pairs = [part.pair for part in parts]
        data: dict[str, Json] = {
            "scope": target.scope.value,
            "ground": ground,
            "classes": list(target.classes),
            "slots": [list(pair) for pair in pairs] if len(pairs) <= INLINE_MAX else [],
            "root": pairs_root(pairs),
            "count": len(pairs),
            "schedule": schedule.sha256,
        }
        if target.subject:
            data["subject"] = target.subject
        if target.as_of:
            data["as_of"] = instant_text(target.as_of)
            if len(schedule.text) <= RULES_BYTES_MAX:
                data["rules"] = [rule.members for rule in schedule.rules]
        asked = self._draft(actor, "erasure_requested", data, note=note, case=target.case)
        if obstacle is None:
            return Decided((asked,), _answer(asked, Standing.WAITING))
        refused = self._refused(actor, asked.event_id, obstacle, case=target.case)
        return Decided((asked, refused), _answer(asked, Standing.REFUSED))

    def approve(
        self, state: State, actor: Actor, request_id: str, seen_root: str, note: str
    ) -> Decided:
        """Approve what was asked for and seen, and erase it, all in one."""
        _check_role(actor, APPROVERS)
        known, schedule = self.erasures.within(state), self.schedule()
        request = _waiting(known, request_id)
        if request.asked_by == actor.ref:
            raise AskedYourself
        if actor.ref in known.people_since(request.seq):  # or the same person, come again
            raise AddedSince
        by_schedule = request.target.scope is Scope.SCHEDULE
        if by_schedule and schedule.sha256 != request.schedule:
            raise ErasureChanged(what="the retention schedule is another one")
        parts = self._parts(known, request.target, schedule, state.now)
        obstacle = obstacle_to(known, parts, request.ground, schedule, state.now)
        if obstacle is not None:
            refused = self._refused(actor, request_id, obstacle, case=request.target.case)
            return Decided((refused,), _settled(request_id, Standing.REFUSED))
        pairs = [part.pair for part in parts]
        root = pairs_root(pairs)
        if root != request.root:
            raise ErasureChanged(what=f"it was {request.count} parts and is {len(pairs)} now")
        if seen_root != root:
            raise ErasureChanged(what="you looked at another list")
        bound: dict[str, Json] = {"ground": request.ground, "root": root, "count": len(pairs)}
        approved = self._draft(
            actor,
            "erasure_approved",
            {"of": request_id, **bound},
            note=note,
            case=request.target.case,
            cause=(request_id,),
        )
        erased = self._erased(actor, request, approved, parts, bound)
        keys = {part.dek_id for part in parts}
        also = (self.erasures.destroy(erased.event_id, pairs, keys),)
        answer = _settled(request_id, Standing.ERASED) | {"erased": erased.event_id}
        return Decided((approved, erased), answer, also)

    def refuse(self, state: State, actor: Actor, request_id: str, note: str) -> Decided:
        """Say no to a request; whoever asked takes it back in the same way."""
        _check_role(actor, APPROVERS)
        request = _waiting(self.erasures.within(state), request_id)
        why = Why.TAKEN_BACK if actor.ref == request.asked_by else Why.DECLINED
        obstacle = Obstacle(why, request.ground)
        refused = self._refused(actor, request_id, obstacle, note=note, case=request.target.case)
        return Decided((refused,), _settled(request_id, Standing.REFUSED))

    def hold(self, state: State, actor: Actor, target: Target, ground: str, note: str) -> Decided:
        """Keep a party's or a case's records from being erased."""
        _check_role(actor, ASKERS)
        _one_of(ground, HOLD_GROUNDS)
        if not self.erasures.within(state).parts(target):
            raise NothingToErase
        data: dict[str, Json] = {"scope": target.scope.value, "ground": ground}
        if target.subject:
            data["subject"] = target.subject
        held = self._draft(actor, "legal_hold_set", data, note=note, case=target.case)
        return Decided((held,), {"hold": held.event_id})

    def lift(self, state: State, actor: Actor, hold_id: str, ground: str, note: str) -> Decided:
        """End a hold."""
        _check_role(actor, ASKERS)
        _one_of(ground, LIFT_GROUNDS)
        hold = self.erasures.within(state).hold(hold_id)
        if hold is None:
            raise UnknownHold(hold_id[:64])
        if not hold.stands:
            raise HoldOver
        data: dict[str, Json] = {"of": hold_id, "ground": ground}
        lifted = self._draft(
            actor, "legal_hold_lifted", data, note=note, case=hold.case, cause=(hold_id,)
        )
        return Decided((lifted,), {"hold": hold_id})

    def _parts(
        self, known: ErasureState, target: Target, schedule: Schedule, now: datetime
    ) -> list[Part]:
        """What would go, opened to see that it is what it says it is.

        Raises ``NotDueYet``, ``NothingToErase`` or ``CaseStillOpen``, and ``DataKeyAltered`` or
        ``LedgerAltered`` where somebody has changed to whom something belongs.
        """
        if target.scope is Scope.SCHEDULE:
            assert target.as_of is not None, "a schedule is applied as of an instant"
            if target.as_of > now:
                raise NotDueYet(as_of=target.as_of.date().isoformat())
            parts = due_parts(known.due(schedule, target.as_of))
        else:
            parts = known.parts(target)
            facts = known.facts({part.case for part in parts if part.case})
            for fact in facts.values():
                if fact.ending is None:
                    raise CaseStillOpen(fact.case_ref)
        if not parts:
            raise NothingToErase
        known.check_opening(parts, target.subject)
        return parts

    def _erased(
        self,
        actor: Actor,
        request: Request,
        approved: Draft,
        parts: Sequence[Part],
        bound: Mapping[str, Json],
    ) -> Draft:
        """The entry that says what went."""
        pairs = [list(part.pair) for part in parts]
        data: dict[str, Json] = {
            **bound,
            "slots": pairs if len(pairs) <= INLINE_MAX else [],
            "of": request.request_id,
            "approval": approved.event_id,
            "destroyed": len({part.dek_id for part in parts}),
            "epoch": self.epoch(),
        }
        if request.target.as_of is not None:
            data["schedule"] = request.schedule
            data["as_of"] = instant_text(request.target.as_of)
        cause = (request.request_id, approved.event_id)
        return self._draft(actor, "record_erased", data, case=request.target.case, cause=cause)

    def _refused(
        self, actor: Actor, request_id: str, obstacle: Obstacle, *, case: str, note: str = ""
    ) -> Draft:
        """The entry that says that it does not happen, and on which ground."""
        data: dict[str, Json] = {
            "of": request_id,
            "ground": obstacle.ground,
            "why": obstacle.why.value,
        }
        if obstacle.holds:
            data["holds"] = list(obstacle.holds)
        if obstacle.until is not None:
            data["until"] = instant_text(obstacle.until)
        cause = (request_id, *obstacle.holds)
        return self._draft(actor, "erasure_refused", data, note=note, case=case, cause=cause)

    def _draft(
        self,
        actor: Actor,
        kind: str,
        data: Mapping[str, Json],
        *,
        note: str = "",
        case: str = "",
        cause: tuple[str, ...] = (),
    ) -> Draft:
        """An entry; a note is kept under no party's key, as it is about the act."""
        text = tidy(note)
        return Draft(
            event_id=self.new_id(),
            type=kind,
            actor=actor.ref,
            role=actor.role.value,
            case=case or None,
            cause=cause,
            data=data,
            slots=(Slot("note", NOTE_PARTY, {"text": text}),) if text else (),
        )


def obstacle_to(
    known: ErasureState, parts: Sequence[Part], ground: str, schedule: Schedule, now: datetime
) -> Obstacle | None:
    """What stands against erasing these parts now: a hold first, then a law; None for nothing."""
    holds = [hold for hold in known.standing_holds() if any(map(hold.covers, parts))]
    if holds:
        return Obstacle(Why.HOLD, holds[0].ground, tuple(hold.hold_id for hold in holds))
    if ground != BY_SCHEDULE and GROUNDS[ground].beats_law:
        return None
    facts = known.facts({part.case for part in parts if part.case})
    longest: Obstacle | None = None
    for case, record_class in {(part.case, part.record_class) for part in parts}:
        fact = facts.get(case)
        if fact is None or fact.ending is None or fact.since is None:
            continue
        rule = schedule.rule(record_class, fact.jurisdiction, fact.ending)
        until = after_months(fact.since, rule.keep_months)
        if now < until and (longest is None or longest.until is None or until > longest.until):
            longest = Obstacle(Why.KEPT_BY_LAW, rule.law, until=until)
    return longest


def due_parts(due: Sequence[Due]) -> list[Part]:
    """What goes of what is due, in ledger order: everything that no hold keeps."""
    free = (part for line in due if not line.held for part in line.parts)
    return sorted(free, key=lambda part: (part.seq, part.slot))


def holds_over(holds: Sequence[Hold], parts: Sequence[Part]) -> tuple[str, ...]:
    """The holds that keep any of these parts."""
    return tuple(hold.hold_id for hold in holds if any(map(hold.covers, parts)))


def _waiting(known: ErasureState, request_id: str) -> Request:
    """A request that waits; raises ``UnknownErasure`` or ``ErasureOver``."""
    request = known.request(request_id)
    if request is None:
        raise UnknownErasure(request_id[:64])
    if request.standing is not Standing.WAITING:
        raise ErasureOver(request.standing.value)
    return request


def _check_role(actor: Actor, roles: frozenset[Role]) -> None:
    """Refuse who is none of these."""
    if actor.role not in roles:
        needed = " or ".join(sorted(role.value for role in roles))
        raise NoAuthority(needed, actor.role.value.replace("_", " "))


def _one_of(code: str, known: Mapping[str, _Code]) -> None:
    """Refuse a code that is not among those known."""
    if code not in known:
        raise GroundUnknown(", ".join(known))


def _answer(asked: Draft, standing: Standing) -> dict[str, Json]:
    """What whoever asked is told."""
    return _settled(asked.event_id, standing)


def _settled(request_id: str, standing: Standing) -> dict[str, Json]:
    """Where a request stands now."""
    return {"request": request_id, "standing": standing.value}
