"""Labels against a slow, plain reading of the rules, and what no history may ever lead to."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from overrides.labels import Ending, LabelStatus, Observation, OutcomeDefinition, add_months, label
from overrides.values import CaseStatus, Decision, OutcomeKind

START = datetime(2025, 3, 1, tzinfo=UTC)
APPROVED = Ending(status=CaseStatus.DECIDED, decision=Decision.APPROVE, at=START)
DEFINITION = OutcomeDefinition(id="x", window_months=6)
GOOD, BAD = LabelStatus.OBSERVED_GOOD, LabelStatus.OBSERVED_BAD

days = st.sampled_from([0, 0, 0, 5, 29, 30, 60, 89, 90, 200])
reports = st.dictionaries(st.integers(1, 9), days, max_size=9)
others = st.lists(
    st.tuples(
        st.sampled_from([kind for kind in OutcomeKind if kind != "max_days_past_due"]),
        st.integers(0, 9),
    ),
    max_size=3,
)


def observe(monthly: dict[int, int], events: list[tuple[OutcomeKind, int]]) -> list[Observation]:
    said = [(OutcomeKind.DISBURSED, "1", 0)]
    said += [(OutcomeKind.MAX_DAYS_PAST_DUE, str(worst), m) for m, worst in monthly.items()]
    said += [(kind, "", month) for kind, month in events]
    return [
        Observation(
            kind=kind,
            value=value,
            observed_at=add_months(START, month),
            months_on_book=month,
            seq=seq,
        )
        for seq, (kind, value, month) in enumerate(said)
    ]


def plain_reading(monthly: dict[int, int], as_of_month: int) -> LabelStatus:
    """Monthly reports alone, month by month."""
    seen = {month: worst for month, worst in monthly.items() if month <= as_of_month}
    inside = {m: w for m, w in seen.items() if m <= 6} or dict(sorted(seen.items())[:1])
    if any(worst >= 90 for worst in inside.values()):
        return BAD
    if as_of_month < 6 or not seen:
        return LabelStatus.IMMATURE
    if any(worst >= 30 for worst in inside.values()):
        return LabelStatus.INDETERMINATE
    if max(seen) < 6:
        return LabelStatus.IMMATURE
    if len(seen) == 1 or all(month in seen for month in range(1, 7)):
        return GOOD
    return LabelStatus.INDETERMINATE


@given(monthly=reports, as_of_month=st.integers(0, 12))
def test_labels_of_monthly_reports_are_the_plain_reading_of_the_rules(
    monthly: dict[int, int], as_of_month: int
) -> None:
    as_of = add_months(START, as_of_month)
    found = label(DEFINITION, APPROVED, observe(monthly, []), as_of)
    assert found.status is plain_reading(monthly, as_of_month)


@given(monthly=reports, events=others, as_of_month=st.integers(0, 14))
def test_good_is_only_ever_said_of_a_whole_closed_window_without_arrears(
    monthly: dict[int, int], events: list[tuple[OutcomeKind, int]], as_of_month: int
) -> None:
    as_of = add_months(START, as_of_month)
    found = label(DEFINITION, APPROVED, observe(monthly, events), as_of)
    if GOOD in (found.status, found.unmanaged):
        assert found.closed(as_of)
        assert all(worst < 30 for month, worst in monthly.items() if month <= min(6, as_of_month))
        repaid = [m for kind, m in events if kind == "paid_off" and m <= 6]
        assert max(m for m in monthly if m <= as_of_month) >= min([6, *repaid])
    if found.unmanaged is GOOD:
        assert found.status is GOOD


@given(monthly=reports, events=others, as_of_month=st.integers(0, 14))
def test_a_bad_loan_stays_bad_whatever_comes_later_but_fraud(
    monthly: dict[int, int], events: list[tuple[OutcomeKind, int]], as_of_month: int
) -> None:
    honest = [(kind, month) for kind, month in events if kind not in ("fraud", "not_taken")]
    seen = observe(monthly, honest)
    then = label(DEFINITION, APPROVED, seen, add_months(START, as_of_month))
    later = label(DEFINITION, APPROVED, seen, add_months(START, 20) + timedelta(days=1))
    if then.status is BAD:
        assert later.status is BAD


@given(monthly=reports, events=others, shift=st.permutations(range(13)))
def test_the_order_in_which_things_are_read_does_not_matter(
    monthly: dict[int, int], events: list[tuple[OutcomeKind, int]], shift: list[int]
) -> None:
    seen = observe(monthly, events)
    mixed = [seen[i] for i in shift if i < len(seen)]
    as_of = add_months(START, 10)
    assert label(DEFINITION, APPROVED, seen, as_of) == label(DEFINITION, APPROVED, mixed, as_of)


@given(monthly=reports, events=others, as_of_month=st.integers(0, 14))
def test_a_loan_in_one_account_is_the_same_with_and_without_its_number(
    monthly: dict[int, int], events: list[tuple[OutcomeKind, int]], as_of_month: int
) -> None:
    seen, as_of = observe(monthly, events), add_months(START, as_of_month)
    numbered = [replace(one, account=3) for one in seen]
    assert label(DEFINITION, APPROVED, seen, as_of) == label(DEFINITION, APPROVED, numbered, as_of)


@given(first=reports, second=reports, as_of_month=st.integers(0, 12))
def test_two_accounts_are_the_worse_of_the_plain_readings_of_each(
    first: dict[int, int], second: dict[int, int], as_of_month: int
) -> None:
    told = [replace(one, account=1) for one in observe(first, [])]
    told += [replace(one, account=2, seq=one.seq + 50) for one in observe(second, [])]
    found = label(DEFINITION, APPROVED, told, add_months(START, as_of_month))
    each = {plain_reading(first, as_of_month), plain_reading(second, as_of_month)}
    worst_first = (BAD, LabelStatus.IMMATURE, LabelStatus.INDETERMINATE, GOOD)
    assert found.status is next(status for status in worst_first if status in each)
