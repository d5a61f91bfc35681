"""Scoring clients that come again, or while a bundle cannot be used, lose and change nothing."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from decision_service.access import HOST
from explain.declared.bundle_files import seal
from overrides.events import read_event
from tests.decision_service.letting_out import promote_unsigned
from tests.decision_service.service_house import BUNDLE, House, bundle_with, open_house
from tests.decision_service.test_scoring_clients import EXPLAIN, INFER, PREDICT, post, tensors

OTHER = "another-credit"


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    opened = open_house(tmp_path)
    yield opened
    opened.close()


def example_without_bundle(house: House) -> dict[str, Any]:
    """The example; from now on the bundle's files cannot be verified, and it is not in memory."""
    example, folder = house.example, house.folder
    model = next(folder.glob("*.txt"))
    model.write_bytes(model.read_bytes().replace(b"1", b"2", 1))
    house.services.registry._loader._kept.clear()
    return example


def promote(
    house: House, folder: Path, *, name: str = BUNDLE, version: str = "", asked: str = ""
) -> None:
    """Promote a copy of the bundle: of another name or version, or that asks for one more field."""
    copy = bundle_with(folder, {})
    path = copy / "model.yaml"
    text = path.read_text(encoding="utf-8").replace(f"name: {BUNDLE}\n", f"name: {name}\n", 1)
    if version:
        text = text.replace('version: "2024.1"', f'version: "{version}"', 1)
    if asked:
        told = f"{{name: {asked}, label: Payslip seen, type: boolean, role: context,"
        more = f"    - {told} missing: refuse, source: branch}}\n"
        text = text.replace("  fields:\n", f"  fields:\n{more}", 1)
        text = text.replace("\nexample:\n", f'\nexample:\n  {asked}: "true"\n', 1)
        for sample in (copy / "reference.csv", copy / "background.csv"):
            head, *rows = sample.read_text(encoding="utf-8").splitlines()
            rows = [f"{head},{asked}", *(f"{row},true" for row in rows)]
            sample.write_text("\n".join(rows) + "\n", encoding="utf-8")
    path.write_text(text, encoding="utf-8")
    seal(copy, name)
    house.services.registry.add(copy, HOST)
    promote_unsigned(house.services.registry, name)


def test_an_application_is_taken_in_while_no_bundle_can_be_loaded(house: House) -> None:
    columns = tensors(house)
    row = example_without_bundle(house)
    table = {"columns": list(row), "data": [list(row.values())]}
    requests: list[tuple[str, str, dict[str, Any]]] = [
        (PREDICT, "parameters", {"instances": [row]}),
        (INFER, "parameters", {"inputs": columns}),
        ("/invocations", "params", {"dataframe_split": table}),
        ("/invocations", "params", {"inputs": {name: [value] for name, value in row.items()}}),
    ]
    for number, (path, name, body) in enumerate(requests):
        body[name] = {"application_id": f"L-{number}"}
        answer = post(house, path, body, Idempotency_Key=house.fresh_key())
        assert answer.status_code == 503
        shown = house.get(answer.headers["location"]).json()
        assert (shown["application_id"], shown["status"]) == (f"L-{number}", "in_review")
        assert [why["code"] for why in shown["routing"]["why"]] == ["model_unavailable"]
        entry = house.services.ledger.entry_of(shown["decision_id"])
        assert entry is not None
        direct = house.decide(application_id=f"D-{number}", fields=row).json()
        kept, wanted = (
            house.opened(one)["monitor"] for one in (entry.event_id, direct["decision_id"])
        )
        assert kept == wanted


def test_no_folder_of_the_server_is_told(house: House) -> None:
    data = str(house.services.settings.data)
    row = example_without_bundle(house)
    house.headers()
    size = house.size
    listed = {"instances": [list(row.values())], "parameters": {"application_id": "L-1"}}
    key = house.fresh_key()
    for answer in (
        post(house, PREDICT, {"instances": [row]}),
        post(house, PREDICT, {"instances": [list(row.values())]}),
        post(house, PREDICT, listed, Idempotency_Key=key),
        house.get(f"/v2/models/{BUNDLE}"),
    ):
        assert answer.status_code == 503
        assert data not in answer.text
        assert "its files could not be verified" in answer.json()["error"]
    assert house.size == size


def test_a_repeated_application_is_its_first_decision_whoever_is_champion_now(
    house: House, tmp_path: Path
) -> None:
    body = {"instances": [house.example], "params": {"application_id": "L-1"}}
    key = house.fresh_key()
    first = post(house, "/invocations", body, Idempotency_Key=key)
    assert first.status_code == 200, first.text
    promote(house, tmp_path / "other", name=OTHER)
    size = house.size
    again = post(house, "/invocations", body, Idempotency_Key=key)
    assert again.json() == first.json()
    assert again.headers["countermand-decision"] == first.headers["countermand-decision"]
    assert house.size == size
    named = {**body, "params": {"application_id": "L-2", "bundle": BUNDLE}}
    made = post(house, "/invocations", named, Idempotency_Key=house.fresh_key())
    entry = house.services.ledger.entry_of(made.headers["countermand-decision"])
    assert entry is not None
    assert read_event(entry.body).data["bundle"] == BUNDLE, "the bundle that was named decides"


def test_a_repeated_request_is_answered_from_the_record_and_scores_nothing(
    house: House, tmp_path: Path
) -> None:
    body, key = {"instances": [house.example, house.example]}, house.fresh_key()
    listed = {"instances": [[house.example.get(f.name) for f in house.bundle.contract.features]]}
    other_key, registry = house.fresh_key(), house.services.registry
    first = post(house, EXPLAIN, body, Idempotency_Key=key)
    of_list = post(house, PREDICT, listed, Idempotency_Key=other_key)
    assert (first.status_code, of_list.status_code) == (200, 200)

    def check_again() -> None:
        size = house.size
        again = post(house, EXPLAIN, body, Idempotency_Key=key)
        assert (again.status_code, again.json()) == (200, first.json())
        assert again.headers["idempotency-replayed"] == "true"
        assert again.headers["countermand-seq"] == first.headers["countermand-seq"]
        assert post(house, PREDICT, listed, Idempotency_Key=other_key).json() == of_list.json()
        assert house.size == size

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(type(house.bundle), "explain", lambda *_: pytest.fail("scored again"))
        check_again()
    registry.suspend(BUNDLE, HOST)
    check_again()
    assert post(house, EXPLAIN, body, Idempotency_Key=house.fresh_key()).status_code == 503
    registry.resume(BUNDLE, HOST)
    promote(house, tmp_path / "next", asked="payslip_seen")
    check_again()
    assert post(house, EXPLAIN, body, Idempotency_Key=house.fresh_key()).status_code == 400
    example_without_bundle(house)
    check_again()


def test_a_repeated_answer_names_the_version_that_gave_it(house: House, tmp_path: Path) -> None:
    scored = {"inputs": tensors(house)}
    decided = {**scored, "parameters": {"application_id": "L-1"}}
    keys = (house.fresh_key(), house.fresh_key())
    asked = list(zip((scored, decided), keys, strict=True))
    first = [post(house, INFER, body, Idempotency_Key=key).json() for body, key in asked]
    version = house.services.registry.in_use(BUNDLE).version.model.version
    assert [one["model_version"] for one in first] == [version, version]
    promote(house, tmp_path / "next", version="99")
    again = [post(house, INFER, body, Idempotency_Key=key).json() for body, key in asked]
    assert again == first
    assert post(house, INFER, scored).json()["model_version"] == "99"
