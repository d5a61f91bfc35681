"""The pages of the fake application, served to a real browser, and windows onto them."""

import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import count

import uvicorn
from fastapi import FastAPI
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page
from starlette.types import Receive, Scope, Send

from tests.ui.fake_office import FakeOffice, FakePeople
from tests.ui.fake_server import make_app
from ui.visit import SESSION_COOKIE

SWITCHES = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
WATCH = """
window.violations = [];
document.addEventListener("securitypolicyviolation", (event) =>
  window.violations.push(event.violatedDirective + " " + event.blockedURI));
"""


@dataclass
class House:
    """What is served at an address, one office after another.

    Each office has an application of its own: what a closed window has under way goes on with the
    office that it was sent to.
    """

    address: str = ""
    office: FakeOffice = field(default_factory=FakeOffice)
    app: FastAPI = field(init=False)

    def __post_init__(self) -> None:
        """Open the first."""
        self.open(self.office)

    def open(self, office: FakeOffice) -> None:
        """Serve this one from now on."""
        self.office, self.app = office, make_app(office)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer with the application of the moment."""
        await self.app(scope, receive, send)


@contextmanager
def serving() -> Iterator[House]:
    """The pages on a free port of this host."""
    house = House()
    listener = socket.create_server(("127.0.0.1", 0))
    port = listener.getsockname()[1]
    config = uvicorn.Config(house, log_level="error", lifespan="off", ws="none")
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
    thread.start()
    while not server.started:
        time.sleep(0.01)
    house.address = f"http://127.0.0.1:{port}"
    yield house
    server.should_exit = True
    thread.join(10)
    listener.close()


Arrive = Callable[..., Page]
OFFICES = count(1)


@contextmanager
def windows(chromium: Browser, house: House) -> Iterator[Arrive]:
    """Windows onto a fresh office: ``arrive("asha", width=360)``, closed at the end.

    Whatever the browser complains about meanwhile is an error. A draft that a closed window still
    sends reaches nobody: its token is of an office that is gone.
    """
    people = FakePeople(office=f"-{next(OFFICES)}")
    house.open(FakeOffice(people=people))
    contexts: list[BrowserContext] = []
    complaints: list[str] = []

    def heard(message: ConsoleMessage) -> None:
        line_down = ("Failed to load resource", "Failed to fetch")
        if message.type in {"error", "warning"} and not any(w in message.text for w in line_down):
            complaints.append(message.text)

    def enter(who: str, *, width: int = 1440, height: int = 900, **how: object) -> Page:
        size = {"width": width, "height": height}
        context = chromium.new_context(base_url=house.address, viewport=size, **how)  # type: ignore[arg-type]
        contexts.append(context)
        context.add_init_script(WATCH)
        context.set_default_timeout(10_000)
        if who:
            cookie = {"name": SESSION_COOKIE, "value": people.token(who), "url": house.address}
            context.add_cookies([cookie])  # type: ignore[list-item]
        page = context.new_page()
        page.on("console", heard)
        page.on("pageerror", lambda error: complaints.append(str(error)))
        return page

    try:
        yield enter
    finally:
        for context in contexts:
            context.close()
    assert complaints == [], complaints
