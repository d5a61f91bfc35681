"""What would change a recommendation: worked out for a recorded case, shown to who may see it."""

import csv
import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from threading import BoundedSemaphore
from typing import Any

import pytest
from sqlalchemy import text
from starlette.testclient import TestClient

from decision_service import outlooks
from decision_service.access import HOST
from decision_service.acting import Acting
from decision_service.app import create_app
from decision_service.company import NEAR_MIN, _examples
from decision_service.errors import Overloaded
from decision_service.outlook_words import NO_LOANS, bounds_words
from decision_service.outlooks import Outlooks, doubts, stated
from decision_service.policy import Policy
from explain.changes.uncertainty import Uncertainty
from explain.declared.bundle_files import seal
from overrides.stores.engine import open_engine, writing
from overrides.values import Recommendation
from tests.decision_service.desk_house import BUNDLE, applications, desk_house, spoiled_copy
from tests.decision_service.letting_out import promote_unsigned
from tests.decision_service.test_api_cases import Callers
from tests.sample_models.trained import sample_bundles
from ui.ports import Refused


@pytest.fixture(scope="module")
def callers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callers]:
    """An installation with the sample model, and who calls it."""
    with desk_house(tmp_path_factory.mktemp("outlooks") / "data") as house:
        yield Callers(house, TestClient(create_app(house.services)))


def asked(callers: Callers, made: dict[str, Any], who: str = "asha") -> dict[str, Any]:
    """What the interface says would change a decision's recommendation."""
    answer = callers.get(who, f"/cases/{made['case_id']}/what-would-change")
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


def test_what_is_proposed_gets_the_recommendation_it_says_when_it_is_sent(
    callers: Callers,
) -> None:
    house, sent = callers.house, 0
    for _ in range(12):
        made = house.apply_until("refer")
        told = asked(callers, made)["changes"]
        stated_fields = next(
            a["fields"] for a in applications() if a["application_id"] == made["application_id"]
        )
        for option in told["options"]:
            changed = {
                one["field"]: float(one["to"]) if one["to"][0].isdigit() else one["to"]
                for one in option["changes"]
            }
            assert changed.keys() <= {
                "duration_months",
                "credit_amount",
                "co_debtors",
                "other_plans",
            }
            other = house.again(
                made["application_id"], fields={**stated_fields, **changed}, bundle=BUNDLE
            )
            assert other["recommendation"] == told["recommendation"] == "approve"
            assert told["smallest"]
            sent += 1
    assert sent > 4, "the sample has something to propose"


def test_the_page_says_it_in_a_sentence_with_what_it_does_not_promise(callers: Callers) -> None:
    house = callers.house
    while True:
        made = house.apply_until("refer")
        view = house.desk.what_would_change(house.viewer("asha"), made["case_id"])
        if view.options:
            break
    assert view.headline == "The smallest change towards approval."
    assert view.options[0].startswith("If the ")
    assert view.options[0].endswith(
        "and all else as stated, model and policy would recommend approving."
    )
    assert any("no promise" in note for note in view.notes)
    assert house.desk.case(house.viewer("asha"), made["case_id"]).may_turn


def test_what_is_approved_asks_for_nothing(callers: Callers) -> None:
    made = callers.house.apply_until("approve")
    told = asked(callers, made)["changes"]
    assert (told["answer"], told["why"], told["options"]) == ("not_asked", "approve", [])
    view = callers.house.desk.case(callers.house.viewer("asha"), made["case_id"])
    assert not view.may_turn


def test_a_rule_on_something_that_may_change_bounds_the_proposal(callers: Callers) -> None:
    house = callers.house
    made = house.apply_until("approve")
    fields = next(
        a["fields"] for a in applications() if a["application_id"] == made["application_id"]
    )
    large = house.again(made["application_id"], fields={**fields, "credit_amount": 19_000})
    assert large["recommendation"] == "decline"
    told = asked(callers, large)["changes"]
    assert told["answer"] in ("found", "none")
    for option in told["options"]:
        (amount,) = [one for one in option["changes"] if one["field"] == "credit_amount"]
        assert float(amount["to"]) <= 18_000


def test_doubts_are_counted_and_worded(callers: Callers) -> None:
    house = callers.house
    made = house.apply_until("decline")
    fields = next(
        a["fields"] for a in applications() if a["application_id"] == made["application_id"]
    )
    odd = house.again(made["application_id"], fields={**fields, "credit_amount": 45_000})
    told = asked(callers, odd)
    assert told["novelty"]["pinned"] == 200
    assert {"field": "credit_amount", "kind": "outside", "alike": 0} in told["novelty"]["fields"]
    said = "Amount requested: DM 45,000 is outside what the 200 pinned applicants have."
    assert said in told["warnings"]
    page = house.desk.case(house.viewer("asha"), odd["case_id"])
    assert said in [fault.text for fault in page.faults]
    assert said not in page.doubts
    assert told["uncertainty"]["given"]
    assert told["uncertainty"]["loans"] == 500
    assert float(told["uncertainty"]["low"]) <= float(told["uncertainty"]["high"])


