"""Practice cases: which come, what is recorded, and that no round is longer than ten."""

import hmac
from collections import Counter
from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from overrides.errors import NoAuthority
from overrides.practice import (
    BAD_CASES,
    CASES,
    Answer,
    Outcome,
    Practices,
    decide_answer,
    next_cases,
)
from overrides.reading import KeyedHash
from overrides.training import Register
from overrides.training_errors import PracticeMoved
from overrides.values import Decision, Role
from tests.overrides.test_training import ASHA, NOW, event_of, new_id

BUNDLE = "german-credit"
POOL = {f"case-{n}": Outcome.BAD if n % 4 == 0 else Outcome.GOOD for n in range(60)}


def an_answer(case_ref: str, decision: Decision = Decision.APPROVE) -> Answer:
    """An answer to a case of the pool."""
    return Answer(
        case_ref=case_ref, decision=decision, outcome=POOL[case_ref], concepts=("R02", "R01")
    )


def practised(answers: int, decision: Decision = Decision.APPROVE) -> Register:
    """A register after so many answers, each to the case that came next."""
    register = Register()
    for _ in range(answers):
        known = register.practices
        place = len(known.current(ASHA.ref, BUNDLE).answers) + 1
        case_ref = next_cases(POOL, known, ASHA.ref, BUNDLE, keyed(b"k"))[0]
        answer = an_answer(case_ref, decision)
        decided = decide_answer(known, ASHA, BUNDLE, place, answer, new_id)
        register = register.after(event_of(draft) for draft in decided.drafts)
    return register


def keyed(key: bytes) -> KeyedHash:
    """A keyed hash as the vault has one."""
    return lambda purpose, text: hmac.digest(key, f"{purpose}\0{text}".encode(), "sha256").hex()


def test_without_the_key_nobody_works_out_which_places_are_bad_loans() -> None:
    def comes(key: bytes) -> tuple[Outcome, ...]:
        register, went = Register(), []
        for place in range(1, CASES + 1):
            known = register.practices
            case_ref = next_cases(POOL, known, ASHA.ref, BUNDLE, keyed(key))[0]
            went.append(POOL[case_ref])
            answer = an_answer(case_ref)
            decided = decide_answer(known, ASHA, BUNDLE, place, answer, new_id)
            register = register.after(event_of(draft) for draft in decided.drafts)
        return tuple(went)

    orders = [comes(bytes([key])) for key in range(20)]
    assert all(Counter(order)[Outcome.BAD] == BAD_CASES for order in orders)
    assert len(set(orders)) > 10, "another key, other places"


@given(st.integers(0, 35), st.sampled_from(Decision))
def test_rounds_are_of_ten_different_cases_half_of_them_bad(
    number: int, decision: Decision
) -> None:
    practices = practised(number, decision).practices
    rounds = practices.rounds(ASHA.ref, BUNDLE)
    assert sum(len(one.answers) for one in rounds) == number
    for one in rounds:
        assert len({answer.case_ref for answer in one.answers}) == len(one.answers) <= CASES
        if one.finished:
            went = Counter(answer.outcome for answer in one.answers)
            assert went[Outcome.BAD] == BAD_CASES
            bad = decision is Decision.DECLINE
            assert one.right == went[Outcome.BAD if bad else Outcome.GOOD]


def test_no_case_comes_again_while_there_are_others() -> None:
    answers = practised(3 * CASES).practices.answers[ASHA.ref, BUNDLE]
    assert len({answer.case_ref for answer in answers}) == 3 * CASES


def test_where_one_kind_runs_out_the_other_fills_the_round() -> None:
    good = {ref: went for ref, went in POOL.items() if went is Outcome.GOOD}
    assert set(next_cases(good, Practices(), ASHA.ref, BUNDLE, keyed(b"k"))) == set(good)


def test_the_tenth_answer_records_the_result_and_no_entry_is_of_a_case() -> None:
    known = practised(CASES - 1).practices
    case_ref = next_cases(POOL, known, ASHA.ref, BUNDLE, keyed(b"k"))[0]
    drafts = decide_answer(known, ASHA, BUNDLE, CASES, an_answer(case_ref), new_id).drafts
    assert [draft.type for draft in drafts] == ["practice_answered", "practice_finished"]
    assert all(draft.case is None for draft in drafts)
    result = drafts[1].data
    assert (result["right"], result["cases"]) == (CASES - BAD_CASES, CASES)
    assert result["concepts"] == ["R01", "R02"]


@pytest.mark.parametrize("place", [0, 1, 3])
def test_only_the_next_place_is_answered(place: int) -> None:
    known = practised(1).practices
    case_ref = next_cases(POOL, known, ASHA.ref, BUNDLE, keyed(b"k"))[0]
    with pytest.raises(PracticeMoved, match="case 2"):
        decide_answer(known, ASHA, BUNDLE, place, an_answer(case_ref), new_id)


def test_a_case_is_answered_once_in_a_round() -> None:
    known = practised(1).practices
    again = known.answers[ASHA.ref, BUNDLE][0]
    with pytest.raises(PracticeMoved):
        decide_answer(known, ASHA, BUNDLE, 2, again, new_id)


def test_who_decides_no_cases_does_not_practise() -> None:
    lead = replace(ASHA, role=Role.TEAM_LEAD)
    with pytest.raises(NoAuthority):
        decide_answer(Practices(), lead, BUNDLE, 1, an_answer("case-1"), new_id)


def test_practice_trains_nobody_and_an_earlier_day_knows_nothing_of_it() -> None:
    register = practised(CASES)
    assert register.held(ASHA.ref, BUNDLE) is None
    assert register.practices.result(ASHA.ref, BUNDLE) is not None
    before = register.as_of((NOW - timedelta(days=1)).date())
    assert before.practices.result(ASHA.ref, BUNDLE) is None
