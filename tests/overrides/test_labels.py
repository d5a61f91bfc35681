"""A loan is good only when all of its window was seen; everything else says why not."""

from datetime import UTC, datetime, timedelta

import pytest

from overrides.labels import (
    Ending,
    Label,
    LabelSource,
    LabelStatus,
    Observation,
    OutcomeDefinition,
    add_months,
    label,
    never_taken,
)
from overrides.values import CaseStatus, Decision, OutcomeKind

START = datetime(2025, 1, 31, 9, tzinfo=UTC)
YEAR_ON = datetime(2026, 1, 31, 9, tzinfo=UTC)
LATER = datetime(2026, 9, 1, tzinfo=UTC)
APPROVED = Ending(status=CaseStatus.DECIDED, decision=Decision.APPROVE, at=START)
DEFINITION = OutcomeDefinition(id="retail-12m-90")
GOOD, BAD = LabelStatus.OBSERVED_GOOD, LabelStatus.OBSERVED_BAD
INDETERMINATE, IMMATURE = LabelStatus.INDETERMINATE, LabelStatus.IMMATURE


class Book:
    """What the lender's books say of one loan, in the order it was told."""

    def __init__(self) -> None:
        self.seen: list[Observation] = []

    def say(
        self,
        kind: str,
        value: str = "",
        month: int | None = None,
        at: datetime | None = None,
        account: int = 0,
    ) -> "Book":
        """One more observation, by default at the end of its month on book."""
        when = at or add_months(START, month or 0)
        self.seen.append(
            Observation(
                kind=OutcomeKind(kind),
                value=value,
                observed_at=when,
                months_on_book=month,
                seq=len(self.seen),
                account=account,
            )
        )
        return self

    def late(self, *days: int, first: int = 1, account: int = 0) -> "Book":
        """Monthly reports of days past due."""
        for month, worst in enumerate(days, first):
            self.say("max_days_past_due", str(worst), month, account=account)
        return self

    def label(self, as_of: datetime = LATER, ending: Ending = APPROVED) -> Label:
        """The label these observations give."""
        return label(DEFINITION, ending, self.seen, as_of)


def book() -> Book:
    return Book().say("disbursed", "400000", 0)


CLEAN = (0,) * 12


@pytest.mark.parametrize(
    ("ending", "status"),
    [
        (
            Ending(status=CaseStatus.DECIDED, decision=Decision.DECLINE, at=START),
            LabelStatus.UNOBSERVED_DECLINED,
        ),
        (Ending(status=CaseStatus.WITHDRAWN, at=START), LabelStatus.UNOBSERVED_WITHDRAWN),
        (Ending(status=CaseStatus.CLOSED_INCOMPLETE, at=START), LabelStatus.UNOBSERVED_INCOMPLETE),
        (Ending(status=CaseStatus.EXPIRED, at=START), LabelStatus.UNOBSERVED_NOT_TAKEN),
        (Ending(status=CaseStatus.IN_REVIEW), IMMATURE),
        (Ending(status=CaseStatus.WAITING_APPROVAL), IMMATURE),
    ],
)
def test_what_was_not_approved_has_no_outcome_even_when_the_books_have_one(
    ending: Ending, status: LabelStatus
) -> None:
    found = book().late(*CLEAN).label(ending=ending)
    assert (found.status, found.unmanaged, found.matures_at) == (status, status, None)
    assert found.source is LabelSource.NONE
    assert not found.closed(LATER)


def test_a_loan_is_good_when_its_window_closed_and_every_month_was_reported() -> None:
    found = book().late(*CLEAN).label()
    assert (found.status, found.unmanaged, found.source) == (GOOD, GOOD, LabelSource.OWN_BOOK)
    assert found.matures_at == YEAR_ON
    assert book().late(*CLEAN[:-1], 29).label().status is GOOD


def test_an_immature_loan_is_never_good_and_matures_to_the_microsecond() -> None:
    clean = book().late(*CLEAN)
    assert clean.label(YEAR_ON).status is GOOD
    assert clean.label(YEAR_ON - timedelta(microseconds=1)).status is IMMATURE
    assert book().label().reason == "no outcome yet"
    assert Book().label().status is IMMATURE


def test_a_gap_in_the_months_is_partial_and_the_end_still_to_come_is_immature() -> None:
    gap = book().late(0, 0, 0).late(*CLEAN[4:], first=5)
    assert (gap.label().status, gap.label().reason) == (INDETERMINATE, "gap in the months")
    first_missing = book().late(*CLEAN[1:], first=2)
    assert first_missing.label().status is INDETERMINATE
    short = book().late(*CLEAN[:-1])
    assert (short.label().status, short.label().reason) == (IMMATURE, "last months not reported")
    filled = gap.say("max_days_past_due", "0", 4)
    assert filled.label().status is GOOD