def test_who_may_not_see_the_case_is_told_nothing_of_it(callers: Callers) -> None:
    made = callers.house.apply_until("decline")
    path = f"/cases/{made['case_id']}/what-would-change"
    assert callers.get("chitra", path).status_code == 404
    assert callers.get("other-core", path).status_code == 404
    assert callers.get("mina", path).status_code == 403
    assert callers.get("root", path).status_code == 403
    assert callers.get("core", path).status_code == 200
    with pytest.raises(Refused) as refused:
        callers.house.desk.what_would_change(callers.house.viewer("chitra"), made["case_id"])
    assert refused.value.status == 404


def test_that_compliance_asked_is_recorded_as_a_viewing(callers: Callers) -> None:
    made = callers.house.apply_until("decline")
    before = callers.house.kinds(made["case_id"]).count("record_viewed")
    asked(callers, made, "kofi")
    asked(callers, made, "asha")
    assert callers.house.kinds(made["case_id"]).count("record_viewed") == before + 1


def test_a_decision_is_the_same_whoever_asks_what_would_change_it(callers: Callers) -> None:
    made = callers.house.apply_until("decline")
    path = f"/decisions/{made['decision_id']}"
    before, kinds = callers.get("asha", path).json(), callers.house.kinds(made["case_id"])
    first, second = asked(callers, made), asked(callers, made)
    assert first == second
    after = callers.get("asha", path).json()
    for found in (before, after):
        found["ledger"].pop("checkpoint")
    assert (after, callers.house.kinds(made["case_id"])) == (before, kinds)


def test_without_its_fields_its_version_or_its_score_nothing_is_worked_out(
    tmp_path: Path,
) -> None:
    with desk_house(tmp_path / "data") as house:
        callers = Callers(house, TestClient(create_app(house.services)))
        made = house.apply_until("decline")
        file = Acting(house.services).file(house.actors["asha"], made["case_id"])
        assert stated(None, file, {"fields": {}, "context": {}}) == "other_version"
        house.services.registry.suspend(BUNDLE, HOST)
        told = asked(callers, made)
        assert told["changes"]["why"] == "suspended"
        assert told["novelty"] is None
        late = house.apply()
        assert asked(callers, late)["changes"]["why"] == "unscored"
        house.services.registry.resume(BUNDLE, HOST)
        engine = open_engine(house.services.settings.url)
        with writing(engine) as connection:
            connection.execute(text("DELETE FROM data_key"))
        engine.dispose()
        assert asked(callers, made)["changes"]["why"] == "erased"
        page = house.desk.case(house.viewer("asha"), made["case_id"])
        assert not page.may_turn
        assert not page.doubts


def test_a_search_stops_at_its_time_and_says_so(callers: Callers) -> None:
    made = callers.house.apply_until("decline")
    services = callers.house.services
    ticks = iter(range(1000))
    hasty = Outlooks(services, monotonic=lambda: float(next(ticks)), seconds=0.5)
    file = Acting(services).file(callers.house.actors["asha"], made["case_id"])
    told = hasty.opened(file)
    assert not isinstance(told, str)
    turn = hasty.turn(told)
    assert turn.answer is not None
    assert turn.answer.kind == "stopped"


def test_few_of_the_held_out_applicants_are_called_unlike_the_pinned_ones(
    callers: Callers,
) -> None:
    """A warning that nearly everybody gets warns nobody: at 1 % declared, about 2 % of these."""
    made = callers.house.apply_until("decline")
    services = callers.house.services
    told = Outlooks(services).opened(
        Acting(services).file(callers.house.actors["asha"], made["case_id"])
    )
    assert not isinstance(told, str)
    bundle = told.loaded.bundle
    with (sample_bundles() / "held_out.csv").open(newline="") as file:
        rows = [
            bundle.contract.check(
                bundle.contract.from_text({k: v for k, v in row.items() if k in bundle.contract})
            ).features
            for row in csv.DictReader(file)
        ]
    found = [doubts(replace(told, row=row)) for row in rows]
    assert sum(one.novelty.far for one in found) <= 0.04 * len(rows)
    assert sum(one.novelty.any for one in found) <= 0.1 * len(rows)
    assert all(one.bounds is not None for one in found)


