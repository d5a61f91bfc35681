"""Auditors read what was written, with its proof; the board says what its numbers count."""

import json
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path

import pytest
from sqlalchemy import text

from decision_service.access import HOST
from decision_service.auditing import Auditing
from decision_service.board import NOT_ENOUGH, board_sections
from decision_service.board_page import BoardPage
from decision_service.kept_counts import KeptCounts
from decision_service.ledger_words import KIND_WORDS, kind_words, summary
from decision_service.model_pages import blocks
from decision_service.override_pages import OverridePages
from decision_service.people_changes import NewPerson, people_changes
from decision_service.wiring import build
from explain.declared.bundle_schema import Kpi
from overrides.countermand_verify import Findings
from overrides.event_kinds import KINDS
from overrides.examination import Trust
from overrides.labels import LabelStatus
from overrides.merkle import root_of_inclusion
from overrides.metrics import Board, OverrideRates, Quality, Turnaround
from overrides.statistics import Share, observed_expected
from overrides.stores.engine import open_engine, writing
from overrides.values import CaseStatus, Role
from tests.decision_service.desk_house import BUNDLE, DeskHouse, desk_house
from tests.decision_service.test_casework import NOTE
from ui.ports import Refused
from ui.views import BoardSection, EvidenceTyped, Figure


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DeskHouse]:
    """An installation with some history."""
    with desk_house(tmp_path_factory.mktemp("audit")) as made:
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
        yield made


@pytest.fixture
def audit(house: DeskHouse) -> Auditing:
    """What auditors use."""
    return Auditing(house.services)


def place(house: DeskHouse, kind: str) -> int:
    """Place of the newest entry of a kind."""
    return house.services.ledger.latest(None, 1, (kind,))[0].seq


def test_entries_come_newest_first_and_all_of_them(house: DeskHouse, audit: Auditing) -> None:
    kofi = house.viewer("kofi")
    seen: list[int] = []
    cursor = ""
    while True:
        state = audit.ledger(kofi, cursor, "")
        seen += [row.seq for row in state.rows]
        cursor = state.next_cursor
        if not cursor:
            break
    assert seen == list(range(state.size))[::-1]
    assert state.unsigned == state.size - state.checkpoint_size


def test_entries_can_be_narrowed_to_a_kind(house: DeskHouse, audit: Auditing) -> None:
    rows = audit.ledger(house.viewer("kofi"), "", "override_recorded").rows
    assert {row.type for row in rows} == {"override_recorded"}
    assert rows[0].summary.startswith("Low-side, from decline to approve, X01.")
    assert rows[0].who == "asha"


def test_an_entry_comes_with_a_proof_that_leads_to_the_root(
    house: DeskHouse, audit: Auditing
) -> None:
    entry = audit.entry(house.viewer("kofi"), place(house, "override_recorded"))
    path = [bytes.fromhex(step) for step in entry.proof]
    leaf = bytes.fromhex(entry.leaf_hash)
    root = root_of_inclusion(leaf, entry.row.seq, entry.proof_size, path)
    assert root.hex() == entry.root
    assert json.loads(entry.pretty) == json.loads(entry.body)


def test_an_auditor_reads_the_note_but_no_protected_attribute(
    house: DeskHouse, audit: Auditing
) -> None:
    note = audit.entry(house.viewer("kofi"), place(house, "override_recorded"))
    assert dict(note.opened)["note"] == NOTE
    assert dict(note.opened)["evidence"] == "Bank statement: archive/77"
    made = audit.entry(house.viewer("kofi"), place(house, "decision_made"))
    assert {name for name, _ in made.opened} == {"inputs", "explanation"}
    assert any(name.startswith("monitor: ") for name in made.sealed)
    assert "sex" not in " ".join(text for _, text in made.opened)


def test_an_entry_says_of_which_application_it_is_what_was_seen_and_who_was_meant(
    house: DeskHouse, audit: Auditing
) -> None:
    kofi = house.viewer("kofi")
    entry = audit.entry(kofi, place(house, "override_recorded"))
    shown = audit.entry(kofi, entry.shown_at or 0)
    assert shown.row.type == "reasons_shown"
    assert shown.row.case_id == entry.row.case_id
    assert (
        entry.application
        == shown.application
        == house.desk.case(house.viewer("asha"), entry.row.case_id).application_id
    )
    assert [name for _, name in entry.people] == ["asha"]
    assert entry.row.seq >= entry.signed_size


