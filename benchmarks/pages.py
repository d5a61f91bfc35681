"""Server time of the pages with ten thousand cases in the queue, and memory after all of them."""

import http.cookiejar
import re
import time
import urllib.parse
import urllib.request
from statistics import median
from typing import Any

from benchmarks.decisions import MANY_CLIENTS, turn
from benchmarks.servers import OFFICER, PASSWORD, Server

CASES = 10_000
VIEWS = 30
FILL_SECONDS = 5.0
CASE_LINK = re.compile(r'href="(/cases/[0-9a-f-]{36})"')
ENTRY_LINK = re.compile(r'href="(/ledger/\d+)"')


class Browser:
    """Enough of a browser to log in and read pages: cookies, forms, redirects."""

    def __init__(self, server: Server) -> None:
        self._server = server
        jar = http.cookiejar.CookieJar(http.cookiejar.DefaultCookiePolicy())
        self._opener = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(jar))

    def read(self, path: str, form: dict[str, str] | None = None) -> str:
        """A page, or what comes of sending a form."""
        sent = urllib.parse.urlencode(form).encode() if form else None
        headers = {"Sec-Fetch-Site": "same-origin"}
        request = urllib.request.Request(self._server.address + path, sent, headers)
        with self._opener.open(request, timeout=30) as answer:
            return str(answer.read().decode())

    def log_in(self) -> None:
        """As the officer of the benchmark."""
        self.read("/login")
        page = self.read("/login", {"name": OFFICER, "password": PASSWORD})
        assert OFFICER in page, "the officer could not log in"


def fill(server: Server, bodies: list[str], already: int) -> int:
    """Send applications until there are enough cases; how many there are."""
    cases = already
    while cases < CASES:
        cases += turn(server, bodies, MANY_CLIENTS, FILL_SECONDS).answered
    return cases


def time_pages(server: Server, cases_waiting: int) -> dict[str, Any]:
    """Median and worst time of each page over some views, in milliseconds."""
    browser = Browser(server)
    browser.log_in()
    desk = browser.read("/desk")
    ledger = browser.read("/ledger")
    cases, entries = CASE_LINK.findall(desk), ENTRY_LINK.findall(ledger)
    assert cases, "the desk lists no case"
    paths = {
        "/desk": ["/desk"],
        "/cases/{id}": cases,
        "/search": ["/search?q=0"],
        "/ledger": ["/ledger"],
        "/ledger/{seq}": entries or ["/ledger/0"],
        "/models": ["/models"],
        "/board": ["/board"],
    }
    times = {}
    for name, several in paths.items():
        taken = []
        for view in range(VIEWS):
            started = time.perf_counter()
            browser.read(several[view % len(several)])
            taken.append((time.perf_counter() - started) * 1000)
        times[name] = {"p50_ms": median(taken), "max_ms": max(taken)}
    return {"cases": cases_waiting, "pages": times, "memory_mb": server.memory_mb()}
