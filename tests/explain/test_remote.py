"""Models over HTTP: three protocols, and everything that can be wrong with an answer."""

import gc
import json
import re
import socket
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from threading import Barrier
from typing import Any

import pytest

from explain.bundle import load
from explain.checks import check_model_adapter
from explain.declared.contract import Contract, Field, WhenMissing
from explain.declared.plain_yaml import read as read_yaml
from explain.errors import BundleInvalid, ModelUnavailable, NonsenseScore, NotProven
from explain.remote import call
from explain.remote.breaker import Breaker, CircuitOpenError
from explain.remote.hosts import SETTING
from explain.remote.model import RemoteModel
from explain.remote.spec import RemoteSpec
from explain.values import PROBABILITY, Explanation, Row
from sample_models.samples import german
from tests.explain.remote_servers import (
    ModelServer,
    remote_bundle,
    say,
    serving,
    silent_port,
    trickle,
)

ROWS: list[Row] = [
    {"income": 2.0, "home": "own", "debts": 0.5},
    {"income": 1.0, "home": "rent", "debts": 0.0},
    {"income": 3.5, "home": "rent", "debts": None},
]
SCORES = [0.35, 0.6, 0.51]
Handler = BaseHTTPRequestHandler


def contract(missing: WhenMissing = "allow") -> Contract:
    """Two numbers, one of which may be missing, and a category."""
    return Contract(
        [
            Field(name="income", label="Income", type="number"),
            Field(
                name="home", label="Home", type="category", levels={"own": "own", "rent": "rent"}
            ),
            Field(name="debts", label="Debts", type="number", missing=missing),
        ]
    )


def credit(row: Sequence[Any]) -> float:
    """The model that the servers have."""
    income, home, debts = row
    assert isinstance(income, float)
    debts = -1.0 if debts is None else debts
    return round(0.5 - 0.04 * income + 0.14 * (home in ("rent", 1.0)) - 0.07 * min(debts, 1.0), 6)


@pytest.fixture
def server() -> Iterator[ModelServer]:
    """A server of models."""
    with serving(ModelServer(credit)) as running:
        yield running


def hosts(port: int) -> str:
    """An operator's list with this machine's port in it."""
    return f"other:80, 127.0.0.1:{port}=127.0.0.0/8"


def remote(port: int, protocol: str = "remote-kserve-v1", **told: Any) -> RemoteModel:
    """The model at this port."""
    spec = {"format": "1", "url": f"http://127.0.0.1:{port}", "timeout_ms": "2000"}
    if protocol != "remote-mlflow":
        spec["model"] = "credit"
    if protocol == "remote-oip-v2":
        spec |= {"output": "bad", "gap": "-1", "categories": "codes"}
    text = json.dumps({k: v for k, v in (spec | told).items() if v is not None})
    return RemoteModel(text, protocol, contract(), "remote.yaml", PROBABILITY, hosts(port))


EXPECTED = [credit([row["income"], row["home"], row["debts"]]) for row in ROWS]


@pytest.mark.parametrize(
    ("protocol", "told"),
    [
        ("remote-kserve-v1", {}),
        ("remote-kserve-v1", {"rows": "records"}),
        ("remote-kserve-v1", {"categories": "codes", "gap": "-1"}),
        ("remote-mlflow", {}),
        ("remote-oip-v2", {}),
        ("remote-oip-v2", {"tensor": "input-0", "version": "7"}),
    ],
)
def test_each_protocol_gives_the_models_own_scores(
    server: ModelServer, protocol: str, told: dict[str, str]
) -> None:
    model = remote(server.port, protocol, **told)
    assert model.score(ROWS) == EXPECTED
    check_model_adapter(model, ROWS)


