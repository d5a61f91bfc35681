"""A file goes up on the page, and its findings are tracked by those who answer for the branch."""

from collections.abc import Iterator
from contextlib import nullcontext
from datetime import timedelta

import pytest

from decision_service.finding_pages import FindingPages
from decision_service.miss_pages import MissPages
from decision_service.override_pages import OverridePages
from decision_service.reconciliation import reconcile_file, record_run
from overrides.booked_loans import Declared
from overrides.reconciling import ProductScope
from tests.decision_service.desk_house import BUNDLE, DeskHouse, desk_house
from tests.decision_service.test_override_report import ground, loans
from ui.finding_views import BookedForm, FindingFilter, FindingForm
from ui.ports import Refused

NOTE = "Asked the branch; they had booked it by hand."


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DeskHouse]:
    """An installation with an approval of Hanna's that was booked at twice its amount."""
    with desk_house(tmp_path_factory.mktemp("findings")) as made:
        yield made


@pytest.fixture(scope="module")
def content(house: DeskHouse) -> bytes:
    """A file with that loan, one of another branch that nobody decided, and a broken line."""
    decision = house.apply_until("approve")
    ref = decision["case_id"]
    form = house.form("hanna", ref, decision="approve")
    house.desk.review(house.viewer("hanna"), ref, form)
    house.clock.passes(days=2)
    file = house.services.cases.case(ref)
    assert file is not None
    day, amount = f"{house.clock():%Y-%m-%d}", file.row.amount
    twice = f"{amount.minor / 50:.2f},{amount.currency}"
    lines = [
        "loan_id,booked_on,amount,currency,application_id,branch",
        f"SECRET-1,{day},{twice},{decision['application_id']},north",
        f"SECRET-2,{day},500,DEM,NOBODY,river",
        f"SECRET-3,{day},500,EUX,NOBODY,river",
    ]
    return "\n".join(lines).encode()


def pages(house: DeskHouse) -> FindingPages:
    return FindingPages(house.services)


def form(house: DeskHouse, **typed: str) -> BookedForm:
    return BookedForm(**{"idempotency_key": house.key(), **typed})


@pytest.fixture(scope="module")
def run_id(house: DeskHouse, content: bytes) -> str:
    """The run of compliance over the whole file."""
    sent = form(house)
    found, said = pages(house).reconcile(house.viewer("kofi"), sent, content)
    again, _ = pages(house).reconcile(house.viewer("kofi"), sent, content)
    assert found == again, "sent twice it is one run"
    assert said == (
        "2 loans held against decisions: 2 new findings, 0 known before. 1 line could not be read."
    )
    return found


def of_kind(house: DeskHouse, words: str) -> str:
    """The finding whose kind is so worded."""
    view = pages(house).findings(house.viewer("kofi"), FindingFilter(state="all"))
    (found,) = [line for line in view.lines if line.kind_words == words]
    return found.finding_id


def test_a_run_has_its_rates_its_broken_lines_and_its_entry(house: DeskHouse, run_id: str) -> None:
    run = pages(house).run(house.viewer("kofi"), run_id)
    by = {line.name: line for line in run.branches}
    assert (by["river"].without, by["river"].of, by["river"].rate) == (1, 1, "100.0 %")
    assert by["river"].interval == "2.5 % to 100.0 %"
    assert run.broken == ((4, "currency EUX is none that ISO 4217 lists"),)
    assert run.seq is not None
    view = pages(house).reconciliation(house.viewer("kofi"))
    assert (view.newest, view.open, view.unowned) == (run, 2, 2)


def test_a_team_lead_sees_their_own_branch(house: DeskHouse, run_id: str) -> None:
    greta = house.viewer("greta")
    run = pages(house).run(greta, run_id)
    assert ([line.name for line in run.branches], run.seq) == (["north"], None)
    view = pages(house).findings(greta, FindingFilter())
    assert [line.kind_words for line in view.lines] == ["Booked on other terms"]
    with pytest.raises(Refused, match="no finding"):
        pages(house).finding(greta, of_kind(house, "Booked without a decision"))
    with pytest.raises(Refused):
        pages(house).reconciliation(house.viewer("asha"))


def test_a_run_of_another_branch_alone_is_not_there_for_a_team_lead(
    house: DeskHouse, content: bytes
) -> None:
    scope = ProductScope(branches=frozenset({"river"}))
    done = reconcile_file(house.services, content, Declared(), scope)
    other = record_run(house.services, house.actors["kofi"], done).answer["run"]
    assert pages(house).run(house.viewer("kofi"), other).branches
    greta = house.viewer("greta")
    assert other not in {run.run_id for run in pages(house).reconciliation(greta).runs}
    with pytest.raises(Refused) as refused:
        pages(house).run(greta, other)
    assert refused.value.status == 404


