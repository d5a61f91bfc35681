"""Every loan booked without a decision is found, and no other is said to be one."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from random import Random

import pytest

from overrides.booked_loans import BookedLoan
from overrides.reconciling import (
    FindingKind,
    ProductScope,
    Reconciled,
    RecordedCase,
    Standing,
    reconcile,
)
from overrides.statistics import clopper_pearson
from overrides.values import CaseStatus, Decision, Money

DAY = date(2026, 6, 1)
DECIDED = datetime(2026, 6, 1, 9, tzinfo=UTC)
SCOPE = ProductScope()


def loan(name: str = "L1", **told: object) -> BookedLoan:
    """A loan of an application that was approved."""
    facts: dict[str, object] = {
        "line": 2,
        "loan_id": name,
        "booked_on": DAY,
        "amount": Money(100_000, "EUR"),
        "application_id": "A-1",
        "branch": "north",
        "product": "car",
    }
    return BookedLoan(**{**facts, **told})  # type: ignore[arg-type] # told by a test


def case(**told: object) -> RecordedCase:
    """An approval."""
    facts: dict[str, object] = {
        "case_ref": "c1",
        "status": CaseStatus.DECIDED,
        "final": Decision.APPROVE,
        "closed_at": DECIDED,
        "amount": Money(100_000, "EUR"),
        "product": "car",
        "branch": "north",
    }
    return RecordedCase(**{**facts, **told})  # type: ignore[arg-type] # told by a test


def held(
    *loans: BookedLoan, cases: tuple[RecordedCase, ...] = (), scope: ProductScope = SCOPE
) -> Reconciled:
    """These loans held against these cases of the application A-1."""
    return reconcile(loans, {"A-1": cases}, [c for c in cases if c.approved], scope)


def kinds(found: Reconciled) -> list[FindingKind]:
    return [one.kind for one in found.findings]


def test_a_loan_as_approved_is_matched_and_nothing_is_said_of_it() -> None:
    found = held(loan(), cases=(case(),))
    assert (found.standings, found.findings) == ({"L1": Standing.MATCHED}, [])


@pytest.mark.parametrize(
    ("told", "kind", "words"),
    [
        ({"status": CaseStatus.IN_REVIEW, "final": None}, "booked_undecided", "in_review"),
        ({"status": CaseStatus.WITHDRAWN, "final": None}, "booked_undecided", "withdrawn"),
        ({"final": Decision.DECLINE}, "booked_against_decision", "declined"),
        (
            {"closed_at": DECIDED + timedelta(days=3)},
            "decided_after_booking",
            "decided 3 days after booking",
        ),
        (
            {"closed_at": DECIDED + timedelta(days=3), "second_approval": True},
            "booked_before_second_approval",
            "came 3 days after",
        ),
        (
            {"status": CaseStatus.WAITING_APPROVAL, "final": None},
            "booked_before_second_approval",
            "missing",
        ),
        ({"amount": Money(90_000, "EUR")}, "terms_differ", "10000 minor units more"),
        ({"amount": Money(110_000, "EUR")}, "terms_differ", "10000 minor units less"),
        ({"amount": Money(100_000, "USD")}, "terms_differ", "another currency"),
        ({"branch": "south"}, "terms_differ", "another branch"),
        ({"product": "home"}, "terms_differ", "another product"),
    ],
)
def test_what_is_wrong_with_a_matched_loan_is_named(
    told: dict[str, object], kind: str, words: str
) -> None:
    found = held(loan(), cases=(case(**told),))
    assert found.standings == {"L1": Standing.MATCHED}
    (one,) = found.findings
    assert (one.kind, one.case_ref) == (kind, "c1")
    assert words in one.detail


def test_a_decision_that_may_be_of_the_same_day_somewhere_is_not_late() -> None:
    evening = datetime(2026, 6, 2, 11, tzinfo=UTC)  # still the first of June twelve hours west
    assert held(loan(), cases=(case(closed_at=evening),)).findings == []
    later = evening + timedelta(hours=2)
    assert kinds(held(loan(), cases=(case(closed_at=later),))) == ["decided_after_booking"]


def test_loans_that_split_one_approval_are_held_against_it_together() -> None:
    halves = [loan("L1", amount=Money(50_000, "EUR")), loan("L2", amount=Money(50_500, "EUR"))]
    assert held(*halves, cases=(case(),)).findings == []
    more = loan("L3", amount=Money(50_000, "EUR"))
    (one,) = held(*halves, more, cases=(case(),)).findings
    assert "more than approved in 3 loans" in one.detail


def test_renewals_are_out_of_scope_where_policy_says_so() -> None:
    renewal = loan(kind="renewal", application_id="")
    assert held(renewal).standings == {"L1": Standing.OUT_OF_SCOPE}
    strict = ProductScope(exempt_kinds=frozenset())
    assert held(renewal, scope=strict).standings == {"L1": Standing.WITHOUT_DECISION}
    cars = ProductScope(products=frozenset({"home"}))
    assert held(loan(), scope=cars).standings == {"L1": Standing.OUT_OF_SCOPE}


def test_a_loan_that_could_be_of_an_approval_is_not_accused() -> None:
    nameless = loan(application_id="")
    found = held(nameless, cases=(case(),))
    assert found.standings == {"L1": Standing.NEEDS_CHECKING}
    assert kinds(found) == ["needs_checking"]
    for told in ({"branch": "south"}, {"amount": Money(120_000, "EUR")}, {"product": "home"}):
        assert held(nameless, cases=(case(**told),)).standings["L1"] == "without_decision"


def test_an_application_that_two_models_have_a_case_of_needs_checking() -> None:
    found = held(loan(), cases=(case(), case(case_ref="c2")))
    assert found.standings == {"L1": Standing.NEEDS_CHECKING}


def test_an_approval_that_was_not_booked_is_named_where_the_file_goes_on_long_enough() -> None:
    others = [
        loan("L8", booked_on=DAY, application_id="A-8"),
        loan("L9", booked_on=DAY + timedelta(days=91), application_id="A-9"),
    ]
    unbooked = FindingKind.APPROVED_NOT_BOOKED
    assert unbooked in kinds(held(*others, cases=(case(),)))
    assert unbooked not in kinds(held(cases=(case(),)))
    for told in (
        {"not_taken": True},
        {"closed_at": DECIDED - timedelta(days=1)},  # perhaps booked before the file begins
        {"closed_at": DECIDED + timedelta(days=1)},  # perhaps booked after its end
    ):
        assert unbooked not in kinds(held(*others, cases=(case(**told),)))


def test_the_rate_has_its_denominator_and_an_exact_interval() -> None:
    loans = [loan(f"L{n}", application_id=f"A-{n}", line=n) for n in range(1, 11)]
    known = {f"A-{n}": [case(case_ref=f"c{n}")] for n in range(1, 9)}
    found = reconcile(loans, known, [], SCOPE)
    (north,) = found.branches
    assert (north.rate, north.of) == (0.2, 10)
    assert north.interval == pytest.approx((0.025211, 0.556095), abs=1e-6)
    assert held().whole.interval is None


@pytest.mark.parametrize(
    ("count", "of", "low", "high"),
    [(0, 10, 0.0, 0.308498), (10, 10, 0.691502, 1.0), (12, 200, 0.031398, 0.102471)],
)
def test_the_exact_interval_is_that_of_clopper_and_pearson(
    count: int, of: int, low: float, high: float
) -> None:
    assert clopper_pearson(count, of) == pytest.approx((low, high), abs=2e-5)


BRANCHES = ("north", "south", "east")


def book(chance: Random) -> Iterator[tuple[BookedLoan, RecordedCase | None, str]]:
    """A book with its truth: loans as approved, split, renewed, and lent without a decision."""
    for number in range(400):
        name, day = f"A-{number}", DAY + timedelta(days=chance.randrange(100))
        branch, minor = chance.choice(BRANCHES), chance.randrange(50_000, 5_000_000)
        facts = {"booked_on": day, "branch": branch, "application_id": name, "line": number + 2}
        decided = datetime.combine(day, datetime.min.time(), UTC) - timedelta(hours=30)
        approval = case(
            case_ref=f"c{number}", closed_at=decided, branch=branch, amount=Money(minor, "EUR")
        )
        truth = chance.choices(
            ["as_approved", "split", "rounded", "renewal", "bypass", "bypass_nameless"],
            [60, 8, 8, 8, 8, 8],
        )[0]
        if truth == "split":
            for part, amount in enumerate((minor // 3, minor - minor // 3)):
                yield loan(f"L{number}-{part}", amount=Money(amount, "EUR"), **facts), approval, ""
        elif truth == "rounded":
            rounded = Money(round(minor * chance.uniform(0.992, 1.008)), "EUR")
            yield loan(f"L{number}", amount=rounded, **facts), approval, ""
        elif truth == "renewal":
            facts["application_id"] = ""
            yield loan(f"L{number}", amount=Money(minor, "EUR"), kind="renewal", **facts), None, ""
        elif truth == "as_approved":
            yield loan(f"L{number}", amount=Money(minor, "EUR"), **facts), approval, ""
        else:
            if truth == "bypass_nameless":
                facts["application_id"] = ""
            yield loan(f"L{number}", amount=Money(minor, "EUR"), **facts), None, "bypass"


@pytest.mark.parametrize("seed", range(5))
def test_planted_bypasses_are_all_found_and_nobody_else_is_accused(seed: int) -> None:
    planted = list(book(Random(seed)))
    loans = [one for one, _, _ in planted]
    cases = {one.application_id: [case] for one, case, _ in planted if case is not None}
    approved = {case.case_ref: case for _, case, _ in planted if case is not None}
    found = reconcile(loans, cases, approved.values(), SCOPE)
    accused = {name for name, what in found.standings.items() if what == "without_decision"}
    assert accused == {one.loan_id for one, _, truth in planted if truth == "bypass"}
    assert set(kinds(found)) == {FindingKind.WITHOUT_DECISION}
    assert len(accused) > 20


def test_an_approval_whose_branch_nobody_recorded_may_be_the_one_that_was_booked() -> None:
    approval = case(case_ref="c1", branch="", amount=Money(100_000, "EUR"))
    booked = loan("L1", application_id="", branch="north", amount=Money(100_000, "EUR"))
    found = reconcile([booked], {}, [approval], SCOPE)
    assert set(found.standings.values()) == {"needs_checking"}


def test_a_bypass_among_unbooked_approvals_is_named_or_set_apart_and_never_lost() -> None:
    unbooked = [case(case_ref=f"u{n}", amount=Money(100_000 + 700 * n, "EUR")) for n in range(20)]
    nameless = [
        loan(f"L{n}", application_id="", amount=Money(90_000 + 1_500 * n, "EUR")) for n in range(30)
    ]
    tight = ProductScope(amount_share=Decimal("0.001"))
    for scope in (SCOPE, tight):
        found = reconcile(nameless, {}, unbooked, scope)
        assert set(found.standings.values()) == {"without_decision", "needs_checking"}
        assert len(found.standings) == 30
