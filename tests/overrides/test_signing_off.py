"""Nobody lets a model out alone, and nothing stands in for an open finding of high severity."""

from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any

import pytest

from overrides.errors import NoAuthority
from overrides.governance import Governance
from overrides.governance_errors import (
    DissentUnexplained,
    ExceptionNotPossible,
    FindingDropped,
    FindingsOpen,
    NoExceptionRuns,
    NotIndependent,
    NotSignedOff,
    SignedAlready,
    ValidationChanged,
    ValidationMissing,
    ValidationTooLong,
)
from overrides.journal import Draft, Event
from overrides.signing_off import (
    Subject,
    Validated,
    decide_exception,
    decide_sign_off,
    decide_validation,
    decide_vote,
    evidence_to_promote,
)
from overrides.values import Actor, Role
from overrides.version_record import (
    CONTROLLERS,
    EXCEPTION_DAYS_MAX,
    OWNERS,
    Exposure,
    Finding,
    Purpose,
    Record,
    RiskClass,
    Severity,
    risk_class,
)

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)
NAME, SHA = "german-credit", "5" * 64
VERA = Actor("vera", "Vera", Role.RISK)
PEOPLE = {role: Actor(role.value, role.value, role) for role in OWNERS}
HIGH = Finding("F1", Severity.HIGH, open=True)


class Desk:
    """Decides on what was decided before, as the ledger would have it."""

    def __init__(self) -> None:
        self.known = Governance()
        self.ids = count()
        self.now = NOON
        self.kept("bundle_registered", "host", {"signed": [], "reason": "registered"})

    def new_id(self) -> str:
        """The next id."""
        return f"e{next(self.ids)}"

    @property
    def of(self) -> Subject:
        """The version as it stands."""
        return Subject(name=NAME, sha256=SHA, record=self.record)

    @property
    def record(self) -> Record:
        """What is recorded of it."""
        return self.known.of(NAME, SHA)

    def kept(self, kind: str, actor: str, data: dict[str, Any], event_id: str = "") -> None:
        """Take an entry in."""
        event = Event(
            log="l",
            seq=next(self.ids),
            event_id=event_id or self.new_id(),
            recorded_at=self.now,
            type=kind,
            actor=actor,
            role="risk",
            data={"name": NAME, "sha256": SHA, **data},
        )
        self.known = self.known.after(event)

    def take(self, draft: Draft) -> None:
        """Record a draft."""
        self.kept(draft.type, draft.actor, dict(draft.data), draft.event_id)

    def validate(self, actor: Actor = VERA, *findings: Finding, **members: Any) -> None:
        """Record a validation."""
        given: dict[str, Any] = {
            "exposure": Exposure.SMALL,
            "findings": findings,
            "tests_passed": 1,
            "tests_failed": 0,
            "conditions": 0,
            "developers": frozenset({"mina"}),
            "expires": self.now + timedelta(days=100),
            "texts": {},
        }
        handed = Validated(**(given | members))
        self.take(decide_validation(self.of, actor, handed, Purpose.ADVICE, self.now, self.new_id))

    def sign(self, actor: Actor, owner: Role | None = None, seen: str = "") -> None:
        """Sign."""
        found = self.record.validation
        read = seen or (found.event_id if found else "")
        owner = owner or actor.role
        self.take(decide_sign_off(self.of, actor, owner, read, self.now, self.new_id))

    def sign_all(self) -> None:
        """All four sign."""
        for actor in PEOPLE.values():
            self.sign(actor)

    def ask(self, actor: Actor, hours: int = 24, days: int = 10, note: str = "urgent") -> None:
        """Ask for an exception."""
        until = self.now + timedelta(days=days)
        self.take(decide_exception(self.of, actor, hours, until, self.now, self.new_id, note))

    def vote(self, role: Role, *, agrees: bool, note: str = "") -> None:
        """Vote."""
        actor = PEOPLE[role]
        self.take(decide_vote(self.of, actor, self.now, self.new_id, agrees=agrees, note=note))

    def may(self) -> bool:
        """Whether it may be champion."""
        try:
            evidence_to_promote(self.of, self.now)
        except NotSignedOff:
            return False
        return True


@pytest.fixture
def desk() -> Desk:
    return Desk()


def test_a_version_may_be_champion_with_the_last_signature_and_not_before(desk: Desk) -> None:
    assert not desk.may()
    desk.validate()
    for actor in PEOPLE.values():
        assert not desk.may()
        desk.sign(actor)
    named = evidence_to_promote(desk.of, desk.now)
    assert len(named) == 1 + len(OWNERS)


def test_one_person_signs_once_whatever_their_role_has_become(desk: Desk) -> None:
    desk.validate()
    desk.sign(PEOPLE[Role.RISK])
    moved = Actor("risk", "risk", Role.COMPLIANCE)
    with pytest.raises(SignedAlready):
        desk.sign(moved)
    with pytest.raises(SignedAlready):
        desk.sign(Actor("other", "other", Role.RISK))


