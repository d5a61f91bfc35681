"""The owners lay a month's numbers before them, sign, act on them, and everybody reads it."""

from collections.abc import Iterator
from typing import Any

import pytest

from decision_service.review_pages import ReviewPages
from decision_service.wording import amount
from tests.decision_service.desk_house import DeskHouse, desk_house
from tests.decision_service.service_house import BUNDLE
from ui.ports import Refused
from ui.review_views import ReviewForm


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DeskHouse]:
    """A house with one application, after its month has ended."""
    with desk_house(tmp_path_factory.mktemp("house") / "data") as built:
        built.apply()
        built.clock.passes(days=35)
        yield built


@pytest.fixture
def pages(house: DeskHouse) -> ReviewPages:
    return ReviewPages(house.services)


def form(house: DeskHouse, act: str, **members: Any) -> ReviewForm:
    month = members.pop("month", "") or last(house)
    return ReviewForm(act=act, month=month, idempotency_key=house.key(), **members)


def last(house: DeskHouse) -> str:
    return ReviewPages(house.services).review(house.viewer("mina"), BUNDLE, "").month


def test_a_month_goes_from_its_numbers_to_four_signatures(
    house: DeskHouse, pages: ReviewPages
) -> None:
    kofi, mina = house.viewer("kofi"), house.viewer("mina")
    assert pages.review(mina, BUNDLE, "").review_id == ""
    assert not pages.review(mina, BUNDLE, "").may_open
    once = form(house, "open")
    said = pages.act(kofi, BUNDLE, once)
    assert said.startswith("The numbers lie before the owners. Recorded: ledger entry")
    assert pages.act(kofi, BUNDLE, once) == said
    seen = pages.review(kofi, BUNDLE, "")
    assert ("Decision quality", "Approval rate") in {row[:2] for row in seen.numbers[1:]}
    assert {len(row) for row in seen.numbers} == {len(seen.numbers[0])}
    with pytest.raises(Refused, match="those that lie before"):
        pages.act(kofi, BUNDLE, form(house, "sign", seen="another"))
    pages.act(kofi, BUNDLE, form(house, "sign", seen=seen.review_id, note="read"))
    after = pages.review(mina, BUNDLE, "")
    assert [owner.signer for owner in after.owners] == ["", "", "kofi", ""]
    assert after.months[0][1].endswith("1 of 4 signed")
    with pytest.raises(Refused) as refused:
        pages.act(mina, BUNDLE, form(house, "sign", seen=seen.review_id))
    assert refused.value.status == 403


def test_an_action_is_given_read_and_closed(house: DeskHouse, pages: ReviewPages) -> None:
    kofi = house.viewer("kofi")
    month = last(house)
    if not pages.review(kofi, BUNDLE, month).review_id:
        pages.act(kofi, BUNDLE, form(house, "open"))
    with pytest.raises(Refused) as refused:
        pages.act(kofi, BUNDLE, form(house, "action"))
    assert set(refused.value.fields) == {"owner", "due"}
    due = pages.review(kofi, BUNDLE, "").today.isoformat()
    text = "Ask the branch why payslips come late."
    pages.act(kofi, BUNDLE, form(house, "action", owner="compliance", due=due, note=text))
    (action,) = pages.review(kofi, BUNDLE, "").actions
    assert (action.text, action.state, action.yours) == (text, "open", True)
    close = {"action": action.action_id, "note": "They come by post."}
    with pytest.raises(Refused):
        pages.act(kofi, BUNDLE, form(house, "close", **close))
    pages.act(kofi, BUNDLE, form(house, "close", done="no", **close))
    (action,) = pages.review(house.viewer("mina"), BUNDLE, "").actions
    assert (action.state, action.closed_by, action.yours) == ("dropped", "kofi", False)


def test_a_promise_that_is_due_is_judged_with_how_it_stands(
    house: DeskHouse, pages: ReviewPages
) -> None:
    kofi = house.viewer("kofi")
    promises = {one.kpi: one for one in pages.review(kofi, BUNDLE, "").promises}
    assert {one.standing for one in promises.values()} <= {"Met", "Not met", "Not yet"}
    with pytest.raises(Refused, match="declares no such"):
        pages.act(kofi, BUNDLE, form(house, "judge", kpi="nothing", says="stop"))
    with pytest.raises(Refused) as refused:
        pages.act(kofi, BUNDLE, form(house, "judge", kpi="turnaround", says="extend"))
    assert set(refused.value.fields) == {"until"}
    pages.act(kofi, BUNDLE, form(house, "judge", kpi="turnaround", says="stop"))
    promises = {one.kpi: one for one in pages.review(kofi, BUNDLE, "").promises}
    judged = promises["turnaround"]
    assert (judged.words, judged.agreed, judged.open) == ((("Compliance", "stop"),), "", True)


def test_a_cost_is_entered_in_the_currency_and_refused_by_field(
    house: DeskHouse, pages: ReviewPages
) -> None:
    kofi = house.viewer("kofi")
    with pytest.raises(Refused) as refused:
        pages.act(kofi, BUNDLE, form(house, "cost", amount="12.345", currency="EUR"))
    assert set(refused.value.fields) == {"cost", "amount"}
    members = {"cost": "infrastructure", "amount": "1,200.50", "currency": "eur"}
    pages.act(kofi, BUNDLE, form(house, "cost", **members))
    seen = pages.review(kofi, BUNDLE, "")
    assert seen.costs[1][1:3] == ("Infrastructure", amount(120_050, "EUR"))
    assert seen.currency == "EUR"


def test_a_month_that_is_not_over_has_no_page(house: DeskHouse, pages: ReviewPages) -> None:
    kofi = house.viewer("kofi")
    now = f"{house.services.clock():%Y-%m}"
    for month in (now, "October"):
        with pytest.raises(Refused) as refused:
            pages.review(kofi, BUNDLE, month)
        assert refused.value.status == 422