def test_questions_are_as_the_protocols_have_them(server: ModelServer) -> None:
    remote(server.port).score(ROWS[:1])
    remote(server.port, "remote-mlflow").score(ROWS[2:])
    remote(server.port, "remote-oip-v2").score(ROWS[:2])
    remote(server.port, "remote-oip-v2", tensor="x", version="7").score(ROWS[2:])
    assert server.questions == [
        ("/v1/models/credit:predict", {"instances": [[2.0, "own", 0.5]]}),
        (
            "/invocations",
            {
                "dataframe_split": {
                    "columns": ["income", "home", "debts"],
                    "data": [[3.5, "rent", None]],
                }
            },
        ),
        (
            "/v2/models/credit/infer",
            {
                "inputs": [
                    {"name": "income", "shape": [2, 1], "datatype": "FP64", "data": [2.0, 1.0]},
                    {"name": "home", "shape": [2, 1], "datatype": "FP64", "data": [0.0, 1.0]},
                    {"name": "debts", "shape": [2, 1], "datatype": "FP64", "data": [0.5, 0.0]},
                ],
                "outputs": [{"name": "bad"}],
            },
        ),
        (
            "/v2/models/credit/versions/7/infer",
            {
                "inputs": [
                    {"name": "x", "shape": [1, 3], "datatype": "FP64", "data": [3.5, 1.0, -1.0]}
                ],
                "outputs": [{"name": "bad"}],
            },
        ),
    ]


def test_long_lists_are_asked_in_parts(server: ModelServer) -> None:
    model = remote(server.port, rows_per_call="2")
    assert model.score(ROWS) == EXPECTED
    assert [len(told["instances"]) for _, told in server.questions] == [2, 1]


@pytest.mark.parametrize(
    ("answer", "body"),
    [("1", [[0.65, 0.35]]), ("bad", [{"good": 0.65, "bad": 0.35}]), ("", [0.35])],
)
def test_the_chance_of_bad_is_picked_out_of_an_answer(
    server: ModelServer, answer: str, body: Any
) -> None:
    server.misbehave = lambda handler, _: say(handler, json.dumps({"predictions": body}).encode())
    assert remote(server.port, answer=answer).score(ROWS[:1]) == [0.35]


@pytest.mark.parametrize("data", [[0.65, 0.35, 0.4, 0.6], [[0.65, 0.35], [0.4, 0.6]]])
def test_a_column_of_a_tensor_is_picked_out(server: ModelServer, data: Any) -> None:
    output = {"name": "bad", "shape": [2, 2], "datatype": "FP64", "data": data}
    body = json.dumps({"outputs": [{"name": "good"}, output]}).encode()
    server.misbehave = lambda handler, _: say(handler, body)
    assert remote(server.port, "remote-oip-v2", answer="1").score(ROWS[:2]) == [0.35, 0.6]


NONSENSE: dict[str, tuple[str, str]] = {
    "no JSON": ("<html>", "it is no JSON"),
    "cut": ('{"predictions": [0.1, 0.2', "it is no JSON"),
    "nested": ("[" * 30_000, "it is no JSON"),
    "another shape": ("[0.1, 0.2, 0.3]", "not one prediction per row"),
    "too few": ('{"predictions": [0.1, 0.2]}', "not one prediction per row"),
    "too many": ('{"predictions": [0.1, 0.2, 0.3, 0.4]}', "not one prediction per row"),
    "not a number": ('{"predictions": [0.1, NaN, 0.3]}', "a score is not finite"),
    "infinite": ('{"predictions": [0.1, 1e999, 0.3]}', "a score is not finite"),
    "text": ('{"predictions": [0.1, "0.2", 0.3]}', "a score is no number"),
    "truth": ('{"predictions": [0.1, true, 0.3]}', "a score is no number"),
    "nothing": ('{"predictions": [0.1, null, 0.3]}', "a score is no number"),
    "rows": ('{"predictions": [[0.1], [0.2], [0.3]]}', "a score is no number"),
    "above one": ('{"predictions": [0.1, 1.2, 0.3]}', "a probability lies outside"),
    "below zero": ('{"predictions": [0.1, -0.2, 0.3]}', "a probability lies outside"),
}


