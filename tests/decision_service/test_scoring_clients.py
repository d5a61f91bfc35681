"""Scoring clients change nothing but the address: three protocols, recorded and not decided."""

import json
import math
from collections.abc import Iterator
from concurrent.futures import Future
from dataclasses import replace
from typing import Any

import pytest
from fastapi import FastAPI

from decision_service.access import HOST
from decision_service.errors import BundleUnavailable
from decision_service.facades import kserve
from decision_service.facades.asking import Asked
from decision_service.facades.score_only import WAITING_MAX, ScoreOnly, checked_rows
from explain.declared.contract import CheckedFields
from explain.remote.spec import RemoteSpec
from explain.remote.wire import WIRES, Cells, scores_in
from explain.values import probability_of
from overrides.errors import LedgerUnavailable
from overrides.events import read_event
from overrides.journal import Command, Event, OnceOnly, Receipt
from overrides.values import Role
from tests.decision_service.service_house import BUNDLE, House, open_house

PREDICT = f"/v1/models/{BUNDLE}:predict"
EXPLAIN = f"/v1/models/{BUNDLE}:explain"
INFER = f"/v2/models/{BUNDLE}/infer"


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    opened = open_house(tmp_path_factory.mktemp("house"))
    yield opened
    opened.close()


def post(house: House, path: str, body: Any, **headers: str) -> Any:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    if isinstance(body, str):
        named.setdefault("content-type", "application/json")
        return house.client.post(path, content=body, headers={**house.headers(), **named})
    return house.client.post(path, json=body, headers={**house.headers(), **named})


def last(house: House) -> Event:
    entry = house.services.ledger.entry(house.size - 1)
    assert entry is not None
    return read_event(entry.body)


def expected(house: House) -> float:
    """What the decision path says of the example."""
    return float(house.decide().json()["score"]["probability_of_bad"])


def listed(house: House) -> list[Any]:
    """The example's scored fields in the contract's order."""
    return [house.example.get(spec.name) for spec in house.bundle.contract.features]


def tensors(house: House, rows: int = 1) -> list[dict[str, Any]]:
    """The example as a tensor for each field."""
    kinds = {str: "BYTES", bool: "BOOL"}
    return [
        {
            "name": name,
            "shape": [rows, 1],
            "datatype": kinds.get(type(value), "FP64"),
            "data": [value] * rows,
        }
        for name, value in house.example.items()
    ]


def test_every_protocol_answers_what_a_decision_would_say(house: House) -> None:
    wanted, row = expected(house), house.example
    one_kserve = post(house, PREDICT, {"instances": [row, row]})
    assert one_kserve.status_code == 200, one_kserve.text
    assert one_kserve.json() == {"predictions": [wanted, wanted]}
    assert post(house, PREDICT, {"inputs": [listed(house)]}).json() == {"predictions": [wanted]}
    two = post(house, INFER, {"id": "r-7", "inputs": tensors(house, 2)})
    assert two.status_code == 200, two.text
    told = two.json()
    assert (told["model_name"], told["id"]) == (BUNDLE, "r-7")
    assert told["outputs"] == [
        {"name": "probability", "datatype": "FP64", "shape": [2], "data": [wanted, wanted]}
    ]
    split = {"columns": list(row), "data": [list(row.values())], "index": [0]}
    columns = {name: [value] for name, value in row.items()}
    for body in (
        {"dataframe_split": split},
        {"dataframe_records": [row]},
        {"instances": [row]},
        {"inputs": columns},
        {"inputs": [row], "params": {"bundle": BUNDLE}},
    ):
        answer = post(house, "/invocations", body)
        assert answer.status_code == 200, answer.text
        assert answer.json() == {"predictions": [wanted]}


def test_an_explanation_adds_up_to_the_score(house: House) -> None:
    answer = post(house, EXPLAIN, {"instances": [house.example]}).json()
    (told,) = answer["explanations"]
    total = told["base"] + math.fsum(part["contribution"] for part in told["contributions"])
    assert abs(total - told["raw"]) <= 1e-9
    assert answer["predictions"] == [expected(house)]
    assert told["adverse"][0]["text"]
    assert told["reliable"] is True
    wanted = {"outputs": [{"name": "explanation"}, {"name": "raw"}]}
    both = post(house, INFER, {"inputs": tensors(house), **wanted}).json()["outputs"]
    assert [output["name"] for output in both] == ["explanation", "raw"]
    assert json.loads(both[0]["data"][0]) == told
    assert both[1]["data"] == [told["raw"]]


