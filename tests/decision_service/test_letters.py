"""Letters made from the record, held against it, and taken step by step until they are sent."""

import json
import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from starlette.testclient import TestClient

from decision_service import letter_texts
from decision_service.acting import Acting
from decision_service.answering import Answering
from decision_service.app import create_app
from decision_service.dossier import read_dossier
from decision_service.draft_pages import DraftPages
from decision_service.installation_errors import LenderUnreadable
from decision_service.lender import Lender, lender_at
from decision_service.letter_desk import LetterDesk
from decision_service.letter_making import Letter, difference, is_hard, make
from decision_service.waiting_pages import WaitingPages
from overrides.instants import instant_text
from overrides.letter_calls import called_for
from overrides.letter_rows import LetterRow, LetterState
from overrides.letters import Source
from tests.decision_service.desk_house import DeskHouse, desk_house
from ui.letter_views import LetterForm
from ui.ports import Refused
from ui.views import EvidenceTyped
from ui.waiting_views import AskForm, ReopenForm
from ui.words import day_words

LENDER = {"name": "Example Bank", "address": ["1 Main Street"], "contact": "desk@bank.example"}


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DeskHouse]:
    """One installation; each test has cases of its own."""
    with desk_house(tmp_path_factory.mktemp("letters")) as made:
        lender = {**LENDER, "advice": "0800 000", "agency": "The Agency, Town"}
        made.services.settings.lender.write_text(json.dumps(lender))
        yield made


def refused_by_model(house: DeskHouse, **members: Any) -> str:
    """A refusal that a person confirmed."""
    case_id = str(house.apply_until("decline", **members)["case_id"])
    house.desk.review(
        house.viewer("asha"), case_id, house.form("asha", case_id, decision="decline")
    )
    return case_id


def refused_by_person(house: DeskHouse, concepts: tuple[str, ...]) -> str:
    """A refusal against the model."""
    case_id = str(house.apply_until("approve")["case_id"])
    form = house.form(
        "asha",
        case_id,
        decision="decline",
        code="M04",
        note="The bank statements show two further loans that were not stated.",
        evidence=(EvidenceTyped(kind="document", reference="DOC-1"),),
        concepts=concepts,
    )
    house.desk.override(house.viewer("asha"), case_id, form)
    if house.services.letters.letter(case_id) is None:
        verdict = house.form("hanna", case_id, verdict="uphold")
        house.desk.approval(house.viewer("hanna"), case_id, verdict)
    return case_id


def step(house: DeskHouse, who: str, case_id: str, name: str, **typed: str) -> str:
    """Take the letter a step further as a page would."""
    desk = LetterDesk(house.services)
    house.clock.passes(minutes=2)  # the decision cannot be undone any more
    view = desk.letter(house.viewer(who), case_id)
    form = LetterForm(step=name, letter_id=view.letter_id, idempotency_key=house.key(), **typed)
    return desk.step(house.viewer(who), case_id, form)


def made(house: DeskHouse, case_id: str, language: str = "en") -> Letter:
    """The letter as the record makes it."""
    actor, acting = house.actors["asha"], Acting(house.services)
    dossier = read_dossier(house.services, acting.file(actor, case_id), actor, acting.sees)
    letter = make(dossier, lender_at(house.services.settings.lender), language)
    assert letter is not None
    return letter


def reasons(letter: Letter) -> list[str]:
    """What the letter gives as reasons."""
    return [part["text"] for part in letter.parts if part["key"] == "reason"]


def test_a_confirmed_refusal_states_the_recorded_sentences_of_the_model(house: DeskHouse) -> None:
    case_id = refused_by_model(house)
    letter = made(house, case_id)
    recorded = house.desk.case(house.viewer("asha"), case_id).adverse
    assert reasons(letter) == [reason.text for reason in recorded]
    assert letter.principal.source is Source.MODEL


def test_a_refusal_against_the_model_states_only_what_the_person_named(house: DeskHouse) -> None:
    view = house.desk.case(house.viewer("asha"), str(house.apply()["case_id"]))
    choice = view.concepts[-1]
    letter = made(house, refused_by_person(house, (choice.concept,)))
    assert letter.principal.source is Source.PERSON
    assert [part["name"] for part in letter.parts if part["key"] == "reason"] == [choice.concept]
    assert all(part["of"] == "person" for part in letter.parts if part["key"] == "reason")