@pytest.mark.parametrize("name", NONSENSE)
def test_an_answer_that_cannot_be_scores_is_nonsense(server: ModelServer, name: str) -> None:
    body, words = NONSENSE[name]
    server.misbehave = lambda handler, _: say(handler, body.encode())
    with pytest.raises(NonsenseScore, match=words):
        remote(server.port).score(ROWS)


@pytest.mark.parametrize(
    ("told", "words"),
    [
        ({"outputs": []}, "it has no output bad"),
        ([1], "it has no output bad"),
        ({"outputs": [{"name": "bad", "shape": [3], "data": [0.1]}]}, "not the agreed number"),
        ({"outputs": [{"name": "bad", "shape": [1, 3], "data": [0.1] * 3}]}, "not the agreed"),
        ({"outputs": [{"name": "bad", "shape": [3, 2], "data": [0.1] * 6}]}, "not the agreed"),
        ({"outputs": [{"name": "bad", "shape": [3], "data": "0.1"}]}, "not the agreed number"),
    ],
)
def test_a_tensor_of_another_shape_is_nonsense(server: ModelServer, told: Any, words: str) -> None:
    server.misbehave = lambda handler, _: say(handler, json.dumps(told).encode())
    with pytest.raises(NonsenseScore, match=words):
        remote(server.port, "remote-oip-v2").score(ROWS)


def test_another_version_than_was_approved_is_nonsense(server: ModelServer) -> None:
    with pytest.raises(NonsenseScore, match="it is not of version 8"):
        remote(server.port, "remote-oip-v2", version="8").score(ROWS)


def sent_on(handler: Handler, _: bytes) -> None:
    """A redirect, to where nobody may be sent."""
    handler.send_response(307)
    handler.send_header("Location", "http://169.254.169.254/latest/meta-data/")
    handler.send_header("Content-Length", "0")
    handler.end_headers()


def slow(handler: Handler, body: bytes) -> None:
    """An answer that comes too late."""
    time.sleep(0.6)
    say(handler, body)


def cut_off(handler: Handler, _: bytes) -> None:
    """A server that dies in the middle of its answer's head."""
    handler.wfile.write(b"HTTP/1.")
    handler.wfile.flush()
    handler.close_connection = True


def endless(handler: Handler, body: bytes) -> None:
    """An answer without end."""
    handler.send_response(200)
    handler.end_headers()
    while True:  # until nobody listens
        time.sleep(0.001)
        handler.wfile.write(body * 500)


SILENT: dict[str, tuple[Callable[[Handler, bytes], None], str]] = {
    "slow": (slow, "no answer within"),
    "trickling": (trickle, "no answer within"),
    "dead": (cut_off, "not reached"),
    "sent on": (sent_on, "sends requests on"),
    "out of order": (lambda handler, body: say(handler, body, 503), "it answered 503"),
    "not found": (lambda handler, body: say(handler, body, 404), "it answered 404"),
    "endless": (endless, "its answer is longer than"),
}


@pytest.mark.parametrize("name", SILENT)
def test_a_server_that_does_not_answer_as_it_should_is_told_of_in_time(
    server: ModelServer, name: str
) -> None:
    server.misbehave, words = SILENT[name]
    model = remote(server.port, timeout_ms="300" if "within" in words else "5000")
    began = time.monotonic()
    with pytest.raises(ModelUnavailable, match=words):
        model.score(ROWS)
    assert time.monotonic() - began < (1.5 if "within" in words else 5)
    assert len(server.questions) == 1  # sent nowhere else


@pytest.mark.parametrize("scheme", ["http", "https"])
def test_a_port_that_never_says_a_word_is_given_up_in_time(scheme: str) -> None:
    line, port = silent_port()
    with line:
        model = remote(port, url=f"{scheme}://127.0.0.1:{port}", timeout_ms="200")
        began = time.monotonic()
        with pytest.raises(ModelUnavailable, match="no answer within"):
            model.score(ROWS)
        assert time.monotonic() - began < 2


def test_nobody_at_home_is_told_of() -> None:
    line, port = silent_port()
    line.close()
    with pytest.raises(ModelUnavailable, match="not reached"):
        remote(port).score(ROWS)


