import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone

import pytest

from overrides.canonical import canonical
from overrides.errors import EventTooLarge, NotCanonical, UnknownKind
from overrides.event_kinds import KINDS
from overrides.events import BODY_BYTES_MAX, ENTRY_BYTES_MAX, body_of, check_draft, read_event
from overrides.instants import instant_text, parse_instant
from overrides.journal import Draft, Slot

AT = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
VIEWED = Draft(
    event_id="e-1", type="record_viewed", actor="p-1", role="risk", data={"person": "p-1"}
)
WITHDRAWN = replace(VIEWED, type="case_withdrawn", case="c-1", data={"reason": "applicant"})


def body(draft: Draft, **commit: str) -> bytes:
    return body_of(draft, log="log", seq=7, recorded_at=AT, commit=commit)


def test_an_entry_names_its_log_its_place_and_its_time() -> None:
    event = read_event(body(VIEWED))
    assert (event.log, event.seq, event.recorded_at) == ("log", 7, AT)
    assert b'"ts":"2026-01-02T03:04:05.000000Z"' in body(VIEWED)


@pytest.mark.parametrize(
    ("draft", "refusal"),
    [
        (replace(VIEWED, type="unheard_of"), UnknownKind),
        (replace(VIEWED, data={}), NotCanonical),
        (replace(VIEWED, data={"person": "p", "extra": 1}), NotCanonical),
        (replace(VIEWED, slots=(Slot("note", "p", {}),)), NotCanonical),
        (replace(WITHDRAWN, slots=(Slot("note", "p", {}),) * 2), NotCanonical),
        (replace(WITHDRAWN, slots=(Slot("party.0", "p", {}),)), NotCanonical),
    ],
    ids=["kind", "member missing", "member too many", "slot", "slot twice", "party"],
)
def test_a_draft_that_is_not_of_its_kind_is_refused(draft: Draft, refusal: type[Exception]) -> None:
    with pytest.raises(refusal):
        check_draft(draft)


def test_a_decision_has_a_slot_for_each_party_and_only_numbered_ones() -> None:
    kind = KINDS["decision_made"]
    assert all(map(kind.allows_slot, ["inputs", "party.0", "party.12"]))
    assert not any(map(kind.allows_slot, ["party", "party.", "party.x", "party.0.1", "note"]))


def test_an_entry_has_a_limit() -> None:
    room = BODY_BYTES_MAX - len(body(replace(VIEWED, data={"person": ""})))
    assert len(body(replace(VIEWED, data={"person": "x" * room}))) == BODY_BYTES_MAX
    with pytest.raises(EventTooLarge):
        body(replace(VIEWED, data={"person": "x" * (room + 1)}))
    with pytest.raises(EventTooLarge):
        read_event(b"x" * (ENTRY_BYTES_MAX + 1))


GOOD = json.loads(body(WITHDRAWN, note="ab" * 32))


@pytest.mark.parametrize(
    "change",
    [
        {"v": 2},
        {"v": "1"},
        {"type": "unheard_of"},
        {"type": ["case_withdrawn"]},
        {"type": None},
    ],
    ids=ascii,
)
def test_what_a_later_release_wrote_is_told_apart_from_what_nobody_wrote(
    change: dict[str, object],
) -> None:
    with pytest.raises(UnknownKind):
        read_event(canonical(GOOD | change))


@pytest.mark.parametrize(
    "change",
    [
        {"seq": "7"},
        {"seq": -1},
        {"seq": True},
        {"log": None},
        {"id": 1},
        {"ts": "2026-01-02T03:04:05Z"},
        {"ts": "2026-01-02T03:04:05.000000+00:00"},
        {"ts": "2026-02-30T03:04:05.000000Z"},
        {"ts": 1},
        {"case": 5},
        {"cause": "e"},
        {"cause": None},
        {"cause": [1]},
        {"model": {"name": "m"}},
        {"model": {"name": "m", "version": 1, "sha256": "s"}},
        {"model": "m"},
        {"data": []},
        {"data": {}},
        {"commit": {"note": "AB" * 32}},
        {"commit": {"note": "ab"}},
        {"commit": {"unheard_of": "ab" * 32}},
        {"commit": []},
        {"clock": "fine"},
        {"req": 1},
        {"unheard_of": 1},
    ],
    ids=ascii,
)
def test_bytes_that_no_release_could_have_written_are_refused(change: dict[str, object]) -> None:
    assert read_event(canonical(GOOD)).seq == 7
    with pytest.raises(NotCanonical):
        read_event(canonical(GOOD | change))
    with pytest.raises(NotCanonical):
        read_event(json.dumps(GOOD).encode())
    with pytest.raises(NotCanonical):
        read_event(b"[]")


def test_an_instant_has_one_spelling() -> None:
    eastern = datetime(2026, 1, 2, 5, 4, 5, 6, tzinfo=timezone(timedelta(hours=2)))
    assert instant_text(eastern) == "2026-01-02T03:04:05.000006Z"
    assert parse_instant("2026-01-02T03:04:05.000006Z") == eastern
    with pytest.raises(ValueError, match="time zone"):
        instant_text(eastern.replace(tzinfo=None))
    for text in ("", "2026-01-02T03:04:05.000006z", "2026-01-02 03:04:05.000006Z", "x" * 27):
        with pytest.raises(ValueError, match=r"instant|isoformat"):
            parse_instant(text)