def test_an_altered_sentence_is_found(house: DeskHouse) -> None:
    letter = made(house, refused_by_model(house))
    assert difference(letter.parts, letter) == ""
    for place, part in enumerate(letter.parts):
        changed = [dict(each) for each in letter.parts]
        changed[place]["text"] = f"{part['text']} Or so."
        assert difference(changed, letter) == part["key"]
    strange = [*letter.parts, {"key": "reason", "name": "R99", "of": "model", "text": "x"}]
    assert difference(strange, letter) == "reason R99"
    assert difference(letter.parts[:-1], letter) == "its length"


def test_a_letter_goes_from_due_to_sent_and_comes_back(house: DeskHouse) -> None:
    case_id = refused_by_model(house)
    assert house.services.letters.letter(case_id).state is LetterState.DUE  # type: ignore[union-attr]
    step(house, "asha", case_id, "draft", language="en")
    step(house, "asha", case_id, "issued")
    today = house.clock().date().isoformat()
    step(house, "asha", case_id, "sent", channel="post", on=today)
    view = LetterDesk(house.services).letter(house.viewer("asha"), case_id)
    assert (view.state, view.late, view.steps) == ("sent", False, ("returned", "draft"))
    step(house, "asha", case_id, "returned", reason="address_unknown", on=today)
    with pytest.raises(Refused, match="say why"):
        step(house, "asha", case_id, "draft", language="en")
    step(house, "asha", case_id, "draft", language="en", reason="returned")
    row = house.services.letters.letter(case_id)
    assert row is not None
    assert row.state is LetterState.DRAFTED
    assert row.replaces
    kinds = house.kinds(case_id)
    assert kinds.count("letter_drafted") == 2
    assert kinds.count("letter_moved") == 3


def test_a_letter_in_a_language_nobody_reviewed_waits_for_another_person(house: DeskHouse) -> None:
    case_id = refused_by_model(house)
    step(house, "asha", case_id, "draft", language="hi")
    with pytest.raises(Refused, match="native speaker"):
        step(house, "asha", case_id, "issued")
    with pytest.raises(Refused):
        step(house, "asha", case_id, "checked")
    step(house, "hanna", case_id, "checked")
    step(house, "asha", case_id, "issued")


def test_a_letter_is_not_issued_once_the_record_makes_another_one(house: DeskHouse) -> None:
    case_id = refused_by_model(house)
    step(house, "asha", case_id, "draft", language="en")
    file = house.services.settings.lender
    before = file.read_text()
    file.write_text(json.dumps({**json.loads(before), "name": "Another Bank"}))
    try:
        with pytest.raises(Refused, match="draft it again"):
            step(house, "asha", case_id, "issued")
    finally:
        file.write_text(before)


def test_no_letter_is_issued_while_the_decision_can_be_undone(house: DeskHouse) -> None:
    case_id, desk = refused_by_model(house), LetterDesk(house.services)
    draft = LetterForm(step="draft", language="en", idempotency_key=house.key())
    desk.step(house.viewer("asha"), case_id, draft)
    view = desk.letter(house.viewer("asha"), case_id)
    issue = LetterForm(step="issued", letter_id=view.letter_id, idempotency_key=house.key())
    with pytest.raises(Refused, match="can still be undone"):
        desk.step(house.viewer("asha"), case_id, issue)
    house.clock.passes(minutes=2)
    desk.step(house.viewer("asha"), case_id, issue)


def test_a_letter_of_a_decision_that_was_reopened_is_not_sent(house: DeskHouse) -> None:
    case_id = refused_by_model(house)
    step(house, "asha", case_id, "draft", language="en")
    step(house, "asha", case_id, "issued")
    version = house.desk.case(house.viewer("greta"), case_id).version
    form = ReopenForm(
        reason="error_found",
        note="The amount was typed with one digit too many.",
        seen_version=version,
        idempotency_key=house.key(),
    )
    WaitingPages(house.services).reopen(house.viewer("greta"), case_id, form)
    today = house.clock().date().isoformat()
    with pytest.raises(Refused):
        step(house, "asha", case_id, "sent", channel="post", on=today)


def reopen(house: DeskHouse, case_id: str) -> None:
    """Open a closed case again."""
    form = ReopenForm(
        reason="error_found",
        note="The amount was typed with one digit too many.",
        seen_version=house.desk.case(house.viewer("greta"), case_id).version,
        idempotency_key=house.key(),
    )
    WaitingPages(house.services).reopen(house.viewer("greta"), case_id, form)


def decline(house: DeskHouse, case_id: str) -> None:
    """Confirm the model's refusal."""
    form = house.form("asha", case_id, decision="decline")
    house.desk.review(house.viewer("asha"), case_id, form)


