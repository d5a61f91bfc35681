"""Servers on this machine that answer like model servers do, and as badly as the tests ask."""

import json
import socket
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

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