def test_pinned_applicants_on_either_side_are_named_with_what_differs(callers: Callers) -> None:
    made = callers.house.apply_until("decline")
    near = asked(callers, made)["near"]["pinned"]
    assert [one["recommendation"] for one in near] == ["approve"] * 3 + ["decline"] * 3
    for side in (near[:3], near[3:]):
        assert [float(one["distance"]) for one in side] == sorted(
            float(one["distance"]) for one in side
        )
    view = callers.house.desk.what_would_change(callers.house.viewer("asha"), made["case_id"])
    assert len(view.likes) == 2
    assert len(view.likes[0].lines) == len(near[0]["differs"])
    assert "would approve differs in" in view.likes[0].text


def test_no_pinned_applicant_is_called_approved_where_a_rule_asks_what_is_not_known_of_them(
    callers: Callers,
) -> None:
    made = callers.house.apply_until("decline")
    told = Outlooks(callers.house.services).opened(
        Acting(callers.house.services).file(callers.house.actors["asha"], made["case_id"])
    )
    assert not isinstance(told, str)
    rule = told.loaded.policy.spec.knockouts[0].model_copy(update={"field": "purpose_text"})
    spec = told.loaded.policy.spec.model_copy(update={"knockouts": [rule]})
    told = replace(told, loaded=replace(told.loaded, policy=Policy(spec)))
    assert [advice for advice, _ in _examples(told)] == [Recommendation.DECLINE]


def test_near_loans_that_matured_are_counted_once_there_are_enough(tmp_path: Path) -> None:
    with desk_house(tmp_path / "data") as house:
        callers = Callers(house, TestClient(create_app(house.services)))
        first = house.apply_until("approve")
        fields = next(
            a["fields"] for a in applications() if a["application_id"] == first["application_id"]
        )
        same = [
            house.apply(application_id=f"same-{n}", fields=fields, branch="north")
            for n in range(NEAR_MIN + 1)
        ]
        viewer = house.viewer("hanna")
        for made in same:
            house.desk.claim(viewer, made["case_id"])
            form = house.form("hanna", made["case_id"], decision="approve")
            house.desk.review(viewer, made["case_id"], form)
        assert _matured(callers, first)["looked_at"] == 0
        house.clock.passes(days=400)
        outcomes = [
            {
                "application_id": f"same-{n}",
                "kind": "max_days_past_due",
                "value": "120" if n < 5 else "0",
                "observed_at": "2027-03-20T00:00:00Z",
                "months_on_book": 12,
            }
            for n in range(NEAR_MIN - 1)
        ]
        # Approved long ago and paid out lately: bad already, and its good likes are not known yet.
        late: dict[str, Any] = {"application_id": f"same-{NEAR_MIN}", "kind": "disbursed"}
        young = [
            {**late, "value": "100000", "observed_at": "2027-02-01T00:00:00Z"},
            {**outcomes[0], "application_id": late["application_id"], "months_on_book": 1},
        ]
        assert callers.post("core", "/outcomes", {"outcomes": outcomes + young}).status_code == 201
        few = _matured(callers, first)
        assert (few["looked_at"], few["near"], few["bad"]) == (NEAR_MIN - 1, NEAR_MIN - 1, None)
        assert few["text"].startswith("Too few near loans")
        last = [{**outcomes[-1], "application_id": f"same-{NEAR_MIN - 1}"}]
        assert callers.post("core", "/outcomes", {"outcomes": last}).status_code == 201
        enough = _matured(callers, first)
        assert (enough["near"], enough["bad"]) == (NEAR_MIN, 5)
        assert [float(one) for one in enough["interval"]] == pytest.approx(
            [0.1119, 0.4687], abs=1e-4
        )
        assert "Of 20 near loans that have matured, 5 went bad (11 to 47 of 100" in enough["text"]


def _matured(callers: Callers, made: dict[str, Any]) -> dict[str, Any]:
    """What is said of near loans that matured."""
    return dict(asked(callers, made)["near"]["matured"])


