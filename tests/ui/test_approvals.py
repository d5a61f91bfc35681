"""The second person's inbox says what waits, how long, and who may judge it."""

from tests.ui.conftest import Visit
from tests.ui.fake_office import FakeOffice


def test_an_approver_sees_what_waits_and_why_not_for_them(visit: Visit) -> None:
    page = visit("ravi").get("/approvals").text
    for said in ("for 3 hours", "Ravi Saikia, Hanna Dutta", "above your limit", "Nobody of this"):
        assert said in page
    assert page.count("Give your verdict") == 1
    assert "Hand over" not in page
    assert 'href="/approvals?cursor=2"' in page


def test_whoever_leads_hands_over_and_is_told_what_is_late(visit: Visit) -> None:
    page = visit("tilo").get("/approvals").text
    assert "1 of them longer than the policy gives" in page
    assert "Longer than the policy&#39;s 3 days" in page
    assert page.count("Hand over") == 2
    assert "Give your verdict" not in page
    last = visit("tilo").get("/approvals?cursor=2").text
    assert "Back to the first page" in last


def test_the_team_view_leads_to_what_waits_too_long(visit: Visit) -> None:
    page = visit("tilo").get("/team").text
    assert '<a href="/approvals">7</a> waiting for a second person' in page
    assert "2 longer than the policy gives" in page


def test_an_empty_inbox_says_so(visit: Visit, office: FakeOffice) -> None:
    office.approvals.empty = True
    assert "No override waits for a second person." in visit("ravi").get("/approvals").text
