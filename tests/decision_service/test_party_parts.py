"""What is about a co-applicant goes with the co-applicant, and nothing else does."""

import json
import math
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from decision_service.applications import read_application
from decision_service.decision_record import Finding, sheet_of
from decision_service.errors import InvalidRequest
from decision_service.feedback_export import FeedbackExport
from decision_service.party_parts import concepts_apart, split, whole, without
from decision_service.policy import unscored
from tests.decision_service.desk_house import applications
from tests.decision_service.erasure_house import ErasureHouse, erasure_house

SECRET = bytes(range(32))
NAMES = ["a", "b", "c", "d"]
VALUES = st.dictionaries(st.sampled_from(NAMES), st.text(max_size=3))
REASON = st.fixed_dictionaries(
    {
        "concept": st.text("xyz", max_size=2),
        "features": st.lists(st.sampled_from(NAMES), max_size=3),
    }
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
    party = {"ref": "P", "role": "guarantor"}
    kept, (theirs,) = split(payloads, [names], SECRET)
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
    opened: dict[str, Any]
    opened, parts = split(payloads, list(names.values()), SECRET)
    for place, (who, theirs) in enumerate(zip(names, parts, strict=True)):
        opened[f"party.{place}"] = {"ref": who} | ({"application": theirs} if theirs else {})
    joined = whole(opened)
    assert {name: joined.get(name) for name in payloads} == payloads


@given(PAYLOADS, st.lists(st.sampled_from(["kept", "one", "two"]), min_size=4, max_size=4))
def test_a_reason_about_several_goes_with_any_of_them(
    payloads: dict[str, Any], whose: list[str]
) -> None:
    of = dict(zip(NAMES, whose, strict=True))
    names = [[name for name in NAMES if of[name] == who] for who in ("one", "two")]
    kept, parts = split(payloads, names, SECRET)
    slots: dict[str, Any] = {
        **kept,
        **{f"party.{n}": {"application": part} for n, part in enumerate(parts) if part},
    }
    everything = payloads["explanation"]["reasons"]["adverse"]
    for lost, slot in (("one", "party.0"), ("two", "party.1")):
        left = {name: part for name, part in slots.items() if name != slot}
        of_lost = {name for name in NAMES if of[name] == lost}
        explained = whole(left)["explanation"]
        assert explained is not None
        assert sorted(map(spelt, explained["reasons"]["adverse"])) == sorted(
            spelt(reason) for reason in everything if not of_lost & set(reason["features"])
        )
        for reason in everything:
            if len({of[name] for name in reason["features"]}) > 1:
                assert spelt(reason) not in spelt(left)


def spelt(value: object) -> str:
    """A value in one spelling."""
    return json.dumps(value, sort_keys=True)


def test_a_share_says_nothing_of_what_it_is_a_share_of() -> None:
    reason = {"concept": "c", "features": ["a", "b"], "text": "Income of 100 beside 900 of debts"}
    empty: dict[str, Any] = {"fields": {}, "context": {}, "fields_meta": {}, "warnings": []}
    told = {"contributions": [], "reasons": {"adverse": [reason], "favourable": []}}
    parts: dict[str, Any] = {"inputs": empty, "explanation": told}
    kept, (theirs,) = split(parts, [["a"]], SECRET)
    assert concepts_apart({**kept, "party.0": {"application": theirs}}) == {"c"}
    assert concepts_apart(kept) == frozenset()
    shares = []
    for secret in (SECRET, bytes(reversed(SECRET))):
        kept, (theirs,) = split(parts, [["a"]], secret)
        shares += [kept["explanation"]["shares"]["adverse"], theirs["shares"]["adverse"]]
    assert all(one[0][:2] == [0, 2] for one in shares)
    assert len({one[0][2] for one in shares}) == 4, "each is drawn anew"


def test_what_is_unexpected_of_a_party_goes_with_the_party() -> None:
    empty: dict[str, Any] = {"fields": {}, "context": {}, "fields_meta": {}, "warnings": []}
    adverse = [
        {"concept": name, "features": list(name), "counter_intuitive": name != "C"}
        for name in ("A", "B", "AB", "C")
    ]
    told: dict[str, Any] = {"contributions": [], "surprises": ["A", "B", "AB", "D"]}
    told["reasons"] = {"adverse": adverse, "favourable": []}
    kept, (theirs,) = split({"inputs": empty, "explanation": told}, [["B"]], SECRET)
    assert kept["explanation"]["surprises"] == ["A"], "and nobody knows whom D is about"
    slots = {**kept, "party.0": {"application": theirs}}
    for there, surprises in ((slots, ["A", "B", "AB"]), ({**slots, "party.0": None}, ["A"])):
        explained = whole(there)["explanation"]
        assert explained is not None
        assert explained["surprises"] == surprises
    alone, _ = split({"inputs": empty, "explanation": told}, [[]], SECRET)
    assert alone["explanation"]["surprises"] == told["surprises"]


def test_what_the_first_releases_wrote_twice_is_put_back_once() -> None:
    reason = {"concept": "c", "features": ["a", "b"], "text": "both"}
    empty: dict[str, Any] = {"fields": {}, "context": {}, "fields_meta": {}, "warnings": []}
    part = {"reasons": {"adverse": [[0, reason]], "favourable": []}, "monitor": {}, **empty}
    opened: dict[str, Any] = {
        "inputs": {**empty},
        "explanation": {"contributions": [], "reasons": {"adverse": [], "favourable": []}},
        "party.0": {"application": part},
        "party.1": {"application": part},
    }
    explained = whole(opened)["explanation"]
    assert explained is not None
    assert explained["reasons"]["adverse"] == [reason]


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
    shown = house.desk.desk.case(kofi, case)
    assert shown.raw is not None
    assert math.isclose(shown.base + sum(bar.contribution for bar in shown.bars), shown.raw)
    open_part = json.loads(house.services.ledger.entry_of(entry).body)["data"]
    concepts = [*open_part["adverse"], *open_part["favourable"]]
    assert len(concepts) == len(shown.bars)
    assert all(isinstance(concept, str) for concept in concepts), "by how much is a personal part"
    house.erase(case=case, party="P-ben")
    left = dict(house.desk.desk.case(kofi, case).facts)
    gone = {name for name, value in stated.items() if value and not left.get(name)}
    assert gone == {house_label(house, "co_debtors")}
    assert {name: value for name, value in stated.items() if name not in gone} == {
        name: value for name, value in left.items() if name not in gone
    }
    assert house.desk.desk.case(kofi, case).bars == (), "less would add up to another score"
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


def test_no_slot_of_a_decision_has_a_reason_about_two_alone(house: ErasureHouse) -> None:
    parties = [
        {"ref": "P-anna", "role": "applicant"},
        {"ref": "P-ben", "role": "co-applicant", "fields": ["co_debtors"]},
    ]
    services, sent = house.services, next(iter(applications()))
    prepared = services.decisions.preparer.prepare(
        read_application({**sent, "branch": "north", "parties": parties}),
        services.registry.in_use("german-credit"),
        house.desk.actors["core"],
        simulated=False,
    )
    unscored_one = Finding(assessment=unscored("model_failed"), failure="model_error")
    sheet = sheet_of(prepared, unscored_one, services.new_id, 1)
    words = "One guarantor beside a term of 48 months"
    reason = {"concept": "c", "features": ["co_debtors", "duration_months"], "text": words}
    told = {"contributions": [], "reasons": {"adverse": [reason], "favourable": []}}
    explained = replace(sheet, payloads={**sheet.payloads, "explanation": told})
    (made,) = explained.drafts(None, "case")
    payloads: dict[str, Any] = {slot.name: slot.payload for slot in made.slots}
    assert whole(payloads)["explanation"] == told
    whose = {slot.name: slot.party for slot in made.slots}
    assert len(set(whose.values())) == 2
    for gone in set(whose.values()):
        left = {name: payload for name, payload in payloads.items() if whose[name] != gone}
        assert words not in json.dumps([left, whole(left)])


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