def test_an_entry_that_is_not_there_is_not_found(house: DeskHouse, audit: Auditing) -> None:
    for seq in (-1, house.services.ledger.head().size, 10**18):
        with pytest.raises(Refused) as refused:
            audit.entry(house.viewer("kofi"), seq)
        assert refused.value.status == 404


@pytest.mark.parametrize("who", ["asha", "greta", "mina", "root", "otto"])
def test_the_ledger_is_for_oversight(house: DeskHouse, audit: Auditing, who: str) -> None:
    for look in (
        lambda: audit.ledger(house.viewer(who), "", ""),
        lambda: audit.entry(house.viewer(who), 0),
        lambda: audit.verify(house.viewer(who)),
    ):
        with pytest.raises(Refused) as refused:
            look()
        assert refused.value.status == 403


def test_a_verification_says_what_was_checked_and_is_itself_recorded(
    house: DeskHouse, audit: Auditing
) -> None:
    size = house.services.ledger.head().size
    found = audit.verify(house.viewer("kofi"))
    assert found.ok
    assert found.headline.startswith("Nothing was changed")
    said = dict(found.steps)
    assert said.keys() == {"checked", "note"}
    assert any(f"{size} entries" in words for _, words in found.steps)
    noted = " ".join(words for kind, words in found.steps if kind == "note")
    assert "compared with nothing kept outside" in noted
    assert "2 Mar 2026, 09:00" in noted
    newest = audit.ledger(house.viewer("kofi"), "", "").rows[0]
    assert (newest.type, newest.who) == ("verification_run", "kofi")


def test_an_altered_entry_is_found_and_named(tmp_path: Path) -> None:
    with desk_house(tmp_path) as house:
        house.apply()
        seq = place(house, "decision_made")
        engine = open_engine(house.services.settings.url)
        with writing(engine) as connection:
            named = "SELECT name FROM sqlite_master WHERE type='trigger' AND tbl_name=:t"
            triggers = connection.execute(text(named), {"t": "ledger_event"}).scalars()
            for name in list(triggers):
                connection.execute(text(f'DROP TRIGGER "{name}"'))
            connection.execute(
                text("UPDATE ledger_event SET body = replace(body, 'north', 'river') WHERE seq=:s"),
                {"s": seq},
            )
        engine.dispose()
        found = Auditing(house.services).verify(house.viewer("kofi"))
    assert not found.ok
    assert found.headline.startswith("Altered")
    assert any(kind == "broken" and f"entry {seq}" in said for kind, said in found.steps)


def test_every_kind_of_entry_has_a_title() -> None:
    assert KIND_WORDS.keys() == KINDS.keys()
    assert kind_words("of_a_later_release") == "Of a later release"
    assert summary("decision_made", {}, {}) == ""
    assert summary("person_left", {}, {}) == ""


def test_entries_about_people_name_them_and_say_what_was_done(
    house: DeskHouse, audit: Auditing
) -> None:
    changes = people_changes(house.services)
    zed = NewPerson(
        name="zed", role=Role.OFFICER, branch="north", limit_minor=500_000, currency="DEM"
    )
    changes.add(HOST, zed)
    changes.lock(HOST, "zed")
    changes.unlock(HOST, "zed")
    changes.reset(HOST, "zed")
    _, key = changes.add_key(HOST, "zed")
    changes.leave(HOST, "zed")
    rows = audit.ledger(house.viewer("kofi"), "", "").rows
    assert [row.summary for row in rows[:7]][::-1] == [
        "zed added: loan officer, branch north, limit DM 5,000.",
        "zed locked out.",
        "zed let in again.",
        "Password of zed reset.",
        f"Key {key.public_id} for zed.",
        "zed left.",
        f"Key {key.public_id} of zed, who left.",
    ]


def test_what_was_played_is_marked_and_what_comes_afterwards_is_not(tmp_path: Path) -> None:
    with desk_house(tmp_path, demo_note="a demonstration") as played:
        case_id = played.simulate()["case_id"]
        played.desk.case(played.viewer("asha"), case_id)
    services = build(played.services.settings, serving=False, clock=played.clock)
    with closing(services):
        house = replace(played, services=services)
        house.desk.withdraw(house.viewer("asha"), case_id, house.form("asha", case_id))
        state = Auditing(services).ledger(house.viewer("kofi"), "", "")
        view = house.desk.case(house.viewer("asha"), case_id)
        row = house.desk.search(house.viewer("asha"), case_id, "").rows[0]
    marks = {row.type: row.simulated for row in state.rows if row.case_id == case_id}
    assert state.demo
    assert marks == {"decision_made": True, "reasons_shown": True, "case_withdrawn": False}
    assert {act.title: act.simulated for act in view.history}["Application scored"] is True
    assert view.history[0].simulated is False
    assert (view.simulated, row.simulated) == (True, True)


