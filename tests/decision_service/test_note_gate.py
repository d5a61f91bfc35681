"""A hint is shown once before a note is recorded; then the officer goes on, and it is on record."""

from collections.abc import Iterator

import pytest

from tests.decision_service.desk_house import DeskHouse, desk_house
from ui.ports import Refused

NOTE = "She is married, and the employer's letter confirms the income."


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DeskHouse]:
    """One installation; each test has a case of its own."""
    with desk_house(tmp_path_factory.mktemp("notes")) as made:
        yield made


def test_the_hint_comes_once_and_is_recorded_with_the_note(house: DeskHouse) -> None:
    case_id = house.apply_until("decline")["case_id"]
    asha = house.viewer("asha")
    with pytest.raises(Refused, match="Nothing was recorded yet") as hinted:
        house.desk.review(asha, case_id, house.form("asha", case_id, decision="decline", note=NOTE))
    assert (hinted.value.status, list(hinted.value.fields)) == (422, ["note"])
    assert "family" in hinted.value.fields["note"]
    assert "case_decided" not in house.kinds(case_id)
    shown = house.form("asha", case_id, decision="decline", note=NOTE, hints=("family",))
    assert "Declined" in house.desk.review(asha, case_id, shown)
    details = [pair for act in house.desk.case(asha, case_id).history for pair in act.details]
    assert ("Note", NOTE) in details
    assert ("Hints about the note", "It seems to speak of family or marriage.") in details


def test_a_new_hint_is_shown_though_another_was(house: DeskHouse) -> None:
    case_id = house.apply_until("decline")["case_id"]
    form = house.form("asha", case_id, note=f"{NOTE} He is ill: an illness.", hints=("family",))
    with pytest.raises(Refused) as hinted:
        house.desk.withdraw(house.viewer("asha"), case_id, form)
    assert "health" in hinted.value.fields["note"]
    assert "family" not in hinted.value.fields["note"]


def test_a_plain_note_is_recorded_at_once(house: DeskHouse) -> None:
    case_id = house.apply_until("decline")["case_id"]
    form = house.form("asha", case_id, decision="decline", note="Statements were checked.")
    assert "Declined" in house.desk.review(house.viewer("asha"), case_id, form)
