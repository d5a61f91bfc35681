"""What somebody thinks before they see the score: who is asked, what is recorded, who was drawn."""

import hashlib
import hmac
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from overrides.blind_first import Lot, as_the_seed_says, fingerprint, number, was_drawn
from overrides.cases import Case
from overrides.errors import CaseClosed, ClaimHeld, NoAuthority
from overrides.first_views import FirstView, View, decide_first_view
from overrides.journal import Decided, Event
from overrides.oversight import Practice, Practices, decide_notice, decide_switch
from overrides.oversight_errors import (
    FirstViewNotAsked,
    NoticeAhead,
    NoticeMissing,
    ShareUnchanged,
)
from overrides.values import Actor, CaseStatus, Claim, Role
from tests.overrides.samples import case

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
ASHA = Actor("p-asha", "Asha", Role.OFFICER, "north", 1_000_000)
KOFI = Actor("p-kofi", "Kofi", Role.COMPLIANCE)
SEEDS = st.binary(min_size=32, max_size=32)
SHARES = st.decimals(0, 1, places=4)
FORM = FirstView(view=View.DECLINE, confidence=4, note=" Rent is high. ")
SHA = "0" * 64


def new_id() -> str:
    return "01a20000-0000-7000-8000-000000000009"


def first_view(
    of: Case | None = None, actor: Actor = ASHA, form: FirstView = FORM, *, asked: bool = True
) -> Decided:
    return decide_first_view(of or case(), actor, form, NOW, new_id, asked=asked)


def test_a_first_view_says_what_and_how_sure_and_keeps_its_note_apart() -> None:
    (draft,) = first_view().drafts
    assert draft.type == "first_view_recorded"
    assert draft.data == {
        "decision_id": case().decision_id,
        "view": "decline",
        "confidence": 4,
    }
    assert [(slot.name, slot.payload) for slot in draft.slots] == [
        ("note", {"text": "Rent is high."})
    ]


def test_nobody_records_one_who_is_not_asked_or_may_not_decide() -> None:
    with pytest.raises(FirstViewNotAsked):
        first_view(asked=False)
    with pytest.raises(NoAuthority):
        first_view(actor=KOFI)
    with pytest.raises(CaseClosed):
        first_view(replace(case(), status=CaseStatus.DECIDED))
    held = replace(case(), claim=Claim("p-other", NOW + timedelta(minutes=5)))
    with pytest.raises(ClaimHeld):
        first_view(held)


@pytest.mark.parametrize("confidence", [0, 6, -1])
def test_how_sure_somebody_is_goes_from_one_to_five(confidence: int) -> None:
    with pytest.raises(ValueError, match="from 1 to 5"):
        FirstView(view=View.APPROVE, confidence=confidence)


@given(SEEDS, st.text(min_size=1, max_size=40), SHARES)
def test_a_draw_is_a_keyed_hash_held_against_the_share(
    seed: bytes, case_ref: str, share: Decimal
) -> None:
    digest = hmac.new(seed, b"countermand/blind-first\0" + case_ref.encode(), hashlib.sha256)
    slow = Fraction(int(digest.hexdigest()[:16], 16), 2**64)
    assert number(seed, case_ref) == slow
    lot = Lot(seed, share)
    assert lot.draws(case_ref) is (slow < Fraction(share))
    recorded = {"blind": lot.members(case_ref)}
    assert as_the_seed_says(seed, case_ref, recorded) is True
    assert was_drawn(recorded) is lot.draws(case_ref)
    turned = {"blind": {**lot.members(case_ref), "drawn": not lot.draws(case_ref)}}
    assert as_the_seed_says(seed, case_ref, turned) is False
    assert as_the_seed_says(bytes(32), case_ref, recorded) in (None, seed == bytes(32) or None)
    assert as_the_seed_says(seed, case_ref, {}) is None
    assert not was_drawn({})


def test_a_share_of_the_cases_is_drawn_and_no_more() -> None:
    lot = Lot(b"s" * 32, Decimal("0.1"))
    drawn = sum(lot.draws(f"case-{place}") for place in range(20_000))
    assert 1_900 < drawn < 2_100  # 2,000 expected, standard deviation 42
    assert not any(Lot(b"s" * 32, Decimal(0)).draws(f"c{place}") for place in range(1_000))
    assert all(Lot(b"s" * 32, Decimal(1)).draws(f"c{place}") for place in range(1_000))


def folded(known: Practices, drafts: Any, seq: int = 0) -> Practices:
    """The practices after what was decided."""
    for draft in drafts:
        event = Event(
            log="l",
            seq=seq,
            event_id=draft.event_id,
            type=draft.type,
            recorded_at=NOW,
            actor=draft.actor,
            role=draft.role,
            data=draft.data,
        )
        known = known.after(event)
    return known


def told(*practices: Practice) -> Practices:
    """Practices of which staff were told."""
    decided = decide_notice(KOFI, practices, SHA, date(2026, 3, 2), NOW, new_id)
    return folded(Practices(), decided.drafts)


def turn(known: Practices, share: str, practice: Practice = Practice.BLIND_FIRST) -> Practices:
    """The same with a share set."""
    decided = decide_switch(known, KOFI, practice, Decimal(share), "f" * 16, new_id)
    return folded(known, decided.drafts)


def test_nothing_is_switched_on_of_which_staff_were_not_told() -> None:
    with pytest.raises(NoticeMissing):
        turn(Practices(), "0.1")
    with pytest.raises(NoticeMissing):
        turn(told(Practice.DWELL_TIME), "0.1")
    known = turn(told(Practice.BLIND_FIRST), "0.1")
    assert known.share(Practice.BLIND_FIRST) == Decimal("0.1")
    assert known.share(Practice.DWELL_TIME) == 0
    assert known.notices["blind_first"].given_on == date(2026, 3, 2)


def test_a_share_is_set_once_and_the_largest_is_remembered() -> None:
    known = turn(told(Practice.BLIND_FIRST), "0.4")
    with pytest.raises(ShareUnchanged):
        turn(known, "0.4")
    off = turn(turn(known, "0.1"), "0")
    assert off.share(Practice.BLIND_FIRST) == 0
    assert off.largest(Practice.BLIND_FIRST) == Decimal("0.4")
    assert off.seeds(Practice.BLIND_FIRST) == {"f" * 16}
    with pytest.raises(ShareUnchanged):
        turn(off, "0")


def test_a_notice_is_recorded_by_who_answers_for_oversight_once_staff_had_it() -> None:
    wanted = ([Practice.BLIND_FIRST], SHA)
    with pytest.raises(NoticeAhead):
        decide_notice(KOFI, *wanted, date(2026, 3, 3), NOW, new_id)
    with pytest.raises(NoAuthority):
        decide_notice(ASHA, *wanted, date(2026, 3, 2), NOW, new_id)
    with pytest.raises(NoAuthority):
        decide_switch(Practices(), ASHA, Practice.BLIND_FIRST, Decimal(0), "", new_id)


def test_a_seed_is_named_without_being_given_away() -> None:
    seed = bytes(range(32))
    assert fingerprint(seed) == fingerprint(seed) != fingerprint(bytes(32))
    assert fingerprint(seed) not in seed.hex()
    assert hashlib.sha256(seed).hexdigest()[:16] != fingerprint(seed)
