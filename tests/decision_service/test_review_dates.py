"""An override's day is asked for by its code, shown, listed when it comes, and closed by a note."""

from collections.abc import Iterator
from datetime import timedelta

import pytest

from decision_service.review_date_pages import ReviewDatePages
from decision_service.waiting_pages import WaitingPages
from tests.decision_service.desk_house import DeskHouse, desk_house
from ui.ports import Refused
from ui.views import ActForm, EvidenceTyped

PAPER = (EvidenceTyped(kind="EMPLOYER_LETTER", reference="archive/77"),)
NOTE = "The new contract and the first pay of it lie in the archive, both seen."
FOUND = "He has paid four instalments on the day."


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DeskHouse]:
    """An installation whose code C02 asks for a day."""
    with desk_house(tmp_path_factory.mktemp("review-dates")) as made:
        yield made


def pages(house: DeskHouse) -> ReviewDatePages:
    """The lists and the act."""
    return ReviewDatePages(house.services)


def overridden(house: DeskHouse, days: int = 5) -> str:
    """A case that was overridden and upheld, to be looked at again after so many days."""
    case_id: str = house.apply_until("decline")["case_id"]
    on = (house.clock() + timedelta(days=days)).date().isoformat()
    more = {"decision": "approve", "code": "C02", "note": NOTE, "evidence": PAPER}
    form = house.form("asha", case_id, review_on=on, **more)
    house.desk.override(house.viewer("asha"), case_id, form)
    if house.desk.case(house.viewer("hanna"), case_id).pending:
        assert house.desk.case(house.viewer("hanna"), case_id).review_date is None
        house.desk.approval(
            house.viewer("hanna"), case_id, house.form("hanna", case_id, verdict="uphold")
        )
    return case_id


def listed(house: DeskHouse, who: str) -> list[str]:
    """Cases on somebody's own list."""
    return [line.case_id for line in pages(house).own(house.viewer(who)).lines]


def close(house: DeskHouse, who: str, case_id: str, note: str = FOUND) -> str:
    """Write down what was found."""
    form = ActForm(note=note, idempotency_key=house.key())
    return pages(house).close(house.viewer(who), case_id, form)


def test_without_its_day_the_form_comes_back_and_nothing_is_recorded(house: DeskHouse) -> None:
    case_id = house.apply_until("decline")["case_id"]
    more = {"decision": "approve", "code": "C02", "note": NOTE, "evidence": PAPER}
    for day in ("", "2020-01-01", "2026-02-30", "soon"):
        form = house.form("asha", case_id, review_on=day, **more)
        for act in (house.desk.preview_override, house.desk.override):
            with pytest.raises(Refused) as refused:
                act(house.viewer("asha"), case_id, form)
            assert (refused.value.status, set(refused.value.fields)) == (422, {"review_on"})
    assert "override_recorded" not in house.kinds(case_id)


def test_a_day_is_shown_listed_closed_and_told_in_the_history(house: DeskHouse) -> None:
    case_id = overridden(house)
    version = house.desk.case(house.viewer("asha"), case_id).version
    line = house.desk.case(house.viewer("asha"), case_id).review_date
    assert line is not None
    assert (line.code, line.late, line.may_close) == ("C02", False, True)
    assert case_id in listed(house, "asha")
    assert case_id not in listed(house, "hanna")
    assert case_id in [one.case_id for one in pages(house).team(house.viewer("greta")).lines]
    with pytest.raises(Refused) as refused:
        close(house, "asha", case_id, "ok")
    assert set(refused.value.fields) == {"note"}
    assert "ledger entry" in close(house, "asha", case_id)
    view = house.desk.case(house.viewer("asha"), case_id)
    assert view.version == version
    assert view.review_date is not None
    assert view.review_date.closed_by
    assert ("Note", FOUND) in view.history[0].details
    assert case_id not in listed(house, "asha")
    with pytest.raises(Refused) as again:
        close(house, "hanna", case_id)
    assert again.value.status == 409


def test_a_day_far_ahead_is_listed_a_week_before_it(house: DeskHouse) -> None:
    case_id = overridden(house, 8)
    assert case_id not in listed(house, "asha")
    house.clock.passes(days=1)
    assert case_id in listed(house, "asha")


def test_an_undone_decision_asks_for_nothing(house: DeskHouse) -> None:
    case_id = overridden(house)
    by = "hanna" if "approval_recorded" in house.kinds(case_id) else "asha"
    WaitingPages(house.services).undo(house.viewer(by), case_id, house.key())
    assert house.desk.case(house.viewer("asha"), case_id).review_date is None
    assert case_id not in listed(house, "asha")
    with pytest.raises(Refused) as refused:
        close(house, "asha", case_id)
    assert refused.value.status == 409