def test_a_call_is_recorded_whole_and_of_no_case(house: House) -> None:
    row = house.example
    answer = post(house, EXPLAIN, {"instances": [row, row], "parameters": {"party": "p-77"}})
    event = last(house)
    assert (event.type, event.case) == ("score_only", answer.headers["countermand-record"])
    assert event.seq == int(answer.headers["countermand-seq"])
    assert event.data["rows"] == 2
    assert event.data["protocol"] == "kserve-v1"
    assert event.model == house.services.registry.in_use(BUNDLE).version.model
    open_part = json.dumps(dict(event.data))
    assert "p-77" not in open_part
    assert not any(str(value) in open_part for value in row.values() if len(str(value)) > 3)
    opened = house.opened(event.event_id)
    assert opened["inputs"]["rows"][1]["fields"].keys() == {
        spec.name for spec in house.bundle.contract.features
    }
    kept = opened["explanation"]["rows"]
    assert [float(one["probability"]) for one in kept] == answer.json()["predictions"]
    assert house.services.cases.case(str(event.case)) is None
    assert post(house, PREDICT, {"instances": [row]}).status_code == 200
    assert last(house).data["method"] is None
    assert house.opened(last(house).event_id)["explanation"]["rows"][0].keys() == {
        "probability",
        "raw",
    }


def test_no_list_rate_or_set_changes_by_it(house: House) -> None:
    house.decide()
    services = house.services
    seen = (
        ("/v1/cases", "core", Role.SERVICE),
        ("/v1/metrics/board", "rhea", Role.RISK),
        ("/v1/changes", "core", Role.SERVICE),
    )

    def figures() -> list[Any]:
        told = [house.get(*where).json() for where in seen]
        facts = list(services.cases.board_facts(services.clock()))
        closed = list(services.cases.feedback_facts(services.clock()))
        for one in told:
            one.pop("as_of", None)
        return [told, facts, closed]

    before = figures()
    for _ in range(3):
        assert post(house, PREDICT, {"instances": [house.example] * 5}).status_code == 200
    assert figures() == before
    tables = services.rebuild()
    assert tables == house.size
    assert figures() == before


def test_a_named_application_is_a_decision_like_any_other(house: House) -> None:
    body = {"instances": [house.example], "parameters": {"application_id": "L-1", "branch": "east"}}
    missing = post(house, PREDICT, body)
    assert missing.status_code == 400
    assert "Idempotency-Key" in missing.json()["error"]
    key = house.fresh_key()
    made = post(house, EXPLAIN, body, Idempotency_Key=key)
    assert made.status_code == 200, made.text
    entry = house.services.ledger.entry_of(made.headers["countermand-decision"])
    assert entry is not None
    event = read_event(entry.body)
    assert (event.type, event.data["branch"]) == ("decision_made", "east")
    shown = house.get(made.headers["location"]).json()
    assert made.json()["predictions"] == [float(shown["score"]["probability_of_bad"])]
    told = made.json()["explanations"][0]
    assert len(told["contributions"]) == len(shown["contributions"])
    size = house.size
    again = post(house, EXPLAIN, body, Idempotency_Key=key)
    assert again.json() == made.json()
    assert house.size == size
    direct = house.client.post(
        "/v1/decisions",
        json={
            "application_id": "L-1",
            "branch": "east",
            "bundle": BUNDLE,
            "fields": house.example,
        },
        headers={**house.headers(), "Idempotency-Key": key},
    )
    assert direct.json()["decision_id"] == made.headers["countermand-decision"]
    two = {**body, "instances": [house.example] * 2}
    assert post(house, PREDICT, two, Idempotency_Key="other").status_code == 400
    odd = {**body, "parameters": {"application_id": "L-2", "aplicant": "x"}}
    assert "/parameters/aplicant" in post(house, PREDICT, odd, Idempotency_Key="o").json()["error"]


def test_an_application_that_no_model_scores_is_taken_in(house: House) -> None:
    def fails(_rows: Any) -> Any:
        raise RuntimeError

    right = house.break_model(fails)
    try:
        body = {"inputs": tensors(house), "parameters": {"application_id": "L-9"}}
        answer = post(house, INFER, body, Idempotency_Key=house.fresh_key())
        scored = post(house, PREDICT, {"instances": [house.example]})
    finally:
        right()
    assert answer.status_code == 503
    assert answer.headers["countermand-decision"] in answer.json()["error"]
    assert house.get(answer.headers["location"]).json()["status"] == "in_review"
    assert scored.status_code == 503
    assert "RuntimeError" in scored.json()["error"]