def test_one_connection_serves_one_question_after_another(server: ModelServer) -> None:
    model = remote(server.port)
    for _ in range(3):
        assert model.score(ROWS) == EXPECTED
    assert len(server.connections) == 1
    del model
    gc.collect()
    until = time.monotonic() + 5
    while server.connections[0].fileno() >= 0:  # the server ends what its client has ended
        assert time.monotonic() < until, "open after its model was forgotten"
        time.sleep(0.005)


def test_a_kept_connection_waits_for_no_receipts(server: ModelServer) -> None:
    model = remote(server.port)
    model.score(ROWS)
    began = time.monotonic()
    for _ in range(20):
        model.score(ROWS)
    assert time.monotonic() - began < 0.4  # 40 ms each where one side waits for the other


def hang_up(server: ModelServer) -> None:
    """End all connections from the server's side, as one that was started again."""
    for connection in server.connections:
        with suppress(OSError):
            connection.shutdown(socket.SHUT_RDWR)


@pytest.mark.parametrize("seen", [True, False], ids=["seen at once", "seen when asked"])
def test_a_connection_that_ended_meanwhile_is_no_failure_of_the_model(
    server: ModelServer, monkeypatch: pytest.MonkeyPatch, *, seen: bool
) -> None:
    if not seen:
        monkeypatch.setattr(call._Line, "is_silent", lambda _: True)
    model = remote(
        server.port, breaker={"failures": "1", "pause_s": "60"}, retries=str(int(not seen))
    )
    for count in range(1, 4):
        assert model.score(ROWS) == EXPECTED
        assert len(server.connections) == count
        hang_up(server)
        time.sleep(0.02)