def test_who_signs_for_an_owner_is_of_that_owner(desk: Desk) -> None:
    desk.validate()
    with pytest.raises(NoAuthority):
        desk.sign(PEOPLE[Role.RISK], Role.COMPLIANCE)
    with pytest.raises(NoAuthority):
        desk.sign(Actor("x", "x", Role.ADMIN))


def test_the_validator_built_nothing_and_signs_nothing(desk: Desk) -> None:
    with pytest.raises(NoAuthority):
        desk.validate(Actor("m", "m", Role.DATA_SCIENTIST))
    with pytest.raises(NotIndependent):
        desk.validate(VERA, developers=frozenset({"vera"}))
    with pytest.raises(NotIndependent):
        desk.validate(Actor("host", "host", Role.RISK))
    desk.validate()
    with pytest.raises(NotIndependent):
        desk.sign(VERA)
    desk.sign(PEOPLE[Role.RISK])
    with pytest.raises(NotIndependent):
        desk.validate(PEOPLE[Role.RISK])


def test_who_built_it_signs_for_nobody_who_controls_it(desk: Desk) -> None:
    desk.validate(VERA, developers=frozenset({"risk", "model_owner"}))
    desk.sign(PEOPLE[Role.MODEL_OWNER])
    with pytest.raises(NotIndependent):
        desk.sign(PEOPLE[Role.RISK])


def test_who_was_once_named_a_developer_validates_nothing_by_leaving_the_name_out(
    desk: Desk,
) -> None:
    desk.validate(VERA, developers=frozenset({"mina", PEOPLE[Role.RISK].ref}))
    with pytest.raises(NotIndependent):
        desk.validate(PEOPLE[Role.RISK], developers=frozenset({"mina"}))
    desk.validate(VERA, developers=frozenset({"mina"}))
    with pytest.raises(NotIndependent):
        desk.sign(PEOPLE[Role.RISK])


def test_who_registered_the_version_signs_for_no_owner_but_the_models(desk: Desk) -> None:
    desk.kept("bundle_registered", PEOPLE[Role.OPERATIONS].ref, {"signed": []})
    desk.validate()
    with pytest.raises(NotIndependent):
        desk.sign(PEOPLE[Role.OPERATIONS])


def test_an_open_high_finding_blocks_signatures_promotion_and_exceptions(desk: Desk) -> None:
    desk.validate(VERA, HIGH)
    with pytest.raises(FindingsOpen):
        desk.sign(PEOPLE[Role.RISK])
    with pytest.raises(FindingsOpen):
        desk.ask(PEOPLE[Role.MODEL_OWNER])
    assert "finding:F1" in desk.record.lacking(desk.now)


def test_a_finding_leaves_the_record_by_being_closed_alone(desk: Desk) -> None:
    desk.validate(VERA, HIGH)
    with pytest.raises(FindingDropped):
        desk.validate()
    with pytest.raises(FindingDropped):
        desk.validate(VERA, Finding("F1", Severity.LOW, open=True))
    desk.validate(VERA, Finding("F1", Severity.HIGH, open=False))
    desk.sign_all()
    assert desk.may()


def test_signatures_are_on_one_record_and_a_newer_one_is_signed_anew(desk: Desk) -> None:
    desk.validate()
    first = desk.record.validation
    assert first is not None
    desk.sign_all()
    desk.validate(Actor("paul", "paul", Role.COMPLIANCE))
    assert not desk.may()
    with pytest.raises(ValidationChanged):
        desk.sign(PEOPLE[Role.RISK], seen=first.event_id)
    desk.sign_all()
    assert desk.may()


def test_a_validation_ends(desk: Desk) -> None:
    desk.validate()
    desk.sign_all()
    desk.now += timedelta(days=101)
    assert desk.record.lacking(desk.now) == ("validation_expired",)
    with pytest.raises(ValidationMissing):
        desk.sign(Actor("n", "n", Role.RISK))


@pytest.mark.parametrize("days", [0, -1, 3 * 365 + 1])
def test_how_long_it_may_hold_follows_from_the_class(desk: Desk, days: int) -> None:
    with pytest.raises(ValidationTooLong):
        desk.validate(VERA, expires=desk.now + timedelta(days=days))


def test_the_matrix_only_rises() -> None:
    ladder = list(RiskClass)
    grid = [[ladder.index(risk_class(e, p)) for p in Purpose] for e in Exposure]
    assert all(row == sorted(row) for row in grid)
    assert all(list(column) == sorted(column) for column in zip(*grid, strict=True))
    assert (grid[0][0], grid[-1][-1]) == (0, 2)