def test_the_list_of_models_and_the_card(house: DeskHouse, audit: Auditing) -> None:
    (line,) = audit.bundles(house.viewer("asha"))
    assert (line.name, line.status) == (BUNDLE, "champion")
    view = audit.bundle(house.viewer("asha"), BUNDLE)
    assert {kind for kind, _ in view.card} <= {"h2", "p", "li", "pre", "cells"}
    assert [part for part, *_ in view.versions] == ["Model", "Policy", "Codebook", "Whole folder"]
    for table in (view.fields, view.concepts, view.codes, view.kpis):
        assert len({len(row) for row in table}) == 1
        assert len(table) > 1
    with pytest.raises(Refused) as refused:
        audit.bundle(house.viewer("asha"), "nothing")
    assert refused.value.status == 404


def test_a_stopped_model_says_so(tmp_path: Path) -> None:
    with desk_house(tmp_path) as house:
        house.services.registry.suspend(BUNDLE, HOST)
        (line,) = Auditing(house.services).bundles(house.viewer("asha"))
    assert (line.status, line.status_words[:7]) == ("suspended", "Stopped")


def test_markdown_becomes_blocks() -> None:
    text_of_card = (
        "# Title\n\nOne **bold**\nparagraph.\n- first\n- second\n\n"
        "| | dev | held out |\n|---|---|---|\n| area | 0.77 | 0.79 |\n\n```\ncode  here\n```\n"
    )
    assert list(blocks(text_of_card)) == [
        ("h2", "Title"),
        ("p", "One bold paragraph."),
        ("li", "first"),
        ("li", "second"),
        ("cells", "\tdev\theld out"),
        ("cells", "area\t0.77\t0.79"),
        ("pre", "code  here"),
    ]


def figures(sections: tuple[BoardSection, ...]) -> dict[str, Figure]:
    """Figures by label."""
    return {figure.label: figure for section in sections for figure in section.figures}


def test_too_few_cases_are_told_as_not_enough_and_never_as_good(
    house: DeskHouse, audit: Auditing
) -> None:
    view = audit.board(house.viewer("otto"), "")
    found = figures(view.sections)
    quality = found["Observed over expected bad loans"]
    assert (quality.value, quality.state, quality.point) == (NOT_ENOUGH, "not enough", None)
    assert "0 matured approvals" in quality.denominator
    for figure in found.values():
        assert figure.denominator


def test_the_board_is_not_for_who_only_keeps_log_ins(house: DeskHouse, audit: Auditing) -> None:
    with pytest.raises(Refused) as refused:
        audit.board(house.viewer("root"), "")
    assert refused.value.status == 403


KPI = Kpi.model_validate(
    {
        "id": "decision_quality",
        "title": "Decision quality",
        "measure": "observed over expected",
        "unit": "ratio",
        "better": "lower",
        "baseline": "1.30",
        "target": "1.00",
        "minimum_improvement": "0.10",
        "date": "2026-11-01",
        "owner": "risk",
    }
)


def counted(bad: int, of: int) -> Board:
    """A board whose approvals all had one chance in five, so many of which went bad."""
    outcome = observed_expected([True] * bad + [False] * (of - bad), [0.2] * of)
    quality = Quality("all", outcome, Share(bad, of))
    return Board(
        as_of=datetime(2026, 1, 1, tzinfo=UTC),
        cases=1000,
        by_status={CaseStatus.DECIDED: 1000},
        labels={LabelStatus.OBSERVED_BAD: bad},
        approvals=Share(600, 1000),
        expected_risk=0.2,
        quality=quality,
        qualities=(quality,),
        overrides=OverrideRates.of((800, 24), (200, 12), 60),
        codes={"M01": 30, "X03": 6},
        second_person=Share(12, 36),
        turnaround=Turnaround(1000, timedelta(hours=7), timedelta(days=2), Share(10, 1000), 3),
        reasons=Share(1000, 1000),
        scored=Share(1000, 1000),
        simulated=Share(0, 1000),
    )


