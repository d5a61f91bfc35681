"""Hints about notes: each list finds its own words, whole words only, and facts pass unremarked."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from overrides.forms import note_slots
from overrides.note_hints import WORDS, Hint, hints_in

PLAIN = (
    "Twelve bank statements from January to December show pay of 2,400 each month.",
    "The employer's letter of 3 March confirms a contract without end; salary DM 3,100.",
    "Debt of 12.000,00 repaid on 2026-03-04, receipt 4711-22; account 1234567890 closed.",
    "The trace of the payment was found. Terms and grace period were read.",
    "See case 01a20000-0000-7000-8000-000000000000 of the same party.",
    "",
)


@pytest.mark.parametrize("note", PLAIN)
def test_facts_give_no_hint(note: str) -> None:
    assert hints_in(note) == ()


@pytest.mark.parametrize(
    ("language", "hint", "word"),
    [
        (language, hint, word)
        for language, lists in WORDS.items()
        for hint, words in lists.items()
        for word in words
    ],
)
def test_every_word_of_every_list_is_found_in_a_sentence(
    language: str, hint: Hint, word: str
) -> None:
    assert language in {"en", "es", "hi", "as"}
    assert word == word.lower()
    assert hint in hints_in(f"So it was: {word.capitalize()}, and 3 papers.")
    assert hint in hints_in(word.replace(" ", "\n  "))


@pytest.mark.parametrize(
    ("note", "hint"),
    [
        ("Write to asha.menon@example.org about it.", Hint.CONTACT),
        ("Called on +49 30 901820, nobody there.", Hint.CONTACT),
        ("Called 0301 9018200 twice.", Hint.CONTACT),
        ("THIS CUSTOMER ALWAYS PAYS", Hint.SHOUTING),
        ("Approve at once!!", Hint.SHOUTING),
    ],
)
def test_contact_data_and_shouting_are_noticed(note: str, hint: Hint) -> None:
    assert hints_in(note) == (hint,)


@given(st.text(), st.sampled_from(sorted(PLAIN)))
def test_hints_come_in_one_order_and_only_grow_with_the_note(typed: str, more: str) -> None:
    found = hints_in(typed)
    assert list(found) == [hint for hint in Hint if hint in found]
    words = set(found) - {Hint.SHOUTING, Hint.CONTACT}
    assert words <= set(hints_in(f"{typed}\n. {more}"))


def test_what_was_found_is_kept_with_the_note_and_nowhere_else() -> None:
    (slot,) = note_slots("p", " The applicant is married. ")
    assert slot.payload == {"text": "The applicant is married.", "hints": ["family"]}
    (plain,) = note_slots("p", PLAIN[0])
    assert plain.payload == {"text": PLAIN[0]}