@pytest.mark.parametrize(
    ("score", "low", "high", "said"),
    [
        ("0.1", 0.05, 0.12, ""),
        ("0.29", 0.29, 0.29, ""),
        ("0.28", 0.25, 0.31, "cut-off for approval."),
        ("0.35", 0.2, 0.25, "cut-off for approval."),
        ("0.6", 0.3, 0.4, "cut-off for decline."),
        ("0.6", 0.1, 0.2, "cut-off for approval and decline."),
        ("0.6", 0.5, 0.9, ""),
    ],
)
def test_bounds_are_told_where_they_leave_the_side_of_the_score(
    callers: Callers, score: str, low: float, high: float, said: str
) -> None:
    services = callers.house.services
    made = callers.house.apply_until("decline")
    told = Outlooks(services).opened(
        Acting(services).file(callers.house.actors["asha"], made["case_id"])
    )
    assert not isinstance(told, str)
    policy = told.loaded.policy
    assert (str(policy.cutoffs.approve_up_to), str(policy.cutoffs.decline_above)) == (
        "0.29",
        "0.43",
    )
    told = replace(told, decision=replace(told.decision, probability=score))
    words = bounds_words(told, Uncertainty(low, high, 500, 300, 200))
    assert bool(words) == bool(said)
    assert all(said in sentence for sentence in words)
    (thin,) = bounds_words(told, Uncertainty(low, high, 500, 481, 19))
    assert thin.startswith("Not supported by data: of the 500 calibration loans, 19 were scored")


ONLY_A_GUARANTOR = """changes:
  fields: [{field: co_debtors, to: [guarantor]}]
"""


@pytest.fixture(scope="module")
def narrow(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callers]:
    """A policy that lets only a guarantor be asked for, and a model without calibration loans."""
    folder = tmp_path_factory.mktemp("narrow")
    bundle = spoiled_copy(folder / BUNDLE)
    text = (bundle / "policy.yaml").read_text()
    (bundle / "policy.yaml").write_text(
        re.sub(r"changes:\n(  .*\n)+", ONLY_A_GUARANTOR, text).replace('"2024.1"', '"2024.2"')
    )
    text = (bundle / "model.yaml").read_text()
    without = r', "calibration": "calibration.csv", "calibration_population": "[^"]*"'
    (bundle / "model.yaml").write_text(re.sub(without, "", text))
    (bundle / "calibration.csv").unlink()
    seal(bundle, BUNDLE)
    with desk_house(folder / "data") as house:
        house.services.registry.add(bundle, HOST)
        promote_unsigned(house.services.registry, BUNDLE)
        yield Callers(house, TestClient(create_app(house.services)))


def test_a_rule_on_what_nobody_may_change_decides_and_is_named(narrow: Callers) -> None:
    made = narrow.house.apply()
    fields = next(
        a["fields"] for a in applications() if a["application_id"] == made["application_id"]
    )
    large = narrow.house.again(made["application_id"], fields={**fields, "credit_amount": 19_000})
    told = asked(narrow, large)["changes"]
    assert (told["answer"], told["why"], told["rules"]) == ("not_asked", "rule", ["P01-AMOUNT"])
    view = narrow.house.desk.what_would_change(narrow.house.viewer("asha"), large["case_id"])
    assert view.headline == "A fixed rule of the policy decides, whatever else changes."
    assert view.notes == ("Sample rule: this product lends at most DM 18,000.", NO_LOANS)
    assert asked(narrow, large)["uncertainty"] == {"given": False, "text": NO_LOANS}
    assert not view.likes, "the policy shows no single applicants"


def test_where_nothing_approves_a_decline_may_be_turned_into_a_persons_decision(
    narrow: Callers,
) -> None:
    """Sent as proposed, the application is left to a person; the sample has such cases."""
    every = [narrow.house.apply_until("decline") for _ in range(40)]
    answers = [(made, asked(narrow, made)["changes"]) for made in every]
    assert ("none", "approve") in {(t["answer"], t["recommendation"]) for _, t in answers}
    made, told = next((made, t) for made, t in answers if t["recommendation"] == "refer")
    assert "would leave the application to a person" in told["options"][0]["text"]
    fields = next(
        a["fields"] for a in applications() if a["application_id"] == made["application_id"]
    )
    other = narrow.house.again(made["application_id"], fields={**fields, "co_debtors": "guarantor"})
    assert other["recommendation"] == "refer"


def test_whoever_finds_too_many_waiting_is_told_to_come_again(
    callers: Callers, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = callers.house.apply_until("decline")
    monkeypatch.setattr(outlooks, "_PLACES", BoundedSemaphore(1))
    monkeypatch.setattr(outlooks, "_TURNS", BoundedSemaphore(1))
    path = f"/cases/{made['case_id']}/what-would-change"
    with outlooks._PLACES:
        refused = callers.get("asha", path)
    assert refused.status_code == 503
    assert refused.json()["type"].endswith("overloaded")
    told = Outlooks(callers.house.services).opened(
        Acting(callers.house.services).file(callers.house.actors["asha"], made["case_id"])
    )
    assert not isinstance(told, str)
    with outlooks._TURNS, pytest.raises(Overloaded):
        Outlooks(callers.house.services, seconds=0.05).turn(told)
    assert callers.get("asha", path).status_code == 200, "places and turns were given back"
