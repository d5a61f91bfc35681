"""What the tables of the cases say is what the ledger says, and can be filled again from it."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from functools import partial
from itertools import product
from pathlib import Path

import pytest
from sqlalchemy import delete, text

from overrides.cases import Case
from overrides.errors import CaseClosed, StaleCase, UnknownCase
from overrides.first_views import FirstView, View, decide_first_view
from overrides.instants import instant_text
from overrides.journal import Decided, Draft, State
from overrides.reading import CaseFilter
from overrides.stores.case_rows import concepts_in
from overrides.stores.engine import writing
from overrides.stores.ledger_tables import DataKey
from overrides.stores.rebuild import rebuild
from overrides.values import CaseStatus, Decision, OverrideSide, Recommendation
from tests.overrides.case_house import LOG, House, house_at
from tests.overrides.samples import ADMIN, LATER, MANAGER, NOON, OFFICER, OTHER, SENIOR

IN_REVIEW = frozenset({CaseStatus.IN_REVIEW})
EVERY = frozenset(CaseStatus)


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def house(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[House]:
    if request.param == "sqlite":
        url = f"sqlite:///{tmp_path / 'cases.sqlite3'}"
    else:
        url = request.getfixturevalue("postgres_url")
    with house_at(url) as made:
        yield made


def lively(house: House) -> dict[str, str]:
    """One case of each fate, by a name."""
    cases = {
        "agreed": house.apply_for("approve"),
        "declined": house.apply_for("decline"),
        "let in": house.apply_for("decline", branch="south", subject="subject-2"),
        "proposed": house.apply_for("decline", amount_minor=900_000),
        "upheld": house.apply_for("decline", amount_minor=900_000),
        "rejected": house.apply_for("decline", amount_minor=900_000),
        "returned": house.apply_for("decline", amount_minor=900_000),
        "withdrawn": house.apply_for("refer"),
        "failed": house.apply_for(cause="timeout"),
        "claimed": house.apply_for("refer", queue="urgent"),
        "rescored": house.apply_for("decline", application_id="again"),
    }
    house.show(cases["agreed"])
    house.review(cases["agreed"], "approve")
    house.review(cases["declined"], "decline")
    house.override(cases["let in"], "approve")
    for name in ("proposed", "upheld", "rejected", "returned"):
        house.override(cases[name], "approve")
    house.judge(cases["upheld"], "uphold")
    house.judge(cases["rejected"], "reject")
    house.judge(cases["returned"], "return")
    house.withdraw(cases["withdrawn"])
    house.claim(cases["claimed"])
    house.write(
        house.decision(
            "approve",
            application_id="again",
            case_ref=cases["rescored"],
            attempt=2,
            supersedes="before",
            branch="south",
        )
    )
    house.observe(cases["agreed"], "0", at=NOON, months=1)
    house.observe(cases["agreed"], "45", at=NOON, months=1)
    return cases


def test_a_decision_opens_a_case_with_everything_the_desk_needs(house: House) -> None:
    ref = house.apply_for("decline", application_id="APP-7")
    file = house.book.case(ref)
    assert file is not None
    assert file.case.recommendation is Recommendation.DECLINE
    assert file.case.version == 1
    assert str(file.case.probability) == "0.36"
    assert file.row.routing == ("refer_band", "near_cutoff")
    assert file.row.due_at == file.decision.due_at
    assert file.decision.model is not None
    assert file.decision.model.sha256 == "ab" * 32
    assert file.decision.adverse == ("R01", "R02")
    assert concepts_in([["R01", "0.4"], ["R02", "0.1"]]) == ("R01", "R02"), "first releases"
    assert file.decision.parties == (("party.0", "applicant"),)
    assert file.decision.event_id == file.case.decision_event
    (found,) = house.book.applications([house.key("APP-7"), house.key("other")])
    assert found.case_ref == ref
    assert house.book.applications([]) == ()


def test_a_failed_decision_is_a_case_for_a_person_without_a_score(house: House) -> None:
    file = house.book.case(house.apply_for(cause="timeout"))
    assert file is not None
    assert file.case.probability is None
    assert file.case.recommendation is Recommendation.REFER
    assert not file.case.reliable
    assert file.decision.failure == "timeout"
    assert file.decision.raw is None


def test_every_fate_of_a_case_stands_in_its_row(house: House) -> None:
    cases = lively(house)

    def fate(name: str) -> tuple[str, str | None, str | None]:
        file = house.book.case(cases[name])
        assert file is not None
        return file.case.status, file.case.final, file.case.side

    side = OverrideSide.APPROVED_AGAINST_MODEL
    assert fate("agreed") == ("decided", "approve", None)
    assert fate("declined") == ("decided", "decline", None)
    assert fate("let in") == ("decided", "approve", side)
    assert fate("proposed") == ("waiting_approval", None, None)
    assert fate("upheld") == ("decided", "approve", side)
    assert fate("rejected") == ("in_review", None, None)
    assert fate("returned") == ("in_review", None, None)
    assert fate("withdrawn") == ("withdrawn", None, None)
    assert fate("failed") == ("in_review", None, None)
    rejected, returned = house.book.case(cases["rejected"]), house.book.case(cases["returned"])
    assert rejected is not None
    assert returned is not None
    assert (rejected.case.excluded, returned.case.excluded) == ((OFFICER.ref,), ())
    assert rejected.case.proposal is None
    proposed = house.book.case(cases["proposed"])
    assert proposed is not None
    assert proposed.case.proposal is not None
    assert proposed.case.proposal.needs == "approver"
    assert proposed.proposed_at is not None
    assert proposed.proposed_at > NOON


def test_a_rescore_replaces_the_decision_and_keeps_the_case(house: House) -> None:
    cases = lively(house)
    file = house.book.case(cases["rescored"])
    assert file is not None
    assert (file.case.attempt, file.case.version) == (2, 2)
    assert file.case.recommendation is Recommendation.APPROVE
    assert file.row.branch == "south"
    first, second = house.book.decisions(cases["rescored"])
    assert (first.attempt, second.attempt) == (1, 2)
    assert second.decision_id == file.decision.decision_id
    assert house.book.decision(first.decision_id) == first
    assert house.book.decision("none") is None


def test_a_rescore_takes_a_waiting_proposal_with_it(house: House) -> None:
    ref = house.apply_for("decline", amount_minor=900_000)
    house.override(ref, "approve")
    house.write(house.decision("decline", case_ref=ref, application_id="A-1", attempt=2))
    file = house.book.case(ref)
    assert file is not None
    assert (file.case.status, file.case.proposal) == (CaseStatus.IN_REVIEW, None)


def test_the_state_a_command_sees_has_every_act_before_it(house: House) -> None:
    ref = house.apply_for("refer", application_id="APP-1")
    house.review(ref, "approve")
    with pytest.raises(CaseClosed):
        house.review(ref, "approve")
    with pytest.raises(UnknownCase):
        house.review("c-unknown", "approve")
    seen: list[Case | None] = []

    def look(state: State) -> Decided:
        key = house.key("APP-1")
        seen.append(state.case_of_application("german-credit", key))
        seen.append(state.case_of_application("other", key))
        seen.append(state.case_of_application("german-credit", house.key("APP-2")))
        return Decided(())

    house.do(look)
    assert [case and case.final for case in seen] == [Decision.APPROVE, None, None]


def test_the_tables_are_the_same_when_filled_again(house: House) -> None:
    lively(house)
    feedback = {
        "folder": "set-1",
        "manifest_sha256": "cd" * 32,
        "rows": 3,
        "counts": {"IMMATURE": 3},
        "as_of": instant_text(LATER),
        "purpose": "test",
        "erasure_epoch": 0,
    }
    house.write(
        Draft(
            event_id=house.new_id(),
            type="feedback_exported",
            actor="p-x",
            role="data_scientist",
            data=feedback,
        )
    )
    before = house.dump()
    assert all(before.values()), "a table without rows proves nothing"
    with writing(house.engine) as connection:
        connection.execute(text("UPDATE case_file SET final = 'decline', version = 99"))
    assert house.dump() != before
    rebuild(house.engine, log=LOG, vault=house.vault, projectors=[house.projector])
    assert house.dump() == before


def test_filled_again_after_an_erasure_only_the_applications_key_is_gone(house: House) -> None:
    ref = house.apply_for("refer", application_id="APP-9", subject="gone")
    kept = house.apply_for("refer", application_id="APP-8", subject="kept")
    house.review(ref, "approve")
    before = house.dump()
    with writing(house.engine) as connection:
        connection.execute(delete(DataKey).where(DataKey.subject_ref == "gone"))  # type: ignore[arg-type]
    rebuild(house.engine, log=LOG, vault=house.vault, projectors=[house.projector])
    assert house.book.applications([house.key("APP-9")]) == ()
    assert [row.case_ref for row in house.book.applications([house.key("APP-8")])] == [kept]
    after = house.dump()
    files = before["case_file"]
    assert [row[:3] + row[4:] for row in files] == [row[:3] + row[4:] for row in after["case_file"]]
    assert {**before, "case_file": []} == {**after, "case_file": []}


def test_no_table_of_the_cases_holds_what_an_applicant_or_officer_wrote(house: House) -> None:
    ref = house.apply_for("decline", application_id="SECRET-APPLICATION")
    house.override(ref, "approve")
    rows = str(house.dump())
    for secret in ("SECRET-APPLICATION", "Pay slips", "archive 17/4", "duration_months"):
        assert secret not in rows


def test_a_list_has_urgent_cases_first_and_no_gap_or_double_between_pages(house: House) -> None:
    due = {}
    for hours in (900, 300, 700, 300, 100, 500, 300):
        at = instant_text(NOON + timedelta(hours=hours))
        due[house.apply_for("refer", due_at=at)] = at
    without_clock = house.apply_for("refer", due_at=None)
    closed = [house.apply_for("refer") for _ in range(3)]
    house.review(closed[1], "decline")
    house.withdraw(closed[2])
    house.review(closed[0], "approve")
    urgent = [*sorted(due, key=lambda ref: (due[ref], ref)), without_clock]
    lists = {
        frozenset[CaseStatus](): urgent,
        frozenset({CaseStatus.IN_REVIEW}): urgent,
        frozenset({CaseStatus.DECIDED}): [closed[0], closed[1]],
        EVERY: [*urgent, closed[0], closed[2], closed[1]],
    }
    for (statuses, expected), limit in product(lists.items(), (1, 3, 100)):
        seen: list[str] = []
        cursor, pages = "", 0
        while pages == 0 or cursor:
            wanted = CaseFilter(statuses=statuses)
            page = house.book.rows(wanted, house.now, cursor=cursor, limit=limit)
            seen += [row.case_ref for row in page.rows]
            cursor, pages = page.next_cursor, pages + 1
        assert seen == expected
        assert pages == -(-len(expected) // limit)


def test_a_cursor_that_no_page_gave_is_refused(house: House) -> None:
    for cursor in ("x", "e30", "WzFd", "WyJhIl0", "WyJcdTAwMDAiLCJhIl0"):
        with pytest.raises(ValueError, match="no page"):
            house.book.rows(CaseFilter(), NOON, cursor=cursor)
    for limit in (0, -1, 501):
        with pytest.raises(ValueError, match="rows"):
            house.book.rows(CaseFilter(), NOON, limit=limit)


def test_filters_keep_what_they_say(house: House) -> None:
    cases = lively(house)
    names = {ref: name for name, ref in cases.items()}

    def kept(wanted: CaseFilter) -> set[str]:
        rows = house.book.rows(wanted, house.now, limit=100).rows
        assert house.book.count(wanted, house.now) == len(rows)
        return {names[row.case_ref] for row in rows}

    still_open = {"proposed", "rejected", "returned", "failed", "claimed", "rescored"}
    assert kept(CaseFilter()) == still_open
    assert kept(CaseFilter(statuses=EVERY)) == set(cases)
    assert kept(CaseFilter(statuses=IN_REVIEW)) == still_open - {"proposed"}
    waiting_or_out = frozenset({CaseStatus.WAITING_APPROVAL, CaseStatus.WITHDRAWN})
    assert kept(CaseFilter(statuses=waiting_or_out)) == {"proposed", "withdrawn"}
    assert kept(CaseFilter(statuses=EVERY, branch="south")) == {"let in", "rescored"}
    assert kept(CaseFilter(bundle="other")) == set()
    assert kept(CaseFilter(queue="urgent")) == {"claimed"}
    assert kept(CaseFilter(holder=OFFICER.ref)) == {"claimed"}
    assert kept(CaseFilter(free=True)) == still_open - {"claimed"}
    assert kept(CaseFilter(free=True, branch="north", queue="urgent")) == set()
    assert kept(CaseFilter(free=True, queue="standard", bundle="german-credit")) == still_open - {
        "claimed"
    }
    mine = CaseFilter(holder=OFFICER.ref, statuses=IN_REVIEW, branch="north", queue="urgent")
    assert kept(mine) == {"claimed"}
    assert kept(replace(mine, branch="south")) == set()
    assert kept(CaseFilter(queue="urgent", statuses=IN_REVIEW)) == {"claimed"}
    assert kept(CaseFilter(queue="urgent", statuses=frozenset({CaseStatus.DECIDED}))) == set()
    assert kept(CaseFilter(open_to=OFFICER.ref)) == still_open - {"proposed", "rejected"}
    assert kept(CaseFilter(open_to="p-ash")) == still_open
    assert kept(CaseFilter(open_to="p_asha")) == still_open
    house.now += timedelta(hours=1)
    assert kept(CaseFilter(holder=OFFICER.ref)) == set()
    assert kept(CaseFilter(free=True)) == still_open


def test_the_kept_counts_are_the_counts(house: House) -> None:
    cases = lively(house)
    counts = house.book.counts()
    assert set(counts) == set(CaseStatus)
    assert sum(counts.values()) == len(cases)
    for status in CaseStatus:
        wanted = CaseFilter(statuses=frozenset({status}))
        rows = house.book.rows(wanted, house.now, limit=100).rows
        assert counts[status] == len(rows)
    assert sum(house.book.counts(branch="south").values()) == 2
    assert sum(house.book.counts(bundle="other").values()) == 0


def test_the_next_free_cases_are_those_the_person_may_decide(house: House) -> None:
    cases = lively(house)

    def free(person: str, branch: str | None = None) -> list[str]:
        wanted = CaseFilter(statuses=IN_REVIEW, branch=branch, free=True, open_to=person)
        return [row.case_ref for row in house.book.rows(wanted, house.now).rows]

    assert free(OFFICER.ref)[:2] == [cases["returned"], cases["failed"]]
    assert free(OTHER.ref)[0] == cases["rejected"]
    assert free(OTHER.ref, "south")[0] == cases["rescored"]
    assert free(OTHER.ref, "west") == []


def test_search_finds_by_reference_and_by_branch(house: House) -> None:
    north = [house.apply_for("refer") for _ in range(3)]
    south = house.apply_for("refer", branch="Süd-1")
    assert [row.case_ref for row in house.book.search(south).rows] == [south]
    assert [row.case_ref for row in house.book.search("Süd").rows] == [south]
    found = house.book.search("nor", limit=2)
    assert [row.case_ref for row in found.rows] == [north[2], north[1]]
    rest = house.book.search("nor", cursor=found.next_cursor, limit=2)
    assert [row.case_ref for row in rest.rows] == [north[0]]
    assert house.book.search("nor", branch="Süd-1").rows == ()
    assert house.book.search("%").rows == ()


def test_the_acts_of_a_case_are_its_events_with_what_they_led_to(house: House) -> None:
    ref = house.apply_for("decline", amount_minor=900_000)
    house.show(ref)
    house.show(ref)
    house.claim(ref)
    house.override(ref, "approve")
    house.judge(ref, "uphold")
    acts = house.book.acts(ref)
    assert [(act.type, act.status.value, act.version) for act in acts] == [
        ("decision_made", "in_review", 1),
        ("reasons_shown", "in_review", 1),
        ("case_claimed", "in_review", 1),
        ("override_recorded", "waiting_approval", 2),
        ("approval_recorded", "waiting_approval", 3),
        ("case_decided", "decided", 4),
    ]
    assert acts[3].slots == ("evidence", "note")
    assert acts[3].data["code"] == "M01"
    assert "adverse" not in acts[0].data
    assert acts[4].actor == SENIOR.ref


def test_a_case_that_moves_to_another_branch_is_held_by_nobody_there(house: House) -> None:
    ref = house.apply_for("approve")
    house.claim(ref)
    again = {"case_ref": ref, "application_id": "A-1"}
    house.write(house.decision("approve", **again, attempt=2))
    assert (stays := house.book.case(ref)) is not None
    assert stays.case.claim is not None
    house.write(house.decision("approve", **again, attempt=3, branch="south"))
    assert (moved := house.book.case(ref)) is not None
    assert moved.case.claim is None


def test_a_claim_makes_no_page_stale_and_a_decision_does(house: House) -> None:
    ref = house.apply_for("approve")
    house.claim(ref)
    house.show(ref)
    house.release(ref)
    file = house.book.case(ref)
    assert file is not None
    assert file.case.version == 1
    assert file.case.claim is None
    house.write(house.decision("approve", case_ref=ref, application_id="A-1", attempt=2))
    with pytest.raises(StaleCase):
        house.review(ref, "approve", seen=1)


def test_a_leavers_claims_are_found_and_released(house: House) -> None:
    refs = {house.apply_for("refer") for _ in range(2)}
    for ref in refs:
        house.claim(ref)
    house.claim(house.apply_for("refer"), OTHER)
    assert set(house.book.claims_of(OFFICER.ref)) == refs
    for ref in refs:
        house.release(ref, ADMIN)
    assert house.book.claims_of(OFFICER.ref) == ()


def test_other_cases_of_the_same_applicant_are_linked(house: House) -> None:
    mine = [house.apply_for("refer", subject="me") for _ in range(3)]
    house.apply_for("refer", subject="you")
    linked = house.book.linked(mine[1])
    assert [row.case_ref for row in linked] == [mine[2], mine[0]]
    assert house.book.linked("c-unknown") == ()


def test_the_feed_of_changes_is_in_ledger_order_and_goes_on_where_it_stopped(house: House) -> None:
    ref = house.apply_for("refer")
    house.claim(ref, MANAGER)
    house.review(ref, "approve", MANAGER)
    other = house.apply_for("refer")
    changes = house.book.changes(-1)
    assert [(change.type, change.case_ref) for change in changes] == [
        ("decision_made", ref),
        ("review_recorded", ref),
        ("case_decided", ref),
        ("decision_made", other),
    ]
    assert changes[2].final is Decision.APPROVE
    assert changes[2].status is CaseStatus.DECIDED
    file = house.book.case(ref)
    assert file is not None
    assert changes[2].decision_event == file.case.decision_event
    assert house.book.changes(changes[1].seq) == changes[2:]
    assert house.book.changes(-1, limit=1) == changes[:1]


def test_an_observation_is_recorded_once_and_a_later_one_corrects_it(house: House) -> None:
    ref = house.apply_for("approve")
    house.review(ref, "approve")
    results = [
        house.observe(ref, value, at=at)
        for value, at in (("5", NOON), ("5", NOON), ("95", NOON), ("5", NOON), ("5", LATER))
    ]
    assert results == ["recorded", "unchanged", "corrected", "corrected", "recorded"]
    first, second, third, fourth = house.book.outcomes(ref)
    assert (second.corrects, second.value) == (first.event_id, "95")
    assert (third.corrects, third.value) == (second.event_id, "5")
    assert fourth.corrects is None


def test_a_feedback_set_that_was_made_is_listed(house: House) -> None:
    data = {
        "folder": "set-1",
        "manifest_sha256": "cd" * 32,
        "rows": 3,
        "counts": {"IMMATURE": 3},
        "as_of": instant_text(NOON),
        "purpose": "retraining",
        "erasure_epoch": 0,
        "bundle": "german-credit",
    }
    draft = Draft(event_id="e-f", type="feedback_exported", actor="p-x", role="risk", data=data)
    house.write(draft)
    (row,) = house.book.feedback_exports(bundle="german-credit")
    assert (row.folder, row.rows, row.counts) == ("set-1", 3, {"IMMATURE": 3})
    assert house.book.feedback_exports(bundle="other") == ()


def test_first_views_come_newest_first_with_the_advice_that_was_hidden(house: House) -> None:
    form = FirstView(view=View.APPROVE, confidence=3)
    cases = [house.apply_for(advice) for advice in ("decline", "refer", "approve")]

    def decide(state: State, case_ref: str) -> Decided:
        case = state.case(case_ref)
        assert case is not None
        return decide_first_view(case, OFFICER, form, state.now, house.new_id, asked=True)

    for case_ref in cases:
        house.do(partial(decide, case_ref=case_ref))
    bundle = house.book.case(cases[0]).row.bundle  # type: ignore[union-attr]
    found = house.book.first_views(bundle, house.now)
    assert [(one.case_ref, one.person, one.view.value, one.advice.value) for one in found] == [
        (case_ref, OFFICER.ref, "approve", advice)
        for case_ref, advice in reversed(
            [*zip(cases, ("decline", "refer", "approve"), strict=True)]
        )
    ]
    assert house.book.first_views(bundle, house.now, limit=1) == found[:1]
    assert house.book.first_views("other", house.now) == ()
    assert house.book.first_views(bundle, NOON - timedelta(days=1)) == ()
