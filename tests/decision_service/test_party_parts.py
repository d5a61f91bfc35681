"""What is about a co-applicant goes with the co-applicant, and nothing else does."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from decision_service.applications import read_application
from decision_service.errors import InvalidRequest
from decision_service.feedback_export import FeedbackExport
from decision_service.party_parts import about, whole, without
from tests.decision_service.desk_house import applications
from tests.decision_service.erasure_house import ErasureHouse, erasure_house

NAMES = ["a", "b", "c", "d"]
VALUES = st.dictionaries(st.sampled_from(NAMES), st.text(max_size=3))
REASON = st.fixed_dictionaries(
    {"concept": st.text(max_size=2), "features": st.lists(st.sampled_from(NAMES), max_size=3)}
)
PAYLOADS = st.fixed_dictionaries(
    {
        "inputs": st.fixed_dictionaries(
            {
                "application_id": st.text(max_size=3),
                "fields": VALUES,
                "context": VALUES,
                "fields_meta": VALUES,
                "warnings": st.just([]),
            }
        ),
        "explanation": st.fixed_dictionaries(
            {
                "contributions": st.lists(
                    st.tuples(st.sampled_from(NAMES), st.just("0.1")).map(list), max_size=5
                ),
                "reasons": st.fixed_dictionaries(
                    {"adverse": st.lists(REASON, max_size=5), "favourable": st.just([])}
                ),
            }
        ),
    },
    optional={
        "monitor": st.fixed_dictionaries(
            {"fields": st.dictionaries(st.sampled_from(NAMES), st.text(max_size=3), min_size=1)}
        )
    },
)


@given(PAYLOADS, st.sets(st.sampled_from(NAMES)))
def test_put_together_again_nothing_is_lost(payloads: dict[str, Any], chosen: set[str]) -> None:
    names = sorted(chosen)
    kept = without(payloads, frozenset(names))
    party = {"ref": "P", "role": "guarantor"}
    theirs = about(payloads, names)
    opened: dict[str, Any] = {
        **kept,
        "party.1": party | ({"application": theirs} if theirs else {}),
    }
    joined = whole(opened)
    assert {name: joined.get(name) for name in payloads} == payloads


@given(PAYLOADS, st.sets(st.sampled_from(NAMES), min_size=1))
def test_nothing_of_the_party_stays_with_the_others(
    payloads: dict[str, Any], chosen: set[str]
) -> None:
    kept = without(payloads, frozenset(chosen))
    for member in ("fields", "context", "fields_meta"):
        assert not chosen & kept["inputs"][member].keys()
    assert not chosen & kept.get("monitor", {"fields": {}})["fields"].keys()
    for reason in kept["explanation"]["reasons"]["adverse"]:
        assert not chosen & set(reason["features"])
    assert not chosen & {feature for feature, _ in kept["explanation"]["contributions"]}


@given(PAYLOADS, st.lists(st.sampled_from(["kept", "one", "two"]), min_size=4, max_size=4))
def test_of_two_parties_everything_comes_back_in_its_place(
    payloads: dict[str, Any], whose: list[str]
) -> None:
    of = dict(zip(NAMES, whose, strict=True))
    names = {who: [name for name in NAMES if of[name] == who] for who in ("one", "two")}
    opened: dict[str, Any] = without(payloads, frozenset(names["one"] + names["two"]))
    for place, who in enumerate(names):
        theirs = about(payloads, names[who])
        opened[f"party.{place}"] = {"ref": who} | ({"application": theirs} if theirs else {})
    joined = whole(opened)
    assert {name: joined.get(name) for name in payloads} == payloads


@pytest.fixture
def house(tmp_path: Path) -> Iterator[ErasureHouse]:
    """An installation."""
    with erasure_house(tmp_path / "data") as made:
        yield made


def test_a_co_applicants_fields_go_and_the_applicants_stay(house: ErasureHouse) -> None:
    parties = [
        {"ref": "P-anna", "role": "applicant"},
        {"ref": "P-ben", "role": "co-applicant", "fields": ["co_debtors", "age_years"]},
    ]
    made = house.closed(parties=parties)
    case, kofi = made["case_id"], house.desk.viewer("kofi")
    stated = dict(house.desk.desk.case(kofi, case).facts)
    entry = house.services.ledger.entries_of_case(case)[0].event_id
    inputs = house.services.ledger.open_slots(entry)["inputs"]
    assert "co_debtors" not in inputs["fields"]
    again = house.services.decisions.reader.made(made["decision_id"])
    assert again["reasons"] == made["reasons"], "read back it is as it was"
    house.erase(case=case, party="P-ben")
    left = dict(house.desk.desk.case(kofi, case).facts)
    gone = {name for name, value in stated.items() if value and not left.get(name)}
    assert gone == {house_label(house, "co_debtors")}
    assert {name: value for name, value in stated.items() if name not in gone} == {
        name: value for name, value in left.items() if name not in gone
    }
    monitor = house.services.ledger.open_slots(entry)["monitor"]
    assert "age_years" not in monitor["fields"]
    assert "sex_status" in monitor["fields"], "the applicant's own stay"
    folder = house.services.settings.data / "set"
    FeedbackExport(house.services).write(folder, house.desk.actors["mina"])
    assert list(folder.glob("*.parquet"))


def test_what_was_shown_of_a_co_applicant_goes_with_the_co_applicant(house: ErasureHouse) -> None:
    made = house.desk.apply_until("decline")  # which fields its reasons are made of
    explained: Any = house.services.ledger.open_slots(made["decision_id"])["explanation"]
    strongest = explained["reasons"]["adverse"][0]
    fields = list(strongest["features"])
    parties = [
        {"ref": "P-anna", "role": "applicant"},
        {"ref": "P-ben", "role": "co-applicant", "fields": fields},
    ]
    sent = next(a for a in applications() if a["application_id"] == made["application_id"])
    case = house.closed(parties=parties, fields=sent["fields"])
    assert strongest["text"] in everything(house, case["case_id"])
    kinds = [entry.type for entry in house.services.ledger.entries_of_case(case["case_id"])]
    assert "reasons_shown" in kinds
    again = house.services.decisions.reader.shown(made["decision_id"], house.desk.actors["kofi"])
    now = house.services.decisions.reader.shown(case["decision_id"], house.desk.actors["kofi"])
    assert now["contributions"] == again["contributions"], "read back they are in their order"
    house.erase(party="P-ben")
    left = everything(house, case["case_id"])
    assert strongest["text"] not in left
    assert strongest["concept"] in left, "which reason it was stays"
    for field in fields:
        assert f'["{field}"' not in left


def everything(house: ErasureHouse, case: str) -> str:
    """All that can be read of a case."""
    entries = house.services.ledger.entries_of_case(case)
    opened = [house.services.ledger.open_slots(entry.event_id) for entry in entries]
    return json.dumps(opened, default=str)


def house_label(house: ErasureHouse, name: str) -> str:
    """What a field is called on pages."""
    loaded = house.services.registry.in_use("german-credit").loaded
    label: str = loaded.bundle.contract[name].label
    return label


@pytest.mark.parametrize(
    "parties",
    [
        [{"ref": "a", "role": "applicant", "fields": ["nothing"]}],
        [{"ref": "a", "role": "applicant", "fields": "x"}],
        [{"ref": "a", "role": "applicant", "fields": [1]}],
        [{"ref": "a", "role": "applicant", "more": []}],
        [
            {"ref": "a", "role": "applicant", "fields": ["x"]},
            {"ref": "b", "role": "guarantor", "fields": ["x"]},
        ],
    ],
)
def test_fields_of_a_party_are_fields_of_the_application(parties: list[Any]) -> None:
    with pytest.raises(InvalidRequest):
        read_application({"application_id": "A", "fields": {"x": 1}, "parties": parties})