@pytest.mark.parametrize(
    ("bad", "of", "state"),
    [
        (8, 100, "good"),
        (20, 100, "watch"),
        (24, 100, "watch"),
        (60, 100, "bad"),
        (5, 29, "not enough"),
    ],
)
def test_a_number_is_good_or_bad_only_when_its_whole_interval_is(
    bad: int, of: int, state: str
) -> None:
    sections = board_sections(counted(bad, of), {KPI.id: KPI}, {})
    figure = figures(sections)["Observed over expected bad loans"]
    assert figure.state == state
    if state != "not enough":
        assert figure.point == pytest.approx(bad / (of * 0.2))
        assert figure.reference == 1.0
        assert figure.interval.count(" to ") == 1


@pytest.mark.parametrize(("reliable", "state"), [(1000, "good"), (999, "bad")])
def test_a_target_without_exceptions_is_met_by_every_case_and_missed_by_one(
    reliable: int, state: str
) -> None:
    every = KPI.model_copy(
        update={"id": "reason_coverage", "unit": "share", "better": "higher", "target": "1"}
    )
    board = replace(counted(20, 100), reasons=Share(reliable, 1000))
    found = figures(board_sections(board, {every.id: every}, {}))
    assert found["Decisions with reliable reasons"].state == state


def test_override_rates_are_those_of_the_golden_numbers() -> None:
    found = figures(board_sections(counted(20, 100), {}, {"M01": "Verified income"}))
    assert found["High-side rate"].value == "3.0 %"
    assert found["High-side rate"].interval == "2.0 % to 4.4 %"
    assert found["Low-side rate"].value == "6.0 %"
    assert found["Low-side rate"].interval == "3.5 % to 10.2 %"
    assert found["Low-side rate"].denominator.startswith("12 of 200 ")
    assert found["All overrides"].value == "3.6 %"
    assert found["Low-side share of the book"].value == "1.5 %"
    assert found['Justified as "other" (X03)'].state == "bad"
    assert found["Overdue now"].state == "none"


def test_codes_are_counted_with_their_words() -> None:
    sections = board_sections(counted(20, 100), {}, {"M01": "Verified income"})
    table = next(section.table for section in sections if section.title == "Overrides")
    assert table[1] == ("M01", "Verified income", "30", "83.3 %")


def test_short_times_are_told_in_minutes() -> None:
    quick = replace(
        counted(20, 100),
        turnaround=Turnaround(40, timedelta(minutes=4), None, Share(0, 40), 0),
    )
    found = figures(board_sections(quick, {}, {}))
    assert found["Median time to decision"].value == "4 minutes"
    assert found["Nine of ten are decided within"].value == NOT_ENOUGH


def test_a_board_of_the_past_knows_nothing_of_what_came_later(house: DeskHouse) -> None:
    before = house.clock()
    later = house.apply_until("decline")["case_id"]
    form = house.form("asha", later, decision="decline")
    house.desk.review(house.viewer("asha"), later, form)
    page = BoardPage(house.services)
    now, then = page.numbers(), page.numbers(as_of=before)
    assert decided(figures(now.sections)) == decided(figures(then.sections)) + 1


@pytest.mark.parametrize("report", ["board", "overrides"])
def test_a_report_that_takes_long_is_the_last_count_and_says_what_came_later(
    house: DeskHouse, report: str
) -> None:
    begun: list[Callable[[], None]] = []
    seconds = count(step=60)
    counts = KeptCounts(
        begin=begun.append, monotonic=lambda: 0.0, processor=lambda: float(next(seconds))
    )
    services = replace(house.services, counts=counts)
    pages = {"board": BoardPage(services).numbers, "overrides": OverridePages(services).report}
    first = pages[report]()
    later = house.apply_until("decline")["case_id"]
    house.desk.review(house.viewer("asha"), later, house.form("asha", later, decision="decline"))
    shown = pages[report]()
    assert shown.as_of == first.as_of
    assert shown.sections[0] == first.sections[0]
    assert shown.later_entries > first.later_entries == 0
    (work,) = begun
    work()
    counted = pages[report]()
    assert counted.later_entries == 0
    whole = pages[report](as_of=house.clock())
    assert counted.sections[: len(whole.sections)] == whole.sections


def decided(found: dict[str, Figure]) -> int:
    """How many decided applications the approval rate counts."""
    return int(found["Approval rate"].denominator.split(" of ")[1].split()[0])


def test_a_verification_beside_another_waits_for_no_one(house: DeskHouse) -> None:
    asked: list[int] = []
    inner = house.services.verify

    def verify(trust: Trust) -> Findings:
        with pytest.raises(Refused) as refused:
            auditing.verify(house.viewer("kofi"))
        asked.append(refused.value.status)
        return inner(trust)

    auditing = Auditing(replace(house.services, verify=verify))
    assert auditing.verify(house.viewer("kofi")).ok
    assert asked == [503]