def test_the_same_key_scores_once_and_answers_the_same(house: House) -> None:
    body = {"instances": [house.example]}
    key = house.fresh_key()
    first = post(house, EXPLAIN, body, Idempotency_Key=key)
    size = house.size
    again = post(house, EXPLAIN, body, Idempotency_Key=key)
    assert again.json() == first.json()
    assert again.headers["idempotency-replayed"] == "true"
    assert house.size == size
    other = post(house, EXPLAIN, {"instances": [house.example] * 2}, Idempotency_Key=key)
    assert other.status_code == 400
    assert house.size == size


FAULTS = [
    ({"instances": []}, "/instances: Give 1 to 1000 rows"),
    ({"instances": [{}] * 1001}, "/instances: Give 1 to 1000 rows; there are 1001."),
    ({"instances": 5}, "Give a list of rows"),
    ({"instances": [[1, 2]]}, "/instances/0: Give an object"),
    ({"instance": []}, "/instance: Leave it out"),
    ({}, "Give the rows as instances"),
    ([], "Send a JSON object"),
    ({"instances": [1]}, "/instances/0"),
    ({"instances": [{}], "parameters": 3}, "/parameters"),
]


@pytest.mark.parametrize(("body", "words"), FAULTS)
def test_what_cannot_be_read_is_refused_with_the_place(house: House, body: Any, words: str) -> None:
    size = house.size
    answer = post(house, PREDICT, body)
    assert answer.status_code == 400
    assert answer.headers["content-type"] == "application/json"
    assert answer.json().keys() == {"error"}
    assert words in answer.json()["error"]
    assert house.size == size


def test_faulty_values_are_named_by_row_and_field(house: House) -> None:
    numeric = next(f for f in house.bundle.contract.features if f.type == "integer")
    level = next(f for f in house.bundle.contract.features if f.levels)
    rows = [
        dict(house.example),
        {**house.example, numeric.name: "twelve", "shoe_size": 43},
        {**house.example, level.name: "no such level", numeric.name: math.nan},
    ]
    size = house.size
    answer = post(house, PREDICT, json.dumps({"instances": rows}))
    assert answer.status_code == 400
    error = answer.json()["error"]
    for words in (
        f"/instances/1/{numeric.name}: Row 1, {numeric.name}: Give",
        "/instances/1/shoe_size: Row 1, shoe_size: Leave it out",
        f"/instances/2/{level.name}: Row 2",
        f"/instances/2/{numeric.name}: Row 2, {numeric.name}: Give a finite number, or null",
    ):
        assert words in error, words
    assert "twelve" not in error
    too_large = json.dumps({"instances": [house.example]}).replace(
        f'"{numeric.name}": {house.example[numeric.name]}', f'"{numeric.name}": 1e999'
    )
    assert f"Row 0, {numeric.name}" in post(house, PREDICT, too_large).json()["error"]
    split = {"columns": list(rows[1]), "data": [list(rows[1].values())]}
    table = post(house, "/invocations", {"dataframe_split": split})
    assert table.status_code == 400
    assert table.json()["error_code"] == "BAD_REQUEST"
    at = list(rows[1]).index(numeric.name)
    assert f"/dataframe_split/data/0/{at}: Row 0, {numeric.name}" in table.json()["message"]
    asked = tensors(house)
    asked[1]["data"] = [{"a": 1}]
    assert (
        f"/inputs/1/data/0: Row 0, {asked[1]['name']}"
        in (post(house, INFER, {"inputs": asked}).json()["error"])
    )
    assert house.size == size


TENSORS = [
    ({"shape": [2, 1]}, "/inputs/0/data: Give the 2 values"),
    ({"shape": [1, 2], "data": [1, 2]}, "/inputs/0/shape"),
    ({"shape": "x"}, "/inputs/0/shape"),
    ({"shape": [1, 1, 1]}, "/inputs/0/shape"),
    ({"datatype": ["FP64"]}, "/inputs/0/datatype"),
    ({"datatype": "FP128"}, "/inputs/0/datatype"),
    ({"data": "AAAA"}, "/inputs/0/data"),
    ({"name": 3}, "/inputs/0"),
]


