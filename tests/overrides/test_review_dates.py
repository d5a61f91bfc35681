"""An override is looked at again on its day, and closed once."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from overrides.cases import Case
from overrides.countering import OfferForm, decide_offer
from overrides.desk import decide_override, preview_override
from overrides.errors import NoAuthority, NoteTooShort
from overrides.events import check_draft
from overrides.forms import OverrideForm
from overrides.journal import Draft, Event
from overrides.review_date_errors import NoReviewDate, ReviewDay
from overrides.review_dates import DAYS_MAX, ReviewDate, ReviewDates, decide_closing
from overrides.values import Decision, Recommendation, Role
from tests.overrides.samples import (
    LOW_CODE,
    NOON,
    NOTE,
    OFFICER,
    OTHER,
    PROOF,
    RULES,
    decline_case,
    ids,
)

TODAY = NOON.date()
ASKING = replace(LOW_CODE, review_days=30)
ASKS = replace(RULES, justifications=(ASKING, *RULES.justifications[1:]))
KINDS = ("review_date_set", "review_date_closed", "case_claimed")


def form(on: date | None) -> OverrideForm:
    return OverrideForm(
        decision=Decision.APPROVE,
        code="M01",
        seen_version=3,
        note=NOTE,
        evidence=PROOF,
        review_on=on,
    )


def event(draft: Draft, seq: int = 1, at: datetime = NOON) -> Event:
    return Event(
        log="log",
        seq=seq,
        event_id=draft.event_id,
        type=draft.type,
        recorded_at=at,
        actor=draft.actor,
        role=draft.role,
        data=draft.data,
        case=draft.case,
        cause=draft.cause,
    )


@pytest.mark.parametrize("days", [None, -1, 0, 31])
def test_a_code_that_asks_for_a_day_takes_only_one_that_is_ahead_and_near_enough(
    days: int | None,
) -> None:
    on = None if days is None else TODAY + timedelta(days=days)
    with pytest.raises(ReviewDay) as refused:
        preview_override(decline_case(), OFFICER, form(on), ASKS, NOON)
    assert (refused.value.first, refused.value.last) == ("2026-03-03", "2026-04-01")
    with pytest.raises(ReviewDay):
        decide_override(decline_case(), OFFICER, form(on), ASKS, NOON, ids())


@pytest.mark.parametrize("days", [1, 30])
def test_the_day_is_written_beside_the_override_and_changes_no_version(days: int) -> None:
    on = TODAY + timedelta(days=days)
    without = decide_override(decline_case(), OFFICER, form(None), RULES, NOON, ids())
    decided = decide_override(decline_case(), OFFICER, form(on), ASKS, NOON, ids())
    override, ended, set_ = decided.drafts
    check_draft(set_)
    assert (override.type, ended.type) == ("override_recorded", "case_decided")
    assert set_.data == {"of": override.event_id, "code": "M01", "on": on.isoformat()}
    assert decided.answer["version"] == without.answer["version"]


def test_a_code_that_asks_for_none_takes_one_and_none() -> None:
    assert len(decide_override(decline_case(), OFFICER, form(None), RULES, NOON, ids()).drafts) == 2
    far = TODAY + timedelta(days=DAYS_MAX)
    decided = decide_override(decline_case(), OFFICER, form(far), RULES, NOON, ids())
    assert decided.drafts[-1].data["on"] == far.isoformat()
    with pytest.raises(ReviewDay):
        preview_override(decline_case(), OFFICER, form(far + timedelta(days=1)), RULES, NOON)


def test_terms_that_fail_ask_for_the_day_that_their_code_asks_for() -> None:
    on = TODAY + timedelta(days=30)
    told = {"fields": ("amount",), "days": 90, "seen_version": 3, "code": "M01", "note": NOTE}
    fails = replace(decline_case(), version=4, decision_id="d-2", decision_event="e-2")

    def offer(day: date | None, scored: Case = fails) -> tuple[Draft, ...]:
        asked = OfferForm(**told, evidence=PROOF, review_on=day)  # type: ignore[arg-type]
        return decide_offer(decline_case(), scored, OFFICER, asked, ASKS, NOON, ids()).drafts

    for wrong in (None, TODAY, on + timedelta(days=1)):
        with pytest.raises(ReviewDay):
            offer(wrong)
    _, offered, set_ = offer(on)
    check_draft(set_)
    assert set_.data == {"of": offered.event_id, "code": "M01", "on": on.isoformat()}
    passes = replace(fails, recommendation=Recommendation.APPROVE)
    assert [draft.type for draft in offer(None, passes)] == ["counter_offered"]


def held(**more: object) -> ReviewDate:
    made = ReviewDate(case_ref="c-1", of="e-1", code="M01", on=TODAY, by=OFFICER.ref)
    return replace(made, **more)  # type: ignore[arg-type]


def test_it_is_closed_once_with_what_was_found() -> None:
    closing = decide_closing(decline_case(), OTHER, held(), "He has paid every instalment.", ids())
    (draft,) = closing.drafts
    check_draft(draft)
    assert (draft.type, draft.data) == ("review_date_closed", {"of": "e-1"})
    assert [slot.name for slot in draft.slots] == ["note"]
    for gone in (None, held(closed_by="p-x")):
        with pytest.raises(NoReviewDate):
            decide_closing(decline_case(), OTHER, gone, "He has paid every instalment.", ids())
    with pytest.raises(NoteTooShort):
        decide_closing(decline_case(), OTHER, held(), "fine", ids())
    reader = replace(OTHER, role=Role.COMPLIANCE)
    with pytest.raises(NoAuthority):
        decide_closing(decline_case(), reader, held(), "He has paid every instalment.", ids())


def listed(events: Iterable[Event], last: date) -> list[str]:
    """What is due by a day, entry by entry and as slowly as it gets."""
    events = tuple(events)
    waiting = []
    for set_ in events:
        later = [one for one in events if one.seq > set_.seq and one.data.get("of") == _of(set_)]
        closed = any(one.type == "review_date_closed" for one in later)
        again = any(one.type == "review_date_set" for one in later)
        if set_.type == "review_date_set" and not closed and not again:
            day = date.fromisoformat(set_.data["on"])
            if day <= last:
                waiting.append((day, str(set_.case), _of(set_)))
    return [of for *_, of in sorted(waiting)]


def _of(event: Event) -> str:
    return str(event.data["of"])


@given(st.lists(st.tuples(st.sampled_from(KINDS), st.integers(0, 3), st.integers(0, 9))), st.data())
def test_the_fold_is_the_same_in_any_parts_and_lists_what_waits(
    told: list[tuple[str, int, int]], data: st.DataObject
) -> None:
    events = [
        Event(
            log="log",
            seq=seq,
            event_id=f"x-{seq}",
            type=kind,
            recorded_at=datetime(2026, 3, 2, tzinfo=UTC),
            actor="p-asha",
            role="officer",
            data={"of": f"e-{of}", "code": "M01", "on": f"2026-03-{day + 1:02}"},
            case=f"c-{of}",
            cause=(),
        )
        for seq, (kind, of, day) in enumerate(told)
    ]
    cut = data.draw(st.integers(0, len(events)))
    whole = ReviewDates().after(events)
    assert ReviewDates().after(events[:cut]).after(events[cut:]) == whole
    last = date(2026, 3, data.draw(st.integers(1, 10)))
    assert [one.of for one in whole.due(last)] == listed(events, last)