def test_a_single_report_counts_as_the_worst_since_the_disbursement() -> None:
    assert book().say("max_days_past_due", "0", 12).label().status is GOOD
    assert book().say("max_days_past_due", "0", 11).label().status is IMMATURE
    assert book().say("max_days_past_due", "45", 12).label().status is INDETERMINATE
    assert book().say("max_days_past_due", "95", 3).label().status is BAD
    after = book().say("max_days_past_due", "95", 14)
    assert after.label().status is BAD
    assert after.say("max_days_past_due", "0", 15).label().status is BAD


@pytest.mark.parametrize(
    ("worst", "status"), [(29, GOOD), (30, INDETERMINATE), (89, INDETERMINATE), (90, BAD)]
)
def test_days_past_due_are_judged_at_the_definitions_edges(worst: int, status: LabelStatus) -> None:
    assert book().late(*CLEAN[:5], worst, *CLEAN[6:]).label().status is status


def test_bad_is_absorbing_and_final_from_the_day_it_is_seen() -> None:
    bad = book().late(0, 60, 95)
    early = bad.label(add_months(START, 3))
    assert (early.status, early.closed(add_months(START, 3))) == (BAD, False)
    cured = bad.say("cured", month=4).say("re_aged", month=4).late(*CLEAN[4:], first=5)
    assert cured.label().status is BAD
    assert cured.say("paid_off", month=11).label().status is BAD
    assert cured.label().closed(LATER)


def test_only_a_correction_of_the_record_takes_a_default_back() -> None:
    wrong = book().late(0, 95, *CLEAN[2:])
    assert wrong.label().status is BAD
    corrected = wrong.say("max_days_past_due", "5", 2)
    assert corrected.label().status is GOOD


@pytest.mark.parametrize("kind", ["written_off", "bankrupt", "restructured"])
def test_a_bad_kind_inside_the_window_is_bad_and_after_it_is_not(kind: str) -> None:
    inside = book().late(*CLEAN).say(kind, month=12)
    assert (inside.label().status, inside.label().reason) == (BAD, kind)
    after = book().late(*CLEAN, 0).say(kind, month=13)
    assert after.label().status is GOOD


def test_arrears_after_the_window_do_not_count_where_months_are_reported() -> None:
    assert book().late(*CLEAN, 95, 120).label().status is GOOD
    dated = book().late(*CLEAN).say("max_days_past_due", "95", at=YEAR_ON + timedelta(days=1))
    assert dated.label().status is GOOD


def test_forbearance_can_hide_arrears_so_the_unmanaged_label_is_not_good() -> None:
    for kind in ("forborne", "re_aged"):
        found = book().late(*CLEAN).say(kind, month=6).label()
        assert (found.status, found.unmanaged) == (GOOD, INDETERMINATE)
    after = book().late(*CLEAN).say("forborne", month=14).label()
    assert after.unmanaged is GOOD
    assert book().late(95).say("forborne", month=2).label().unmanaged is BAD


def test_excluded_loans_are_no_credit_outcome_but_a_default_before_a_death_stays() -> None:
    for kind in ("fraud", "deceased", "sold"):
        assert book().late(0, 0).say(kind, month=3).label().status is LabelStatus.EXCLUDED
    assert book().late(0, 95).say("deceased", month=3).label().status is BAD
    assert book().late(0, 95).say("fraud", month=3).label().status is LabelStatus.EXCLUDED
    assert book().late(*CLEAN).say("sold", month=13).label().status is GOOD


def test_a_loan_that_was_not_taken_has_no_outcome_unless_it_was_paid_out_after_all() -> None:
    refused = Book().say("not_taken", at=START)
    assert refused.label().status is LabelStatus.UNOBSERVED_NOT_TAKEN
    paid_out = refused.say("disbursed", "1", at=START + timedelta(days=3)).late(*CLEAN)
    assert paid_out.label().status is GOOD


def test_an_early_end_says_too_little_and_a_loan_repaid_early_was_seen_to_its_end() -> None:
    assert book().late(0, 0).say("closed_early", month=3).label().status is INDETERMINATE
    repaid = book().late(0, 0, 0).say("paid_off", month=3)
    assert repaid.label().status is GOOD
    assert repaid.label(add_months(START, 4)).status is IMMATURE
    silent = book().say("paid_off", month=3)
    assert silent.label().reason == "days past due never reported"
    assert silent.label().status is INDETERMINATE


