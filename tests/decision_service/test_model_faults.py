"""Whatever a model does, every application becomes a case in a person's queue, on the record."""

import math
import time
from collections.abc import Iterator, Sequence
from typing import Any

import pytest

from decision_service.pipeline import Pipeline
from explain.explainers import Parts
from explain.values import Row
from overrides.events import read_event
from tests.decision_service.service_house import Attribute, Gate, House, open_house


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    opened = open_house(tmp_path_factory.mktemp("house"), settings={"score_deadline_s": 0.3})
    yield opened
    opened.close()


def raising(rows: Sequence[Row]) -> list[Parts]:
    msg = f"the applicant {rows[0]} is not to my liking"
    raise RuntimeError(msg)


def exiting(rows: Sequence[Row]) -> list[Parts]:
    raise SystemExit(len(rows))


def answering(score: Any) -> Attribute:
    def attribute(rows: Sequence[Row]) -> list[Parts]:
        return [Parts(score, 0.0, tuple(0.0 for _ in row)) for row in rows]

    return attribute


def silent(rows: Sequence[Row]) -> list[Parts]:
    return [][: len(rows)]


def strange(rows: Sequence[Row]) -> list[Parts]:
    return ["approve"] * len(rows)  # type: ignore[list-item] # a model may answer anything


NONSENSE = "nonsense_score"
FAULTS: dict[str, tuple[Attribute, str]] = {
    "raising": (raising, "model_error"),
    "exiting": (exiting, "model_error"),
    "silent": (silent, "model_error"),
    "strange": (strange, "model_error"),
    "no number": (answering(math.nan), NONSENSE),
    "infinite": (answering(math.inf), NONSENSE),
    "a text": (answering("0.5"), "model_error nonsense_score"),
    "nothing": (answering(None), "model_error nonsense_score"),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_model_that_fails_gives_a_case_without_a_score(house: House, fault: str) -> None:
    attribute, cause = FAULTS[fault]
    repair = house.break_model(attribute)
    try:
        answer = house.decide()
    finally:
        repair()
    assert answer.status_code == 201
    body = answer.json()
    assert body["score"] is None
    assert body["status"] == "in_review"
    assert body["routing"]["queue"] == "unscored"
    assert body["reasons"]["reliable"] is False
    assert body["reasons"]["adverse"] == body["reasons"]["favourable"] == []
    entry = house.services.ledger.entry(body["ledger"]["seq"])
    assert entry is not None
    event = read_event(entry.body)
    assert event.type == "decision_failed"
    assert event.data["cause"] in cause.split()
    case = house.services.cases.case(body["case_id"])
    assert case is not None
    assert case.case.probability is None
    inputs = house.opened(event.event_id)["inputs"]
    assert inputs["fields"]["duration_months"] is not None
    assert house.get(f"/v1/decisions/{body['decision_id']}").json()["score"] is None


def test_reasons_that_do_not_add_up_keep_the_score_and_are_not_shown(house: House) -> None:
    repair = house.break_model(
        lambda rows: [Parts(0.5, 0.1, tuple(0.3 for _ in row)) for row in rows]
    )
    try:
        body = house.decide().json()
    finally:
        repair()
    assert body["score"]["raw"] == "0.5"
    assert body["reasons"]["reliable"] is False
    assert body["reasons"]["adverse"] == []
    assert "add up" in body["reasons"]["problem"]
    assert "not_reliably_explained" in [why["code"] for why in body["routing"]["why"]]
    assert body["status"] == "in_review"


def test_a_model_that_hangs_costs_one_deadline_and_then_nothing(house: House) -> None:
    gate = Gate()
    repair = house.break_model(gate.wait)
    try:
        started = time.monotonic()
        hung = house.decide().json()
        assert time.monotonic() - started < 2
        started = time.monotonic()
        next_one = house.decide().json()
        assert time.monotonic() - started < 0.3, "the next application does not wait again"
    finally:
        repair()
        gate.open()
    for body in (hung, next_one):
        assert body["score"] is None
        entry = house.services.ledger.entry(body["ledger"]["seq"])
        assert entry is not None
        assert read_event(entry.body).data["cause"] == "model_timeout"
    time.sleep(0.7)
    assert house.decide().json()["score"] is not None, "a model that answers again is asked again"


def test_a_fault_of_ours_behind_the_score_is_told_and_leaves_nobody_waiting(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_args: object, **_kept: object) -> None:
        raise ZeroDivisionError

    house.decide()
    size = house.size
    monkeypatch.setattr(Pipeline, "command", broken)
    answer = house.decide()
    assert answer.status_code == 500
    assert answer.json()["type"] == "urn:countermand:problem:internal-error"
    assert house.size == size