def test_the_board_needs_three_more_for_than_against_and_a_controller(desk: Desk) -> None:
    desk.ask(PEOPLE[Role.MODEL_OWNER])
    desk.vote(Role.OPERATIONS, agrees=True)
    desk.vote(Role.RISK, agrees=False, note="not before the data feed is mended")
    assert not desk.may()
    desk.vote(Role.COMPLIANCE, agrees=True)
    assert desk.may()
    (asked,) = desk.record.exceptions
    assert [vote.agrees for vote in asked.votes] == [True, False, True], "dissent is kept"
    assert any(vote.owner in CONTROLLERS for vote in asked.votes)


def test_an_exception_without_a_controller_for_it_is_none(desk: Desk) -> None:
    desk.ask(Actor("mina", "mina", Role.DATA_SCIENTIST))
    desk.vote(Role.OPERATIONS, agrees=True)
    desk.vote(Role.MODEL_OWNER, agrees=True)
    desk.vote(Role.RISK, agrees=False, note="no")
    assert not desk.may()


def test_who_asks_has_no_vote_and_nobody_has_two(desk: Desk) -> None:
    desk.ask(PEOPLE[Role.MODEL_OWNER])
    with pytest.raises(NotIndependent):
        desk.vote(Role.MODEL_OWNER, agrees=True)
    with pytest.raises(DissentUnexplained):
        desk.vote(Role.RISK, agrees=False)
    desk.vote(Role.RISK, agrees=True)
    with pytest.raises(SignedAlready):
        desk.vote(Role.RISK, agrees=True)


def test_votes_and_exceptions_run_out(desk: Desk) -> None:
    with pytest.raises(NoExceptionRuns):
        desk.vote(Role.RISK, agrees=True)
    desk.ask(PEOPLE[Role.MODEL_OWNER], hours=24, days=10)
    with pytest.raises(ExceptionNotPossible):
        desk.ask(PEOPLE[Role.MODEL_OWNER])
    for role in (Role.RISK, Role.COMPLIANCE):
        desk.vote(role, agrees=True)
    desk.now += timedelta(hours=24)
    with pytest.raises(NoExceptionRuns):
        desk.vote(Role.OPERATIONS, agrees=True)
    assert not desk.may()


def test_a_champion_by_exception_lapses_unless_it_was_signed_meanwhile(desk: Desk) -> None:
    desk.ask(PEOPLE[Role.MODEL_OWNER], days=10)
    for role in (Role.RISK, Role.COMPLIANCE, Role.OPERATIONS):
        desk.vote(role, agrees=True)
    named = evidence_to_promote(desk.of, desk.now)
    desk.kept("bundle_promoted", "host", {"signed": list(named), "reason": "promoted"})
    assert not desk.record.lapsed(desk.now + timedelta(days=9))
    assert desk.record.lapsed(desk.now + timedelta(days=10))
    desk.validate()
    desk.sign_all()
    assert not desk.record.lapsed(desk.now + timedelta(days=10))


@pytest.mark.parametrize(("hours", "days", "note"), [(0, 5, "x"), (73, 9, "x"), (24, 5, " ")])
def test_an_exception_is_asked_for_within_bounds(
    desk: Desk, hours: int, days: int, note: str
) -> None:
    with pytest.raises(ExceptionNotPossible):
        desk.ask(PEOPLE[Role.MODEL_OWNER], hours, days, note)
    with pytest.raises(ExceptionNotPossible):
        desk.ask(PEOPLE[Role.MODEL_OWNER], 24, EXCEPTION_DAYS_MAX + 1)


def test_an_exception_that_was_not_granted_is_asked_for_again_when_less_is_lacking(
    desk: Desk,
) -> None:
    desk.ask(PEOPLE[Role.MODEL_OWNER], hours=24, days=10)
    desk.now += timedelta(hours=24)
    with pytest.raises(ExceptionNotPossible, match="as much is lacking"):
        desk.ask(PEOPLE[Role.MODEL_OWNER], hours=24, days=10)
    desk.validate()
    desk.ask(PEOPLE[Role.MODEL_OWNER], hours=24, days=10)
    desk.now += timedelta(hours=24)
    with pytest.raises(ExceptionNotPossible, match="as much is lacking"):
        desk.ask(PEOPLE[Role.MODEL_OWNER], hours=24, days=10)
    desk.sign(PEOPLE[Role.OPERATIONS])
    desk.ask(PEOPLE[Role.MODEL_OWNER], hours=24, days=10)


def test_whoever_built_a_version_has_no_vote_on_letting_it_out(desk: Desk) -> None:
    desk.validate(developers=frozenset({PEOPLE[Role.OPERATIONS].ref}))
    desk.ask(Actor("mina", "mina", Role.DATA_SCIENTIST))
    with pytest.raises(NotIndependent, match="built or registered"):
        desk.vote(Role.OPERATIONS, agrees=True)