def test_a_case_reopened_twice_still_says_which_letter_the_next_one_replaces(
    house: DeskHouse,
) -> None:
    case_id, today = refused_by_model(house), house.clock().date().isoformat()
    step(house, "asha", case_id, "draft", language="en")
    step(house, "asha", case_id, "issued")
    step(house, "asha", case_id, "sent", channel="post", on=today)
    first = house.services.letters.letter(case_id)
    assert first is not None
    for _ in range(2):
        reopen(house, case_id)
        assert house.services.letters.letter(case_id) == first, "what was sent stays to be seen"
        decline(house, case_id)
        row = house.services.letters.letter(case_id)
        assert row is not None
        assert (row.state, row.replaces) == (LetterState.DUE, first.letter_id)
    with pytest.raises(Refused, match="say why"):
        step(house, "asha", case_id, "draft", language="en")
    step(house, "asha", case_id, "draft", language="en", reason="wrong_text")


def test_who_was_asked_and_sent_nothing_gets_a_letter_that_says_what_was_missing(
    house: DeskHouse,
) -> None:
    case_id = asked(house)
    house.clock.passes(days=8)
    Answering(house.services).lapse()
    row = house.services.letters.letter(case_id)
    assert row is not None
    assert (row.kind, row.state) == ("adverse_action", LetterState.DUE)
    letter = made(house, case_id)
    assert letter.principal.source is Source.MISSING
    assert reasons(letter) == []
    assert len([part for part in letter.parts if part["key"] == "item"]) == 2
    assert {"automated"}.isdisjoint(part["key"] for part in letter.parts)
    assert any("not complete" in part["text"] for part in letter.parts)
    step(house, "asha", case_id, "draft", language="en")


def asked(house: DeskHouse, field: str = "", **members: Any) -> str:
    """A case that waits for its applicant, with two things asked for."""
    case_id = str(house.apply(**members)["case_id"])
    rooms = WaitingPages(house.services)
    fields = (field or rooms.asking(house.viewer("asha"), case_id).fields[0][0],)
    version = house.desk.case(house.viewer("asha"), case_id).version
    form = AskForm(
        fields=fields,
        documents=("PAYSLIP",),
        seen_version=version,
        idempotency_key=house.key(),
        until=instant_text(house.clock() + timedelta(days=7))[:16],
    )
    rooms.ask(house.viewer("asha"), case_id, form)
    return case_id


def test_a_letter_about_what_is_missing_says_until_when_and_states_no_reasons(
    house: DeskHouse,
) -> None:
    case_id = asked(house)
    letter = made(house, case_id)
    assert letter.called.until is not None
    assert any(day_words(letter.called.until) in part["text"] for part in letter.parts)
    assert letter.called.kind.value == "incompleteness"
    assert len([part for part in letter.parts if part["key"] == "item"]) == 2
    assert reasons(letter) == []
    step(house, "asha", case_id, "draft", language="en")
    step(house, "asha", case_id, "issued")


def test_what_is_asked_of_another_party_is_named_with_their_role_and_without_their_value(
    house: DeskHouse,
) -> None:
    parties = [
        {"ref": "P-asked", "role": "applicant"},
        {"ref": "P-other", "role": "guarantor", "fields": ["credit_amount"]},
    ]
    case_id = asked(house, "credit_amount", parties=parties)
    decision = house.services.cases.case(case_id).decision  # type: ignore[union-attr]
    amount = f"{decision.amount.minor // 100:,}"
    items = [part["text"] for part in made(house, case_id).parts if part["key"] == "item"]
    (told,) = [text for text in items if "From the record of" in text]
    assert told.startswith("From the record of the person who stands in for the loan:")
    assert amount not in told
    own = [part["text"] for part in made(house, asked(house, "credit_amount")).parts]
    assert not any("From the record of" in text for text in own)


def test_two_steps_from_one_page_are_one(house: DeskHouse) -> None:
    case_id = refused_by_model(house)
    step(house, "asha", case_id, "draft", language="en")
    desk = LetterDesk(house.services)
    view = desk.letter(house.viewer("asha"), case_id)
    house.clock.passes(minutes=2)
    form = LetterForm(step="issued", letter_id=view.letter_id, idempotency_key=house.key())
    desk.step(house.viewer("asha"), case_id, form)
    desk.step(house.viewer("asha"), case_id, form)
    again = replace(form, idempotency_key=house.key())
    with pytest.raises(Refused, match="issued by now"):
        desk.step(house.viewer("asha"), case_id, again)
    assert house.kinds(case_id).count("letter_moved") == 1


