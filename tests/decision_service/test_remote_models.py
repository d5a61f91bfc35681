"""A model behind HTTP serves like any, with its error bars; while it is down, people decide."""

import math
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from decision_service.access import HOST
from decision_service.casework import Casework
from decision_service.cli import main
from decision_service.people_changes import NewPerson, people_changes
from decision_service.people_pages import viewer_of
from decision_service.settings import Settings
from explain.explainers import Parts
from explain.remote.hosts import SETTING
from explain.values import Row
from overrides.events import read_event
from overrides.values import Role
from tests.decision_service.letting_out import promote_unsigned
from tests.decision_service.service_house import BUNDLE, House, open_house
from tests.explain.remote_servers import ModelServer, remote_bundle, say, serving


@pytest.fixture(scope="module")
def server() -> Iterator[ModelServer]:
    """A server of models."""
    with serving(ModelServer(lambda _: 0.5)) as running:
        yield running


@pytest.fixture(scope="module")
def house(server: ModelServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """A service whose champion runs elsewhere."""
    folder = tmp_path_factory.mktemp("remote")
    hosts = Settings.read({SETTING: f"127.0.0.1:{server.port}=127.0.0.0/8"}).model_hosts
    opened = open_house(folder / "data", settings={"model_hosts": hosts})
    try:
        bundle = remote_bundle(folder / "bundle", server, BUNDLE)
        opened.services.registry.add(bundle, HOST)
        promote_unsigned(opened.services.registry, BUNDLE)
        yield opened
    finally:
        opened.close()


def test_an_application_is_decided_with_the_error_of_every_contribution(house: House) -> None:
    tangled = {"duration_months": 36, "checking_account": "overdrawn"}
    answer = house.decide(fields=house.example | tangled)
    assert answer.status_code == 201, answer.text
    made = answer.json()
    assert made["reasons"]["method"] == "sampled_interventional"
    assert made["reasons"]["reliable"] is True
    read = house.get(f"/v1/decisions/{made['decision_id']}").json()
    parts = [float(told["contribution"]) for told in read["contributions"]]
    raw = float(made["score"]["raw"])
    assert math.fsum([float(made["reasons"]["base"]), *parts]) == pytest.approx(raw, abs=1e-9)
    assert all(float(told["error"]) >= 0.0 for told in read["contributions"])
    assert any(float(told["error"]) > 0.0 for told in read["contributions"])


def tied(rows: Sequence[Row]) -> list[Parts]:
    """Three contributions, the last two of which may weigh the same."""
    rest = [0.0] * (len(rows[0]) - 3)
    amounts, errors = (0.2, 0.1, 0.09, *rest), (0.001, 0.01, 0.01, *rest)
    return [Parts(0.44, 0.05, amounts, errors)] * len(rows)


def test_a_tie_is_recorded_answered_and_shown(house: House) -> None:
    put_right = house.break_model(tied)
    made = house.decide().json()
    put_right()
    (first, second, third, *_) = made["reasons"]["adverse"]
    assert [r.get("tied") for r in (first, second, third)] == [False, False, True]
    assert second["error"] == "0.01"
    (order,) = made["reasons"]["order"]
    assert order.startswith(f"“{second['title']}” and “{third['title']}”: ")
    assert order.endswith("their order means nothing.")
    assert "order" not in house.decide().json()["reasons"], "those that were not sampled"
    entry = house.services.ledger.entry(made["ledger"]["seq"])
    assert entry is not None
    recorded = house.opened(read_event(entry.body).event_id)["explanation"]
    assert recorded["reasons"]["adverse"][2]["tied"] is True
    assert recorded["contributions"][1][1:] == ["0.1", "0.01"]
    new = NewPerson(name="hanna", role=Role.CREDIT_MANAGER, limit_minor=10**9, currency="DEM")
    manager = house.services.people.actor(people_changes(house.services).add(HOST, new).ref)
    assert manager is not None
    case = Casework(house.services).case(viewer_of(manager), made["case_id"])
    assert [reason.tied for reason in case.adverse[:3]] == [False, False, True]


def test_while_it_is_down_people_decide_and_when_it_is_back_it_scores(
    house: House, server: ModelServer
) -> None:
    server.misbehave = lambda handler, body: say(handler, body, 503)
    for _ in range(4):
        made = house.decide().json()
        assert made["status"] == "in_review"
        assert made["score"] is None
        assert made["reasons"]["reliable"] is False
    server.misbehave = lambda handler, _: say(handler, b'{"predictions": [2.0]}')
    assert house.decide().json()["status"] == "in_review"
    server.misbehave = None
    time.sleep(0.35)
    assert house.decide().json()["score"] is not None


def test_commands_without_an_installation_are_let_where_the_environment_says(
    server: ModelServer,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    bundle = remote_bundle(tmp_path / "bundle", server, BUNDLE)
    applications = tmp_path / "applications.csv"
    applications.write_text("application_id\nA-1\n", encoding="utf-8")
    commands = [
        ["bundle", "check", bundle],
        ["bundle", "measure", bundle],
        ["decide", bundle, applications],
        ["explain", bundle, applications, "--out", tmp_path / "out"],
    ]
    hosts = {"": f"add it to {SETTING}", f"127.0.0.1:{server.port}=127.0.0.0/8": "answered 503"}
    server.misbehave = lambda handler, body: say(handler, body, 503)
    for allowed, words in hosts.items():
        monkeypatch.setenv(SETTING, allowed)
        for command in commands:
            assert main([*map(str, command)]) == 1, command
            said = capsys.readouterr()
            assert words in said.out + said.err, command
    server.misbehave = None
