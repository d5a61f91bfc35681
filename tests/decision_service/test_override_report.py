"""The override report says what was counted, and no more than that."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from decision_service.access import ROLES, Permission
from decision_service.auditing import Auditing
from decision_service.board import NOT_ENOUGH
from decision_service.case_columns import CaseColumns
from decision_service.override_ground import Ground
from decision_service.override_report import report_sections
from decision_service.oversight_words import movement_section, oversight_section
from decision_service.verdict_words import NOT_SEPARABLE, SEPARABLE
from decision_service.wording import percent
from overrides.analysis.verdicts import Terms
from overrides.first_views import StatedView, View
from overrides.labels import Ending
from overrides.reading import BoardFact
from overrides.values import CaseStatus, Decision, Money, Recommendation, Role
from tests.decision_service.desk_house import DeskHouse, desk_house
from tests.decision_service.test_casework import NOTE
from tests.overrides.test_metrics import AS_OF, DEFINITION, OPENED, fact
from ui.ports import Refused
from ui.tables import table_name
from ui.views import BoardSection, EvidenceTyped

LET_IN = 200


def loans(of: int, bad: int, recommendation: str, **more: Any) -> list[BoardFact]:
    """Matured approvals, the first ``bad`` of which went bad."""
    return [fact(recommendation, "approve", worst=120 if k < bad else 0, **more) for k in range(of)]


def let_in_by_chance(of: int, bad: int) -> list[BoardFact]:
    """The same, approved by chance below the cut-off."""
    ending = Ending(
        status=CaseStatus.DECIDED,
        decision=Decision.APPROVE,
        at=OPENED + timedelta(hours=2),
        random_accept=True,
    )
    return [replace(each, ending=ending) for each in loans(of, bad, "decline")]


def ground(*facts: BoardFact, **more: Any) -> Ground:
    given: dict[str, Any] = {
        "every": CaseColumns.of(facts, DEFINITION, AS_OF),
        "since": None,
        "cutoffs": (0.2, 0.35),
        "kpis": {},
        "code_labels": {"M01": "Income the model did not see"},
        "names": lambda refs: {ref: f"name of {ref}" for ref in refs},
    }
    return Ground(**given | more)


def sections(*facts: BoardFact, **more: Any) -> dict[str, BoardSection]:
    return {s.title: s for s in report_sections(ground(*facts, **more))}


def rights(*facts: BoardFact, **more: Any) -> BoardSection:
    return sections(*facts, **more)["Were low-side overrides right"]


def test_a_report_over_nothing_has_no_numbers_and_no_errors() -> None:
    found = sections()
    for section in found.values():
        assert {figure.value for figure in section.figures} <= {NOT_ENOUGH, "0"}, section.title
    assert "No conclusion yet." in rights().lead
    assert oversight_section(ground()).table == ()


def test_enough_overrides_without_random_accepts_are_not_separable_from_model_error() -> None:
    """The scores expect 80 of 200; 40 went bad."""
    found = rights(*loans(LET_IN, 40, "decline"), *loans(300, 30, "approve"))
    assert "less often than their scores expected" in found.lead
    assert NOT_SEPARABLE in found.lead
    ratio, agreed, chance = found.figures
    assert (ratio.value, chance.value) == ("0.50", NOT_ENOUGH)
    assert agreed.interval


def test_random_accepts_make_it_separable_and_are_nobodys_override() -> None:
    facts = [*loans(LET_IN, 40, "decline"), *let_in_by_chance(100, 40)]
    found = rights(*facts)
    assert SEPARABLE in found.lead
    assert "200 matured low-side overrides" in found.figures[0].denominator


def test_changed_terms_are_counted_apart() -> None:
    found = rights(*loans(LET_IN, 40, "decline"), *loans(50, 3, "decline", code="G03"))
    assert "200 matured low-side overrides" in found.figures[0].denominator
    assert found.figures[3].label == "With changed terms"
    assert found.figures[3].denominator.startswith("50 matured")


def test_too_few_overrides_name_the_day_on_which_there_will_be_enough() -> None:
    """One in 2.5 is expected to go bad, so 34 are needed: four are missing and come monthly."""
    young = [
        fact("decline", "approve", opened=AS_OF - timedelta(days=30 * k)) for k in range(1, 10)
    ]
    found = rights(*loans(25, 9, "decline"), *young)
    assert "No conclusion yet." in found.lead
    assert "There will be enough by 20" in found.lead


def test_a_group_of_few_loans_shows_no_ratio() -> None:
    found = sections(
        *loans(60, 20, "decline", reviewer="p-2"), *loans(8, 8, "decline", reviewer="p-1")
    )["Low-side overrides by officer"]
    assert [row[0] for row in found.table[1:]] == ["name of p-1", "name of p-2"]
    assert found.table[1][3] == NOT_ENOUGH.lower()
    assert found.table[2][3] != NOT_ENOUGH.lower()


def test_money_is_shown_only_where_the_bundle_declares_it_and_may_be_a_loss() -> None:
    facts = [replace(each, amount=Money(100_000, "EUR")) for each in loans(LET_IN, 100, "decline")]
    assert "Earned less lost" not in rights(*facts).table[0]
    told = rights(*facts, terms=Terms(margin=0.1, loss_given_default=0.5))
    assert told.table[0][-1] == "Earned less lost"
    assert told.table[1][-1].startswith("-€ 40,000")


def test_the_curve_counts_each_month_over_the_loans_seen_for_it() -> None:
    found = sections(*loans(40, 10, "decline"))["Bad rate by month on book"]
    rows = {(row[0], row[1]): row[2] for row in found.table[1:]}
    assert rows["Approved against the model", "12"] == "10 of 40"
    assert rows["Approved as recommended", "12"] == "0 of 0"


def test_a_span_narrows_what_was_decided_and_not_what_matured() -> None:
    found = sections(*loans(LET_IN, 40, "decline"), since=AS_OF)
    assert found["How often people decide against the model"].figures[0].value == NOT_ENOUGH
    assert found["Were low-side overrides right"].figures[0].value == "0.50"


def test_an_approval_by_oneself_is_seen() -> None:
    facts = [fact("decline", "approve", approver="p-1") for _ in range(40)]
    (figure,) = [f for f in sections(*facts)["Who"].figures if f.label == "Approved by oneself"]
    assert (figure.value, figure.state) == ("40", "bad")


def test_officers_who_never_override_are_counted_and_not_named() -> None:
    facts = [fact("approve", "decline", reviewer=f"p-{k % 5}") for k in range(60)]
    facts += [fact("approve", "approve", reviewer=f"p-{k % 5}") for k in range(120)]
    facts += [fact("approve", "approve", reviewer="p-9") for _ in range(40)]
    found = oversight_section(ground(*facts))
    assert found.figures[0].value == "1 of 6"
    assert "p-9" not in str(found)


def test_movement_counts_whom_the_advice_could_move_and_nobody_else() -> None:
    """Forty differed from the advice at first, ten of whom came round to it."""
    came = [fact("decline", "decline", reviewer="p-1") for _ in range(10)]
    stayed = [fact("decline", "approve", reviewer="p-2") for _ in range(30)]
    sure = [fact("approve", "approve", reviewer="p-3") for _ in range(40)]
    others = [
        fact("decline", "decline", reviewer="p-9"),
        replace(fact("decline", "decline", reviewer="p-1"), corrected=True),
        replace(fact("decline", "decline", reviewer="p-1"), countered=True),
        fact("approve", "approve", reviewer="p-1"),  # the recommendation was another one then
        fact("decline", None),
    ]
    facts = [
        replace(each, case_ref=f"case-{number}")
        for number, each in enumerate([*came, *stayed, *sure, *others])
    ]
    viewed = {"p-1": Recommendation.DECLINE, "p-2": Recommendation.DECLINE}
    views = [
        StatedView(
            case_ref=each.case_ref,
            person="p-1" if number >= 80 else each.reviewer,
            view=View.APPROVE,
            advice=viewed.get("p-1" if number >= 80 else each.reviewer, Recommendation.APPROVE),
        )
        for number, each in enumerate(facts)
    ]
    unknown = replace(views[0], case_ref="case-of-another-bundle")
    found = movement_section(ground(*facts, views=[*views, unknown]))
    towards, away, unmoved = found.figures
    assert towards.denominator.startswith("10 of 40 first views that differed")
    assert (towards.value, away.value, unmoved.value) == (
        percent(0.25),
        percent(0.0),
        percent(0.875),
    )
    assert towards.interval
    assert "p-1" not in str(found)


def test_without_first_views_nothing_is_said_of_movement_and_few_give_no_number() -> None:
    facts = [replace(fact("decline", "decline", reviewer="p-1"), case_ref="case-1")]
    view = StatedView(
        case_ref="case-1", person="p-1", view=View.APPROVE, advice=Recommendation.DECLINE
    )
    assert movement_section(ground(*facts)).figures == ()
    figures = movement_section(ground(*facts, views=[view])).figures
    assert {figure.value for figure in figures} == {NOT_ENOUGH}


def test_agreement_is_told_beside_overrides_under_the_same_pressure() -> None:
    facts = [fact("approve", "decline") for _ in range(10)]
    facts += [fact("approve", "approve") for _ in range(30)]
    rows = oversight_section(ground(*facts)).table
    assert rows[0][-1] == "Agreed"
    assert {(row[2], row[3], row[-1]) for row in rows[1:]} == {
        ("10 of 40", percent(0.25), percent(0.75))
    }


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DeskHouse]:
    """An installation in which one application was approved against the model."""
    with desk_house(tmp_path_factory.mktemp("overrides")) as made:
        for _ in range(2):
            case_id = made.apply_until("decline")["case_id"]
            form = made.form(
                "asha",
                case_id,
                decision="approve",
                code="X01",
                note=NOTE,
                evidence=(EvidenceTyped(kind="BANK_STMT", reference="archive/77"),),
            )
            made.desk.override(made.viewer("asha"), case_id, form)
            approval = made.form("hanna", case_id, verdict="uphold", note=NOTE)
            made.desk.approval(made.viewer("hanna"), case_id, approval)
        yield made


def test_the_report_reads_the_ledger_and_gives_no_note_away(house: DeskHouse) -> None:
    report = Auditing(house.services).overrides(house.viewer("kofi"), "")
    wrote = next(s for s in report.sections if s.title == "What they wrote")
    assert wrote.figures[0].denominator.startswith("1 of 2 notes")
    assert NOTE not in str(report)


def test_each_table_is_a_file_for_a_spreadsheet(house: DeskHouse) -> None:
    audit, viewer = Auditing(house.services), house.viewer("kofi")
    report = audit.overrides(viewer, "")
    for section in report.sections:
        if section.table:
            content = audit.override_table(viewer, "", table_name(section)).decode()
            assert content.splitlines()[0].split(",")[0].strip('"') == section.table[0][0]
    with pytest.raises(Refused) as refused:
        audit.override_table(viewer, "", "no-such-table")
    assert refused.value.status == 404


def test_only_oversight_reads_the_report(house: DeskHouse) -> None:
    assert ROLES[Permission.OVERRIDES] == {Role.COMPLIANCE, Role.RISK}
    with pytest.raises(Refused) as refused:
        Auditing(house.services).overrides(house.viewer("asha"), "")
    assert refused.value.status == 403


MISSES = "What the model misses"


def test_what_marks_the_better_overrides_is_what_the_model_misses() -> None:
    facts = [*loans(120, 14, "decline", code="M01"), *loans(120, 60, "decline", code="C02")]
    section = sections(*facts)[MISSES]
    heading, first, last = section.table
    assert heading[1] == "Matured with it"
    assert first[:3] == ("M01 Income the model did not see", "120", "120")
    assert first[-1].startswith("Ask for it on the application")
    assert last[0] == "C02"
    assert last[-1].startswith("More went bad")


def test_codes_of_a_few_loans_are_no_clue_and_the_page_says_so() -> None:
    section = sections(*loans(20, 3, "decline", code="M01"))[MISSES]
    assert section.table == ()
    assert "No conclusion yet" in section.lead
    sure = sections(*loans(60, 0, "decline", code="M01"), *loans(60, 9, "decline", code="C02"))
    assert sure[MISSES].table[1][-1].startswith(NOT_ENOUGH)
