"""Practice over a real installation: masked past cases, recorded reading, and no figure moved."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import delete

from decision_service.outcome_import import OutcomeImport
from decision_service.override_pages import OverridePages
from decision_service.practising import OUTCOME_WORDS, PracticePages, _same
from decision_service.training_pages import TrainingPages, new_here
from overrides.events import read_event
from overrides.journal import Decided
from overrides.outcome_lines import OutcomeLine, read_record
from overrides.practice import CASES, Answer, Outcome, Practices, Round
from overrides.stores.ledger_tables import DataKey
from overrides.values import Decision
from tests.decision_service.desk_house import BUNDLE, DeskHouse, desk_house
from ui.ports import Refused
from ui.practice_views import PracticeForm

PAST = 12


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DeskHouse]:
    """Twelve matured loans that Elena approved, six of which went bad, and no practice yet."""
    folder: Path = tmp_path_factory.mktemp("practice")
    with desk_house(folder) as made:
        elena, sent = made.viewer("elena"), []
        for _ in range(PAST):
            case = made.apply_until("approve")
            made.desk.claim(elena, case["case_id"])
            form = made.form("elena", case["case_id"], decision="approve")
            made.desk.review(elena, case["case_id"], form)
            sent.append(case["application_id"])
        made.clock.passes(days=500)
        importer = OutcomeImport(made.services)
        for number, application_id in enumerate(sent):
            record = {
                "application_id": application_id,
                "observed_at": "2027-06-01",
                "kind": "max_days_past_due",
                "value": "120" if number % 2 else "0",
                "months_on_book": 12,
            }
            importer.records([OutcomeLine(0, read_record(record))], made.actors["core"])
        yield made


def answer(house: DeskHouse, who: str, decision: str) -> str:
    """Answer the case that is next."""
    pages, viewer = PracticePages(house.services), house.viewer(who)
    case = pages.practice(viewer, BUNDLE, begin=True).case
    assert case is not None
    form = PracticeForm(
        bundle=BUNDLE,
        case_ref=case.case_ref,
        place=str(case.place),
        decision=decision,
        concepts=tuple(concept for concept, *_ in case.reasons[:1]),
        idempotency_key=house.key(),
    )
    said = pages.answer(viewer, form)
    assert pages.answer(viewer, form) == said, "sent twice"
    return said


def test_ten_answers_fill_the_register_and_move_no_figure(house: DeskHouse) -> None:
    services, asha = house.services, house.viewer("asha")
    pages = PracticePages(services)
    before = OverridePages(services).report(BUNDLE).sections
    size = services.ledger.head().size
    said = [answer(house, "asha", "approve") for _ in range(CASES)]
    assert said[-1].endswith("The round is finished: 5 of 10 right, recorded.")
    view = pages.practice(asha, BUNDLE, begin=False)
    assert view.case is None
    assert [result.right for result in view.results] == [5]
    assert {line.ended for line in view.lines} == set(OUTCOME_WORDS.values())
    entries = [read_event(one.body) for one in services.ledger.changes(size - 1, 1000)]
    kinds = [entry.type for entry in entries]
    assert kinds.count("practice_answered") == CASES
    assert kinds.count("practice_finished") == 1
    assert set(kinds) == {"practice_answered", "practice_finished", "record_viewed"}
    practised = {one.data["case_ref"] for one in entries if one.type == "practice_answered"}
    viewed = {one.case for one in entries if one.type == "record_viewed"}
    assert practised == viewed
    assert OverridePages(services).report(BUNDLE).sections == before
    lines = TrainingPages(services).register(house.viewer("greta"), "").lines
    (line,) = (line for line in lines if line.name == "asha")
    assert line.practice.startswith("5 of 10 right")
    assert line.state == "missing"


def test_a_case_is_shown_without_what_names_anybody(house: DeskHouse) -> None:
    case = PracticePages(house.services).practice(house.viewer("bruno"), BUNDLE, begin=True).case
    assert case is not None
    file = house.services.cases.case(case.case_ref)
    assert file is not None
    contract = house.services.registry.loaded(BUNDLE).bundle.contract
    scored = {field.label for field in contract.fields if field.role == "feature"}
    assert {label for label, _ in case.stated} <= scored
    application = house.desk.case(house.viewer("bruno"), case.case_ref).application_id
    assert application not in repr(case)
    assert file.row.branch not in repr(case).split()


def test_nothing_is_opened_before_a_round_is_begun(house: DeskHouse) -> None:
    size = house.services.ledger.head().size
    view = PracticePages(house.services).practice(house.viewer("bruno"), BUNDLE, begin=False)
    assert (view.case, view.enough) == (None, True)
    assert house.services.ledger.head().size == size


def test_own_cases_and_those_of_other_branches_are_no_practice(house: DeskHouse) -> None:
    pages = PracticePages(house.services)
    for who in ("elena", "chitra"):
        view = pages.practice(house.viewer(who), BUNDLE, begin=True)
        assert (view.available, view.enough, view.case) == (0, False, None)


def test_another_case_than_the_next_and_a_foreign_reason_are_refused(house: DeskHouse) -> None:
    pages, bruno = PracticePages(house.services), house.viewer("bruno")
    case = pages.practice(bruno, BUNDLE, begin=True).case
    assert case is not None
    form = PracticeForm(bundle=BUNDLE, case_ref="another", place="1", decision="approve")
    with pytest.raises(Refused, match="Another practice case"):
        pages.answer(bruno, form)
    typed = PracticeForm(bundle=BUNDLE, case_ref=case.case_ref, place="1", concepts=("Z99",))
    with pytest.raises(Refused) as refused:
        pages.answer(bruno, typed)
    assert set(refused.value.fields) == {"concepts", "decision"}


def test_erased_cases_however_many_leave_the_readable_one_to_practise_on(
    house: DeskHouse,
) -> None:
    """Whichever outcome is wanted next, the erased ones come before the readable in one of two."""
    *erased, readable = (house.apply()["case_id"] for _ in range(22))
    keys = DataKey.__table__  # type: ignore[attr-defined]
    gone = delete(keys).where(keys.c.case_ref.in_(erased))
    erasing = Decided((), also=(lambda connection: connection.execute(gone),))
    house.services.journal.submit(lambda _: erasing).result()
    pages, bruno = PracticePages(house.services), house.actors["bruno"]
    for of_readable, of_erased in ((Outcome.GOOD, Outcome.BAD), (Outcome.BAD, Outcome.GOOD)):
        pool = {**dict.fromkeys(erased, of_erased), readable: of_readable}
        found = pages._next(bruno, BUNDLE, pool, Practices({}))
        assert found is not None
        assert found.file.case.case_ref == readable


def test_who_decides_no_cases_has_no_practice(house: DeskHouse) -> None:
    with pytest.raises(Refused) as refused:
        PracticePages(house.services).practice(house.viewer("greta"), BUNDLE, begin=False)
    assert refused.value.status == 403


def test_who_is_new_is_led_to_practice_until_a_round_is_finished() -> None:
    def notice(answered: int) -> tuple[str, str, str]:
        at = datetime(2026, 3, 1, tzinfo=UTC)
        given = Answer(
            case_ref="c", decision=Decision.APPROVE, outcome=Outcome.GOOD, concepts=(), at=at
        )
        said = new_here(Practices({("p", "loans"): (given,) * answered}), "p", "loans")
        return said.text, said.href, said.link

    ten, three, done = notice(0), notice(3), notice(CASES)
    assert ten[1:] == ("/training/practice?bundle=loans", "Practise on 10 past cases first")
    assert three[1:] == (ten[1], "Go on practising: 3 of 10 answered")
    assert "Your practice: 10 of 10 right" in done[0]
    assert done[1] == "/training"


def test_the_case_that_ended_a_round_may_begin_the_next_with_the_same_answer() -> None:
    def answered(ref: str) -> Answer:
        approve, good = Decision.APPROVE, Outcome.GOOD
        return Answer(case_ref=ref, decision=approve, outcome=good, concepts=("R01",))

    ended = Round(1, tuple(answered(f"case-{place}") for place in range(1, CASES + 1)))
    sent = PracticeForm(case_ref=f"case-{CASES}", decision="approve", concepts=("R01",))
    assert _same(replace(sent, place=str(CASES)), ended), "sent twice"
    assert not _same(replace(sent, place="1"), ended)