def test_a_question_lost_with_its_connection_is_not_sent_again_where_that_was_not_agreed(
    server: ModelServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(call._Line, "is_silent", lambda _: True)
    model = remote(server.port, retries="0")
    assert model.score(ROWS) == EXPECTED
    hang_up(server)
    time.sleep(0.02)
    with pytest.raises(ModelUnavailable, match="not reached"):
        model.score(ROWS)
    assert len(server.connections) == 1


def test_what_a_server_says_unasked_is_never_taken_for_an_answer(server: ModelServer) -> None:
    model = remote(server.port)
    assert model.score(ROWS) == EXPECTED
    body = b'{"predictions": [0.0, 0.0, 0.0]}'
    head = b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(body)
    server.connections[0].sendall(head + body)
    time.sleep(0.02)
    assert model.score(ROWS) == EXPECTED
    assert len(server.connections) == 2


def test_a_server_that_is_down_behind_a_kept_connection_is_a_failure(server: ModelServer) -> None:
    model = remote(server.port, breaker={"failures": "1", "pause_s": "60"})
    assert model.score(ROWS) == EXPECTED
    server.misbehave = cut_off
    with pytest.raises(ModelUnavailable, match="not reached"):
        model.score(ROWS)
    with pytest.raises(ModelUnavailable, match="left alone"):
        model.score(ROWS)


def closing(handler: Handler, body: bytes) -> None:
    """A good answer, and the end of the connection."""
    handler.send_response(200)
    handler.send_header("Content-Length", str(len(body)))
    handler.send_header("Connection", "close")
    handler.end_headers()
    handler.wfile.write(body)


def test_only_whole_good_answers_keep_a_connection(server: ModelServer) -> None:
    answers: list[Callable[[Handler, bytes], None]] = [
        closing,
        lambda handler, body: say(handler, body, 503),
        sent_on,
        say,
    ]
    model = remote(server.port, breaker={"failures": "9", "pause_s": "60"})
    for answer in answers:
        server.misbehave = answer
        with suppress(ModelUnavailable):
            model.score(ROWS)
    assert len(server.connections) == 4
    assert model.score(ROWS) == EXPECTED
    assert len(server.connections) == 4


def test_connections_are_kept_for_a_while_and_no_more_than_a_few(
    server: ModelServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    together = Barrier(call.KEPT_MAX + 3)

    def wait(handler: Handler, body: bytes) -> None:
        """All are asked before any is answered."""
        together.wait(5)
        say(handler, body)

    server.misbehave = wait
    model = remote(server.port)
    with ThreadPoolExecutor(together.parties) as threads:
        told = list(threads.map(lambda _: model.score(ROWS), range(together.parties)))
    assert told == [EXPECTED] * together.parties
    assert len(server.connections) == together.parties
    assert len(model._caller._kept) == call.KEPT_MAX
    server.misbehave = None
    monkeypatch.setattr(call, "KEPT_SECONDS", 0.0)
    assert model.score(ROWS) == EXPECTED
    assert len(server.connections) == together.parties + 1
    assert len(model._caller._kept) == 1


def test_a_second_try_is_made_where_that_was_agreed_and_none_where_not(server: ModelServer) -> None:
    tries = iter([503, 200, 503, 200])
    server.misbehave = lambda handler, body: say(handler, body, next(tries))
    assert remote(server.port, retries="1").score(ROWS) == EXPECTED
    with pytest.raises(ModelUnavailable):
        remote(server.port, retries="0").score(ROWS)


def test_a_model_that_fails_again_and_again_is_left_alone_and_tried_once_later(
    server: ModelServer,
) -> None:
    server.misbehave = lambda handler, body: say(handler, body, 500)
    model = remote(server.port, breaker={"failures": "2", "pause_s": "0.3"})
    for _ in range(2):
        with pytest.raises(ModelUnavailable, match="it answered 500"):
            model.score(ROWS)
    for _ in range(5):
        with pytest.raises(ModelUnavailable, match="left alone"):
            model.score(ROWS)
    assert len(server.questions) == 2
    server.misbehave = None
    time.sleep(0.35)
    assert model.score(ROWS) == EXPECTED
    assert model.score(ROWS) == EXPECTED


def test_nonsense_opens_the_breaker_too(server: ModelServer) -> None:
    server.misbehave = lambda handler, _: say(handler, b"{}")
    model = remote(server.port, breaker={"failures": "1", "pause_s": "60"})
    with pytest.raises(NonsenseScore):
        model.score(ROWS)
    with pytest.raises(ModelUnavailable, match="left alone"):
        model.score(ROWS)


def test_a_half_open_breaker_lets_one_trial_through_and_its_failure_closes_the_door_again() -> None:
    now = [0.0]
    breaker = Breaker(2, 10.0, lambda: now[0])
    breaker.failed()
    breaker.succeeded()
    breaker.failed()
    breaker.enter()  # one failure after a success is not two in a row
    breaker.failed()
    now[0] = 9.9
    with pytest.raises(CircuitOpenError):
        breaker.enter()
    now[0] = 10.0
    breaker.enter()
    with pytest.raises(CircuitOpenError):
        breaker.enter()  # the trial is still on its way
    breaker.failed()
    now[0] = 19.9
    with pytest.raises(CircuitOpenError):
        breaker.enter()
    now[0] = 20.0
    breaker.enter()
    breaker.succeeded()
    breaker.enter()


@pytest.mark.parametrize(
    ("protocol", "told", "words"),
    [
        ("remote-kserve-v1", {"url": "ftp://127.0.0.1"}, "url must be http"),
        ("remote-kserve-v1", {"url": "http://a:b@127.0.0.1"}, "url must be http"),
        ("remote-kserve-v1", {"url": "http://127.0.0.1/x?y=1"}, "url must be http"),
        ("remote-kserve-v1", {"url": "http://127.0.0.1:0"}, "url must be http"),
        ("remote-kserve-v1", {"url": "http:///v1"}, "url must be http"),
        ("remote-kserve-v1", {"url": "http://127.0.0.1/%2e%2e"}, "url must be http"),
        ("remote-kserve-v1", {"model": "../other"}, "model: "),
        ("remote-kserve-v1", {"model": None}, "every other protocol needs one"),
        ("remote-kserve-v1", {"version": "7"}, "names? none"),
        ("remote-kserve-v1", {"tensor": "x"}, "only of remote-oip-v2"),
        ("remote-kserve-v1", {"timeout_ms": "0"}, "timeout_ms"),
        ("remote-kserve-v1", {"retries": "5"}, "retries"),
        ("remote-kserve-v1", {"shell": "x"}, "shell"),
        ("remote-mlflow", {"model": "credit"}, "/invocations has none"),
        ("remote-oip-v2", {"output": None}, "name the tensor"),
        ("remote-oip-v2", {"gap": None}, "stands for a gap"),
        ("remote-oip-v2", {"tensor": "x", "categories": "text"}, "takes codes, not text"),
    ],
)
def test_a_file_that_does_not_fit_is_refused_with_what_is_wrong(
    server: ModelServer, protocol: str, told: dict[str, Any], words: str
) -> None:
    with pytest.raises(BundleInvalid, match=words):
        remote(server.port, protocol, **told)


def test_the_file_of_the_reference_is_one() -> None:
    page = Path(__file__).parents[2] / "docs/reference/bundle.md"
    blocks = re.findall(r"```yaml\n(.*?)```", page.read_text(encoding="utf-8"), re.DOTALL)
    (text,) = (block for block in blocks if "timeout_ms" in block)
    told = read_yaml(text)
    spec = RemoteSpec.model_validate(told)
    assert set(told) == set(RemoteSpec.model_fields)
    assert spec.port == 8443


def test_a_file_that_is_no_yaml_is_refused() -> None:
    with pytest.raises(BundleInvalid):
        RemoteModel("a: &b [*b]", "remote-mlflow", contract(), "remote.yaml", PROBABILITY, "")


@pytest.fixture
def folder(tmp_path: Path, server: ModelServer) -> Path:
    """A bundle whose model is asked at the server."""
    return remote_bundle(tmp_path / "german-remote", server, "german-scorecard")


def applications(folder: Path, count: int) -> list[Row]:
    """Rows that the bundle's contract let through."""
    told = load(folder, prove=False).contract
    return [told.check(told.from_text(a.cells)).features for a in german()[:count]]


def test_a_whole_bundle_is_proven_and_explained_through_a_server(
    folder: Path, server: ModelServer
) -> None:
    bundle = load(folder, model_hosts=hosts(server.port))
    explained = bundle.explain(applications(folder, 3))
    for one in explained:
        assert isinstance(one, Explanation)
        assert one.reliable
        assert one.method == "sampled_interventional"
        assert one.background_sha256
        assert max(one.attribution.errors) > 0
        assert one.attribution.residual <= 1e-12


def test_a_server_that_scores_otherwise_than_recorded_is_refused(
    folder: Path, server: ModelServer
) -> None:
    honest = server.score
    server.score = lambda row: honest(row) + 1e-6
    with pytest.raises(NotProven, match="the prediction is the recorded one"):
        load(folder, model_hosts=hosts(server.port))


def test_a_case_goes_to_a_person_while_the_server_is_down_and_on_when_it_is_back(
    folder: Path, server: ModelServer
) -> None:
    bundle = load(folder, model_hosts=hosts(server.port))
    rows = applications(folder, 2)
    server.misbehave = lambda handler, _: say(handler, b'{"predictions": [NaN]}')
    (nonsense, _) = bundle.explain(rows)
    assert isinstance(nonsense, NonsenseScore)
    assert nonsense.bundle == bundle.name
    server.misbehave = lambda handler, body: say(handler, body, 502)
    (down, _) = bundle.explain(rows)
    assert isinstance(down, ModelUnavailable)
    assert down.bundle == bundle.name
    server.misbehave = None
    fresh = load(folder, model_hosts=hosts(server.port))
    assert all(isinstance(one, Explanation) for one in fresh.explain(rows))


def test_the_operator_is_asked_and_not_the_bundle(
    folder: Path, server: ModelServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(SETTING, hosts(server.port))  # read by the service's settings, not here
    with pytest.raises(BundleInvalid, match=f"add it to {SETTING}"):
        load(folder)