def test_a_finding_is_owned_and_closed_and_not_by_whom_it_is_about(
    house: DeskHouse, run_id: str
) -> None:
    assert run_id
    finding_id, desk = of_kind(house, "Booked on other terms"), pages(house)
    hanna, greta = house.viewer("hanna"), house.viewer("greta")
    seen = desk.finding(hanna, finding_id)
    assert "a case that you decided" in seen.barred
    assert house.actors["hanna"].ref not in dict(seen.owners)
    assert dict(seen.facts)["Loan"] == "SECRET-1"
    due = (house.clock() + timedelta(days=5)).date().isoformat()
    for owner, field in (("hanna", ""), ("asha", "owner")):
        typed = FindingForm(act="assign", owner=house.actors[owner].ref, due=due)
        with pytest.raises(Refused) as refused:
            desk.act(greta, finding_id, typed)
        assert set(refused.value.fields) == ({field} - {""})
    said = desk.act(
        greta, finding_id, FindingForm(act="assign", owner=house.actors["greta"].ref, due=due)
    )
    assert said.startswith("greta looks into it until")
    close = FindingForm(act="close", reason="breach", note=NOTE)
    with pytest.raises(Refused, match="that hanna decided"):
        desk.act(hanna, finding_id, close)
    house.clock.passes(days=7)
    (late,) = desk.findings(greta, FindingFilter(state="late")).lines
    assert (late.state_words, late.mine, late.age_days) == ("Late", True, 7)
    assert desk.act(greta, finding_id, close) == "The finding is closed."
    closed = desk.finding(greta, finding_id)
    assert [step.title for step in closed.steps] == ["Found", "Given to an owner", "Closed"]
    assert (closed.steps[-1].note, closed.line.state) == (NOTE, "closed")
    rows = desk.listed(greta, FindingFilter(state="closed"))
    assert rows[1][0] == finding_id
    assert rows[1][-1] == "breach"
    assert not any("SECRET" in cell for row in rows for cell in row)


def test_a_team_leads_own_run_is_of_their_branch(house: DeskHouse, content: bytes) -> None:
    run_id, _ = pages(house).reconcile(house.viewer("greta"), form(house), content)
    run = pages(house).run(house.viewer("greta"), run_id)
    assert dict(run.scope)["Branches"] == "north"
    assert run.line.known == 1


@pytest.mark.parametrize(
    ("typed", "field"),
    [
        ({"columns": "loan=Konto"}, "columns"),
        ({"columns": "loan_id"}, "columns"),
        ({"dates": "sideways"}, "dates"),
        ({"decimal": "dot"}, "decimal"),
        ({"encoding": "martian"}, "file"),
        ({"tolerance": "101"}, "tolerance"),
        ({"tolerance": "NaN"}, "tolerance"),
        ({"tolerance": "some"}, "tolerance"),
        ({"days_apart": "-1"}, "days_apart"),
        ({"unbooked_days": "9999"}, "unbooked_days"),
    ],
)
def test_what_is_declared_wrongly_is_named_by_its_field(
    house: DeskHouse, content: bytes, typed: dict[str, str], field: str
) -> None:
    before = house.services.ledger.head().size
    with pytest.raises(Refused) as refused:
        pages(house).reconcile(house.viewer("kofi"), form(house, **typed), content)
    assert set(refused.value.fields) == {field}
    assert house.services.ledger.head().size == before
    with pytest.raises(Refused, match="Choose the file"):
        pages(house).reconcile(house.viewer("kofi"), form(house), b"")


def test_what_the_model_misses_is_tracked_once_by_who_watches(
    house: DeskHouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk, kofi = MissPages(house.services), house.viewer("kofi")
    assert desk.misses(kofi, BUNDLE).lines == ()
    with pytest.raises(Refused, match="stands no more"):
        desk.track(kofi, BUNDLE, "M01", house.key())
    facts = [*loans(120, 14, "decline", code="M01"), *loans(120, 60, "decline", code="C02")]
    monkeypatch.setattr(OverridePages, "ground", lambda *_: nullcontext((ground(*facts), BUNDLE)))
    first, _ = desk.misses(kofi, BUNDLE).lines
    assert first.clue == "M01"
    assert "Ask for it on the application" in first.said
    key = house.key()
    found = desk.track(kofi, BUNDLE, "M01", key)
    assert desk.track(kofi, BUNDLE, "M01", key) == found, "sent twice it is one"
    assert desk.misses(kofi, BUNDLE).lines[0].finding_id == found
    with pytest.raises(Refused, match="closed already"):
        desk.track(kofi, BUNDLE, "M01", house.key())
    seen = pages(house).finding(house.viewer("mina"), found)
    assert seen.line.about == BUNDLE
    assert "120 without" in dict(seen.facts)["What"]
    with pytest.raises(Refused):
        pages(house).finding(house.viewer("greta"), found)
