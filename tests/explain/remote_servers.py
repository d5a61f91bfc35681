"""Servers on this machine that answer like model servers do, and as badly as the tests ask."""

import json
import socket
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from shutil import copytree
from typing import Any

from explain.bundle import load
from explain.values import PROBABILITY, Row
from tests.explain.families import put_model
from tests.sample_models.trained import sample_bundles

Rows = list[list[Any]]
Score = Callable[[Sequence[Any]], float]


def asked_rows(path: str, told: Mapping[str, Any]) -> Rows:
    """The rows in a question of any of the three protocols."""
    if path.endswith(":predict"):
        return [list(r.values()) if isinstance(r, dict) else r for r in told["instances"]]
    if path.endswith("/invocations"):
        rows: Rows = told["dataframe_split"]["data"]
        return rows
    inputs = told["inputs"]
    if len(inputs) == 1 and inputs[0]["shape"][1] != 1:
        count, width = inputs[0]["shape"]
        numbers = inputs[0]["data"]
        return [numbers[place * width : (place + 1) * width] for place in range(count)]
    return [list(row) for row in zip(*(one["data"] for one in inputs), strict=True)]


def answered(path: str, scores: list[float]) -> Any:
    """An answer of the protocol that this path belongs to."""
    if "/infer" in path:
        output = {"name": "bad", "shape": [len(scores)], "datatype": "FP64", "data": scores}
        return {"model_name": "credit", "model_version": "7", "outputs": [output]}
    return {"predictions": scores}


class ModelServer:
    """A server with a score, and a way of its own to answer where ``misbehave`` is set.

    ``misbehave`` is called with the request's handler and the honest answer; it writes what it
    likes.
    """

    def __init__(self, score: Score) -> None:
        self.score = score
        self.misbehave: Callable[[BaseHTTPRequestHandler, bytes], None] | None = None
        self.questions: list[tuple[str, Any]] = []
        self.connections: list[socket.socket] = []
        self.port = 0

    def answer(self, handler: BaseHTTPRequestHandler) -> None:
        """One question."""
        told = json.loads(handler.rfile.read(int(handler.headers["Content-Length"])))
        self.questions.append((handler.path, told))
        scores = [self.score(row) for row in asked_rows(handler.path, told)]
        body = json.dumps(answered(handler.path, scores)).encode()
        (self.misbehave or say)(handler, body)


def say(handler: BaseHTTPRequestHandler, body: bytes, status: int = 200) -> None:
    """An ordinary answer."""
    handler.send_response(status)
    handler.send_header("Content-Type", "application/json")
    handler.send_header("Content-Length", str(len(body)))
    handler.end_headers()
    handler.wfile.write(body)


def trickle(handler: BaseHTTPRequestHandler, body: bytes) -> None:
    """A byte now and then, so that no single wait is long."""
    handler.send_response(200)
    handler.send_header("Content-Length", str(len(body)))
    handler.end_headers()
    for place in range(len(body)):
        time.sleep(0.05)
        handler.wfile.write(body[place : place + 1])


@contextmanager
def serving(server: ModelServer) -> Iterator[ModelServer]:
    """The server on a free port, until the end."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def setup(self) -> None:
            """A connection."""
            super().setup()
            server.connections.append(self.connection)

        def do_POST(self) -> None:
            """A question."""
            try:
                server.answer(self)
            except OSError:  # who asked has gone
                self.close_connection = True

        def log_message(self, *_: object) -> None:
            """Nobody reads it."""

    class Quiet(ThreadingHTTPServer):
        daemon_threads = True

        def handle_error(self, *_: object) -> None:
            """Tests end connections on purpose."""

    web = Quiet(("127.0.0.1", server.port), Handler)
    server.port = web.server_address[1]
    thread = threading.Thread(target=web.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield server
    finally:
        web.shutdown()
        web.server_close()
        thread.join()


def silent_port() -> tuple[socket.socket, int]:
    """A port that takes connections and never says a word."""
    line = socket.create_server(("127.0.0.1", 0))
    return line, line.getsockname()[1]


def tangled(row: Row) -> float:
    """A score of a German application in which two fields hang together."""
    months, amount = row["duration_months"], row["credit_amount"]
    assert isinstance(months, float)
    assert isinstance(amount, float)
    long = 0.2 if months > 24 and row["checking_account"] == "overdrawn" else 0.0
    return 0.1 + min(months, 72.0) / 200 + min(amount, 20_000.0) / 80_000 + long


def remote_bundle(folder: Path, server: ModelServer, sample: str) -> Path:
    """The sample bundle with a model that is asked at the server, and which the server now has."""
    copytree(sample_bundles() / sample, folder)
    contents = load(folder, prove=False)
    names = [f.name for f in contents.contract.features]
    server.score = lambda cells: tangled(dict(zip(names, cells, strict=True)))
    scored = (folder / "reference.csv").read_text(encoding="utf-8").splitlines(keepends=True)
    (folder / "background.csv").write_text("".join(scored[:31]), encoding="utf-8")
    told = {
        "file": "remote.yaml",
        "format": "remote-kserve-v1",
        "scale": PROBABILITY,
        "explainer": "sampled_interventional",
        "background": "background.csv",
    }
    breaker = {"failures": "2", "pause_s": "0.3"}
    address = {"url": f"http://127.0.0.1:{server.port}", "model": "credit"}
    content = json.dumps({"format": "1", **address, "breaker": breaker}).encode()
    put_model(folder, told, content, contents.contract, lambda rows: map(tangled, rows))
    return folder