def test_the_window_begins_with_the_money_else_where_months_on_book_point() -> None:
    late_start = Book().say("disbursed", "1", at=add_months(START, 2))
    assert late_start.label().matures_at == add_months(START, 14)
    counted_back = Book().say("max_days_past_due", "0", 12, at=LATER)
    assert counted_back.label().matures_at == LATER
    assert counted_back.label().status is GOOD
    assert Book().say("max_days_past_due", "0", at=LATER).label().matures_at == YEAR_ON


def test_observations_after_the_cut_are_not_seen() -> None:
    full = book().late(0, 95)
    assert full.label(add_months(START, 1)).status is IMMATURE
    assert full.label(add_months(START, 2)).status is BAD


def test_a_random_accept_is_told_apart() -> None:
    ending = Ending(
        status=CaseStatus.DECIDED, decision=Decision.APPROVE, at=START, random_accept=True
    )
    assert book().late(*CLEAN).label(ending=ending).source is LabelSource.RANDOM_ACCEPT
    assert book().label(ending=ending).source is LabelSource.NONE


@pytest.mark.parametrize(
    ("months", "day"),
    [(1, "2025-02-28"), (2, "2025-03-31"), (13, "2026-02-28"), (-2, "2024-11-30")],
)
def test_months_are_calendar_months(months: int, day: str) -> None:
    assert add_months(START, months).date().isoformat() == day


@pytest.mark.parametrize(
    "wrong",
    [
        {"window_months": 0},
        {"bad_days": 20},
        {"indeterminate_days": 0},
        {"bad_kinds": frozenset({"late"})},
        {"bad_kinds": frozenset({"fraud"})},
    ],
)
def test_a_definition_that_no_loan_could_meet_is_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(ValueError, match="retail"):
        OutcomeDefinition(id="retail", **wrong)  # type: ignore[arg-type]


def two_accounts(*second: int) -> Book:
    """The first was always paid; the second as told."""
    return book().late(*CLEAN, account=1).late(*second, account=2)


def test_a_loan_in_several_accounts_is_what_the_worst_of_them_is() -> None:
    assert two_accounts(*CLEAN).label().status is GOOD
    found = two_accounts(0, 0, 95).label()
    assert (found.status, found.reason) == (BAD, "account 2: 95 days past due")
    assert two_accounts(*CLEAN[1:], 45).label().status is INDETERMINATE


def test_reports_of_one_account_neither_correct_nor_fill_those_of_another() -> None:
    """Each has the same months; together they would be whole, and alone they have gaps."""
    found = book().late(0, 0, 0, account=1).late(*CLEAN[:3], first=4, account=2).label()
    assert found.status is IMMATURE
    gap = two_accounts(0, 0).late(*CLEAN[3:], first=4, account=2).label()
    assert (gap.status, gap.reason) == (INDETERMINATE, "account 2: gap in the months")


def test_the_window_closes_with_the_last_account() -> None:
    late = Book().say("disbursed", "1", 0, account=1).late(*CLEAN, account=1)
    late.say("disbursed", "1", 4, account=2)
    found = late.label(YEAR_ON)
    assert (found.status, found.matures_at) == (IMMATURE, add_months(START, 16))


def test_an_account_that_was_not_taken_says_nothing_of_the_other() -> None:
    assert book().late(*CLEAN, account=1).say("not_taken", month=1, account=2).label().status is (
        GOOD
    )
    assert Book().say("not_taken", month=1, account=1).say(
        "not_taken", month=1, account=2
    ).label().status is (LabelStatus.UNOBSERVED_NOT_TAKEN)


def test_fraud_in_one_account_takes_the_whole_loan_out() -> None:
    found = two_accounts(0, 120).say("fraud", month=2, account=1).label()
    assert (found.status, found.unmanaged) == (LabelStatus.EXCLUDED, LabelStatus.EXCLUDED)


def test_a_label_turns_when_the_first_open_window_closes() -> None:
    late = Book().say("disbursed", "1", 0, account=1).say("disbursed", "1", 4, account=2)
    first, last = add_months(START, 12), add_months(START, 16)
    assert late.label(first - timedelta(days=1)).turns_at == first
    assert late.label(first).turns_at == last
    assert late.label(last).turns_at is None


def test_a_loan_was_never_taken_only_where_none_of_its_accounts_was() -> None:
    taken = Book().say("disbursed", "1", 0, account=1).say("not_taken", month=1, account=2)
    assert not never_taken(taken.seen, LATER)
    neither = Book().say("not_taken", month=1, account=1).say("not_taken", month=1, account=2)
    assert never_taken(neither.seen, LATER)
    assert not never_taken(neither.seen, START), "nothing was said by then"
    assert not never_taken(neither.say("disbursed", "1", 2).seen, LATER)
