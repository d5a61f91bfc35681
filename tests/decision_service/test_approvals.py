"""Who may judge a proposal is worked out as it is now, and what waits too long is told."""

from collections.abc import Iterator

import pytest
from starlette.testclient import TestClient

from decision_service.access import HOST
from decision_service.app import create_app
from decision_service.approvals import ApprovalInbox
from decision_service.people_changes import people_changes
from decision_service.sharing import SharedWork
from overrides.journal import Decided, Draft
from tests.decision_service.desk_house import desk_house
from tests.decision_service.test_api_cases import Callers
from ui.approval_views import InboxRow


@pytest.fixture(scope="module")
def callers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callers]:
    """One house with its interface."""
    with (
        desk_house(tmp_path_factory.mktemp("approvals")) as house,
        TestClient(create_app(house.services, warm=False)) as client,
    ):
        yield Callers(house, client)


def proposed(callers: Callers, who: str = "asha") -> str:
    """A case whose override waits for a second person."""
    case_id, version = callers.case()
    assert callers.override(who, case_id, version).json()["status"] == "waiting_approval"
    return case_id


def row_of(callers: Callers, who: str, case_id: str) -> InboxRow:
    """The line of a case in somebody's inbox."""
    view = ApprovalInbox(callers.house.services).inbox(callers.house.viewer(who), "")
    return next(one for one in view.rows if one.row.case_id == case_id)


def test_the_inbox_says_since_when_and_who_may_judge(callers: Callers) -> None:
    case_id = proposed(callers)
    callers.house.clock.passes(hours=3)
    found = row_of(callers, "hanna", case_id)
    assert found.waits_words == "for 3 hours"
    assert found.may_judge
    assert "hanna" in found.judges
    assert "asha" not in found.judges
    own = row_of(callers, "elena", proposed(callers, "elena"))
    assert not own.may_judge
    assert "You proposed this override" in own.cannot_words
    assert "elena" not in own.judges


def test_a_proposal_is_late_after_the_policy_s_days_and_counted_for_who_leads(
    callers: Callers,
) -> None:
    inbox, greta = ApprovalInbox(callers.house.services), callers.house.viewer("greta")
    before = inbox.inbox(greta, "").late
    case_id = proposed(callers)
    assert row_of(callers, "greta", case_id).late_words == ""
    callers.house.clock.passes(days=3, seconds=1)
    found = row_of(callers, "greta", case_id)
    assert found.late_words == "Longer than the policy's 3 days"
    assert not found.may_judge
    after = inbox.inbox(greta, "").late
    assert before is not None
    assert after is not None
    assert after > before
    assert inbox.inbox(callers.house.viewer("elena"), "").late is None
    team = SharedWork(callers.house.services).team(greta)
    assert team.proposals >= team.proposals_late == after


def test_an_approver_who_is_locked_out_is_named_no_longer(callers: Callers) -> None:
    case_id = proposed(callers)
    assert "hanna" in row_of(callers, "greta", case_id).judges
    changes = people_changes(callers.house.services)
    changes.lock(HOST, "hanna")
    assert "hanna" not in row_of(callers, "greta", case_id).judges
    changes.unlock(HOST, "hanna")
    assert "hanna" in row_of(callers, "greta", case_id).judges


def test_an_approver_whose_limit_has_fallen_is_named_no_longer_and_upholds_nothing(
    callers: Callers,
) -> None:
    case_id, version = callers.case(amount={"minor": 400_000, "currency": "DEM"})
    callers.override("asha", case_id, version)
    elena = callers.house.actors["elena"]
    assert "elena" in row_of(callers, "greta", case_id).judges
    lower = {"person": elena.ref, "role": elena.role.value, "branch": elena.branch}
    draft = Draft(
        event_id=callers.house.services.new_id(),
        type="role_changed",
        actor=HOST.ref,
        role=HOST.role.value,
        data={**lower, "limit_minor": 1_000, "currency": "DEM"},
    )
    callers.house.services.journal.submit(lambda _: Decided((draft,))).result()
    found = row_of(callers, "elena", case_id)
    assert "above your limit" in found.cannot_words
    assert "elena" not in found.judges
    verdict = callers.post("elena", f"/cases/{case_id}/approval", {"verdict": "uphold"})
    assert (verdict.status_code, verdict.json()["type"].rpartition(":")[2]) == (403, "above-limit")