def test_the_list_has_what_is_due_first_and_only_the_branch_s_own(house: DeskHouse) -> None:
    case_id = refused_by_model(house)
    desk = LetterDesk(house.services)
    view = desk.letters(house.viewer("asha"), "", "")
    assert case_id in [line.case_id for line in view.lines]
    assert [line.due_at for line in view.lines] == sorted(line.due_at for line in view.lines)
    others = desk.letters(house.viewer("chitra"), "", "")
    assert case_id not in [line.case_id for line in others.lines]


def test_the_list_and_the_record_call_for_the_same_letters(house: DeskHouse) -> None:
    """The list is kept entry by entry, the letter worked out from all acts: both must agree."""
    refused_by_model(house)
    book, cases = house.services.letters, house.services.cases
    rows = [row for state in LetterState for row in book.letters(state, limit=200).rows]
    assert rows
    for row in rows:
        called = called_for(cases.acts(row.case_ref), "DE")
        assert called is not None
        assert (called.event_id, called.kind) == (row.called_by, row.kind)
        assert called.by_person is row.by_person or called.kind == "incompleteness"
        assert made(house, row.case_ref).due_at == row.due_at


def test_the_list_of_letters_is_the_same_after_a_rebuild(house: DeskHouse) -> None:
    book = house.services.letters
    before = [book.letters(state, limit=200).rows for state in LetterState]
    house.services.rebuild()
    assert [book.letters(state, limit=200).rows for state in LetterState] == before


def test_a_list_in_pages_is_the_whole_list(house: DeskHouse) -> None:
    for _ in range(3):
        refused_by_model(house)
    book, cursor = house.services.letters, ""
    found: list[LetterRow] = []
    while True:
        part = book.letters(LetterState.DUE, cursor=cursor, limit=2)
        found += part.rows
        if not (cursor := part.next_cursor):
            break
    assert tuple(found) == book.letters(LetterState.DUE, limit=200).rows
    assert len(found) == book.letter_counts()[LetterState.DUE]
    with pytest.raises(ValueError, match=r"."):
        book.letters(LetterState.DUE, cursor="made up")


def test_every_language_has_every_sentence_with_the_same_places_to_fill() -> None:
    english = letter_texts.template("en")
    for language in letter_texts.languages():
        found = letter_texts.template(language)
        assert found.texts.keys() == english.texts.keys()
        for key, text in found.texts.items():
            places = set(re.findall(r"{(\w+)}", text))
            assert places == set(re.findall(r"{(\w+)}", english.texts[key])), (language, key)


@pytest.mark.parametrize("language", letter_texts.languages())
def test_no_template_is_hard_to_read(language: str) -> None:
    texts = letter_texts.template(language).texts
    parts = [{"key": key, "text": text} for key, text in texts.items()]
    assert not is_hard(parts, language)


def test_a_long_sentence_is_hard_in_every_language() -> None:
    for language in letter_texts.languages():
        assert is_hard([{"key": "action", "text": "considerations " * 30}], language)


def test_letters_know_the_lender_only_from_a_file_that_can_be_read(tmp_path: Any) -> None:
    file = tmp_path / "lender.json"
    assert lender_at(file) == Lender()
    file.write_text(json.dumps(LENDER))
    assert lender_at(file).address == ("1 Main Street",)
    for wrong in ("{", "[]", '{"nom": "x"}', '{"name": 3}', '{"second_person": "never"}'):
        file.write_text(wrong)
        with pytest.raises(LenderUnreadable):
            lender_at(file)


def test_a_file_of_the_lender_that_cannot_be_read_is_told_before_anybody_needs_a_letter(
    house: DeskHouse,
) -> None:
    file = house.services.settings.lender
    before = file.read_text()
    with TestClient(create_app(house.services, warm=False)) as client:
        assert client.get("/readyz").json()["letters"] == {"problem": ""}
        file.write_text("{")
        try:
            ready = client.get("/readyz")
        finally:
            file.write_text(before)
    assert ready.status_code == 200
    assert file.name in ready.json()["letters"]["problem"]


def test_a_note_for_a_step_that_was_taken_does_not_come_back_as_a_draft(house: DeskHouse) -> None:
    case_id = refused_by_model(house)
    step(house, "asha", case_id, "draft")
    letter = house.services.letters.letter(case_id)
    assert letter is not None
    asha, way = house.viewer("asha"), f"/cases/{case_id}/letter"
    typed = (("letter_id", letter.letter_id), ("step", "checked"), ("note", "Read."))
    drafts = DraftPages(house.services)
    drafts.keep(asha, case_id, way, typed)
    step(house, "hanna", case_id, "checked")
    with pytest.raises(Refused, match="acted on this case since"):
        drafts.keep(asha, case_id, way, typed)