@pytest.mark.parametrize(("change", "words"), TENSORS)
def test_a_tensor_that_is_none_is_refused(house: House, change: dict[str, Any], words: str) -> None:
    asked = tensors(house)
    asked[0] |= change
    answer = post(house, INFER, {"inputs": asked})
    assert answer.status_code == 400
    assert words in answer.json()["error"]


def test_one_tensor_of_numbers_takes_categories_by_their_place(house: House) -> None:
    contract = house.bundle.contract
    cells = [
        float(list(spec.levels).index(value) if spec.levels else value)
        for spec, value in zip(contract.features, listed(house), strict=True)
    ]
    one = {"name": "x", "shape": [1, len(cells)], "datatype": "FP64", "data": cells}
    assert post(house, INFER, {"inputs": [one]}).json()["outputs"][0]["data"] == [expected(house)]
    short = {**one, "shape": [1, len(cells) - 1], "data": cells[:-1]}
    assert "the fields in the order" in post(house, INFER, {"inputs": [short]}).json()["error"]


def test_refusals_speak_the_protocol_that_was_asked(house: House) -> None:
    nobody = house.client.post(PREDICT, json={"instances": []})
    assert (nobody.status_code, nobody.json().keys()) == (401, {"error"})
    for path, shape in (
        ("/v1/models/none:predict", {"error"}),
        ("/v2/models/none/infer", {"error"}),
    ):
        answer = post(house, path, {"instances": [{}]})
        assert (answer.status_code, answer.json().keys()) == (404, shape), path
    other = post(house, f"/v2/models/{BUNDLE}/versions/0/infer", {"inputs": tensors(house)})
    assert (other.status_code, other.json().keys()) == (400, {"error"})
    assert "and no other" in other.json()["error"]
    unknown = post(house, "/invocations", {"inputs": [{}], "params": {"bundle": "none"}})
    assert (unknown.status_code, unknown.json()["error_code"]) == (404, "RESOURCE_DOES_NOT_EXIST")
    form = post(house, PREDICT, "a=1", content_type="application/x-www-form-urlencoded")
    assert form.status_code == 415
    packed = post(house, INFER, "{}", inference_header_content_length="2")
    assert packed.status_code == 415
    long = "[" + "0," * (house.services.settings.rows_bytes_max // 2) + "0]"
    assert post(house, PREDICT, long).status_code == 413
    person = house.client.post(PREDICT, json={}, headers=house.headers("rhea", Role.RISK))
    assert (person.status_code, person.json().keys()) == (403, {"error"})


def test_what_the_server_and_its_models_are(house: House) -> None:
    assert house.client.get("/v2/health/live").json() == {"live": True}
    assert house.client.get("/v2/health/ready").json() == {"ready": True}
    assert house.client.get("/v2").json()["extensions"] == []
    version = house.services.registry.in_use(BUNDLE).version.model.version
    for path in (f"/v2/models/{BUNDLE}", f"/v2/models/{BUNDLE}/versions/{version}"):
        told = house.get(path).json()
        assert (told["name"], told["versions"]) == (BUNDLE, [version])
        assert {tensor["name"] for tensor in told["inputs"]} >= set(house.example)
    assert house.get("/v1/models").json() == {"models": [BUNDLE]}
    for path in (f"/v1/models/{BUNDLE}", f"/v2/models/{BUNDLE}/ready"):
        assert house.get(path).json() == {"name": BUNDLE, "ready": True}
    assert house.get("/v1/models/none").status_code == 404
    path = f"/v2/models/{BUNDLE}/versions/{version}/infer"
    assert post(house, path, {"inputs": tensors(house)}).status_code == 200


def test_a_suspended_bundle_scores_nothing(house: House) -> None:
    registry = house.services.registry
    registry.suspend(BUNDLE, HOST)
    try:
        size = house.size
        answer = post(house, PREDICT, {"instances": [house.example]})
        assert (answer.status_code, house.size) == (503, size)
        assert "suspended" in answer.json()["error"]
        ready = house.get(f"/v1/models/{BUNDLE}")
        assert (ready.status_code, ready.json()["ready"]) == (503, False)
    finally:
        registry.resume(BUNDLE, HOST)


def question_of(house: House, count: int = 1) -> tuple[Asked, list[CheckedFields]]:
    contract = house.bundle.contract
    asked = kserve.asked({"instances": [house.example] * count}, explained=False)
    return asked, checked_rows(asked.read(contract), contract)


def test_a_bundle_that_is_suspended_meanwhile_answers_nothing(house: House) -> None:
    registry = house.services.registry
    asked, checked = question_of(house)
    used = registry.in_use(BUNDLE)
    registry.suspend(BUNDLE, HOST)
    size = house.size
    try:
        with pytest.raises(BundleUnavailable, match="suspended"):
            ScoreOnly(house.services).record(asked, checked, used, HOST, key="", content="")
        assert house.size == size
    finally:
        registry.resume(BUNDLE, HOST)


class FullDisk:
    """A journal that cannot write."""

    def submit(self, command: Command, *, once: OnceOnly | None = None) -> Future[Receipt]:
        """Say so, whatever it is."""
        del command, once
        refused: Future[Receipt] = Future()
        refused.set_exception(LedgerUnavailable(cause="the disk is full"))
        return refused


def test_what_cannot_be_written_down_is_not_answered(house: House) -> None:
    asked, checked = question_of(house)
    used = house.services.registry.in_use(BUNDLE)
    broken = ScoreOnly(replace(house.services, journal=FullDisk()))
    with pytest.raises(LedgerUnavailable):
        broken.record(asked, checked, used, HOST, key="", content="")


def test_a_model_that_takes_long_to_explain_is_asked_for_its_score_alone(house: House) -> None:
    bundle, wanted = house.bundle, expected(house)
    method = bundle.method
    right = house.break_model(lambda _rows: pytest.fail("nobody asked for an explanation"))
    bundle.method = "sampled_interventional"
    try:
        answer = post(house, PREDICT, {"instances": [house.example] * 3})
    finally:
        bundle.method = method
        right()
    assert answer.status_code == 200, answer.text
    assert answer.json()["predictions"] == pytest.approx([wanted] * 3, abs=1e-12)


def test_a_model_that_our_own_code_explains_is_asked_at_once(house: House) -> None:
    wanted = expected(house)
    house.bundle.warm()
    assert house.bundle.at_once
    answer = post(house, EXPLAIN, {"instances": [house.example] * 70})
    assert answer.json()["predictions"] == [wanted] * 70


def test_what_is_no_number_is_refused_wherever_it_stands(house: House) -> None:
    table = {"columns": list(house.example), "data": [list(house.example.values())]}
    body = json.dumps({"dataframe_split": {**table, "index": [math.nan]}})
    answer = post(house, "/invocations", body)
    assert answer.status_code == 400
    assert "NaN is not a number" in answer.json()["message"]


SPECS: dict[str, dict[str, Any]] = {
    "remote-kserve-v1": {"model": BUNDLE, "rows": "records"},
    "remote-oip-v2": {"model": BUNDLE, "output": "probability", "gap": -1.0},
    "remote-mlflow": {},
}


@pytest.mark.parametrize("protocol", WIRES)
def test_our_own_client_of_each_protocol_reads_the_answer(house: House, protocol: str) -> None:
    contract, wire = house.bundle.contract, WIRES[protocol]
    spec = RemoteSpec.model_validate(
        {"format": "1", "url": "http://scores.example", **SPECS[protocol]}
    )
    rows = house.bundle.reference[:5]
    body = json.dumps(wire.question(Cells(spec, contract, rows)))
    answer = post(house, wire.path(spec), body)
    scores = scores_in(wire, spec, answer.content, 5, probabilities=True)
    expected_raw = house.bundle.expected_scores()[:5]
    assert scores == pytest.approx([probability_of(raw) for raw in expected_raw], abs=1e-9)


def test_too_many_at_once_are_sent_away_and_applicants_are_not(house: House) -> None:
    app = house.client.app
    assert isinstance(app, FastAPI)
    inside = app.state.score_only._inside
    inside.update(range(WAITING_MAX))
    size = house.size
    try:
        answer = post(house, PREDICT, {"instances": [house.example]})
        assert house.decide().status_code == 201
    finally:
        inside.clear()
    assert (answer.status_code, house.size) == (503, size + 1)
    assert answer.headers["retry-after"] == "1"
    assert "send this one again later" in answer.json()["error"]
    assert post(house, PREDICT, {"instances": [house.example]}).status_code == 200
    assert not inside
