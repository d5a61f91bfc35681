"""The whole service behind a socket of this host, with people, services and real applications."""

import http.client
import itertools
import json
import socket
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from http.cookies import SimpleCookie
from typing import Any
from urllib.parse import urlencode

import uvicorn

from decision_service.access import HOST
from decision_service.app import create_app
from decision_service.people_changes import people_changes
from tests.cheap_passwords import cheap_passwords
from tests.decision_service.desk_house import DeskHouse, applications, desk_house
from tests.evidence.lots import scratch
from tests.sample_models.trained import TRAINED, sample_bundles
from tests.ui.reading import Page

PASSWORD = "a long password"
DECISIONS = "/v1/decisions"
WAIT_SECONDS = 60


@dataclass(slots=True)
class Answer:
    """What came back."""

    status: int
    text: str
    headers: Mapping[str, str]

    @property
    def json(self) -> Any:
        """The answer read as JSON."""
        return json.loads(self.text)


@dataclass
class Line:
    """A way to talk to whatever serves at a port of this host."""

    port: int

    def ask(
        self, method: str, path: str, body: bytes = b"", headers: Mapping[str, str] | None = None
    ) -> Answer:
        """A request and its answer."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=WAIT_SECONDS)
        with closing(connection):
            connection.request(method, path, body or None, dict(headers or {}))
            answer = connection.getresponse()
            text = answer.read().decode()
            return Answer(answer.status, text, dict(answer.getheaders()))

    def hang_up(self, path: str, body: bytes, headers: Mapping[str, str]) -> None:
        """Send a request and go away without waiting for its answer."""
        lines = [f"POST {path} HTTP/1.1", f"Host: 127.0.0.1:{self.port}"]
        lines += [f"{name}: {value}" for name, value in headers.items()]
        lines += [f"Content-Length: {len(body)}", "", ""]
        with socket.create_connection(("127.0.0.1", self.port), timeout=WAIT_SECONDS) as line:
            line.sendall("\r\n".join(lines).encode() + body)


@dataclass
class Service(Line):
    """A house that is served."""

    house: DeskHouse
    keys: dict[str, str] = field(default_factory=dict)
    numbers: Iterator[int] = field(default_factory=itertools.count)

    def headers(self, who: str, key: str) -> dict[str, str]:
        """Headers of a request over the interface."""
        if who not in self.keys:
            self.keys[who] = people_changes(self.house.services).add_key(HOST, who)[1].text
        return headers_with(self.keys[who], key)

    def application(self, application_id: str, **members: object) -> bytes:
        """The body of a real application under another id."""
        return application(next(self.numbers), application_id, **members)

    def apply(self, application_id: str, **members: object) -> Any:
        """Send an application; its decision object."""
        body = self.application(application_id, **members)
        answer = self.ask("POST", DECISIONS, body, self.headers("core", f"apply-{application_id}"))
        assert answer.status in {200, 201}, answer
        return answer.json


def headers_with(secret: str, key: str) -> dict[str, str]:
    """Headers of a request over the interface."""
    return {
        "Authorization": f"Bearer {secret}",
        "Idempotency-Key": key,
        "Content-Type": "application/json",
    }


def application(number: int, application_id: str, **members: object) -> bytes:
    """The body of one of the real applications under another id."""
    pool = applications()
    body = {**pool[number % len(pool)], "branch": "north", **members}
    return json.dumps({**body, "application_id": application_id}).encode()


@dataclass
class Browser:
    """Somebody's browser, logged in."""

    service: Service
    name: str
    cookie: str = ""

    def __post_init__(self) -> None:
        """Log in."""
        answer = self.post("/login", {"name": self.name, "password": PASSWORD})
        assert answer.status == 303, answer
        cookies = SimpleCookie(answer.headers["set-cookie"])
        self.cookie = "; ".join(f"{name}={morsel.value}" for name, morsel in cookies.items())

    def get(self, path: str) -> Answer:
        """See a page."""
        return self.service.ask("GET", path, headers={"Cookie": self.cookie})

    def post(self, path: str, typed: Mapping[str, str]) -> Answer:
        """Send a form."""
        headers = {
            "Cookie": self.cookie,
            "Content-Type": "application/x-www-form-urlencoded",
            "Sec-Fetch-Site": "same-origin",
            "Accept": "text/html",
        }
        return self.service.ask("POST", path, urlencode(dict(typed)).encode(), headers)

    def form(self, path: str) -> dict[str, str]:
        """A page's form: the version seen, the keys of form and session, and a reason to tick."""
        page = Page(self.get(path).text)
        filled = {e["name"]: e.get("value") for e in page.all("input", type="hidden")}
        reasons = page.all("input", name="concepts")
        return filled | ({"concepts": reasons[0]["value"]} if reasons else {})


def surroundings() -> dict[str, str]:
    """Where the sample models lie, so that no worker trains its own."""
    return {TRAINED: str(sample_bundles())}


@contextmanager
def served() -> Iterator[Service]:
    """A service that answers."""
    with scratch() as folder, cheap_passwords(), desk_house(folder, serving=True) as house:
        listener = socket.create_server(("127.0.0.1", 0))
        app = create_app(house.services, warm=False)
        server = uvicorn.Server(uvicorn.Config(app, log_level="error", ws="none"))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
        thread.start()
        while not server.started:
            time.sleep(0.01)
        try:
            yield Service(listener.getsockname()[1], house)
        finally:
            server.should_exit = True
            thread.join(WAIT_SECONDS)
            listener.close()
