"""Server time of the pages with ten thousand cases in the queue, and memory after all of them."""

import http.cookiejar
import re
import time
import urllib.parse
import urllib.request
from statistics import median
from typing import Any

from benchmarks.credit_bundle import NAME
from benchmarks.decisions import MANY_CLIENTS, turn
from benchmarks.servers import PASSWORD, Server

CASES = 10_000
VIEWS = 30
FILL_SECONDS = 5.0
CASE_LINK = re.compile(r'href="(/cases/[0-9a-f-]{36})"')
ENTRY_LINK = re.compile(r'href="(/ledger/\d+)"')


PAGES = {
    "officer": ("/", "/desk", "/cases/{id}", "/search?q=0", "/help"),
    "compliance": ("/ledger", "/ledger/{seq}", "/ledger/verify", "/board", "/models"),
    "data_scientist": ("/feedback", f"/models/{NAME}"),
    "admin": ("/admin",),
}
"""Every kind of page, and who opens it."""


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
        with self._opener.open(request, timeout=60) as answer:
            return str(answer.read().decode())

    def log_in(self, name: str) -> None:
        """As one of the people of the benchmark."""
        page = self.read("/login", {"name": name, "password": PASSWORD})
        assert name in page, f"{name} could not log in"


def fill(server: Server, bodies: list[str], already: int) -> int:
    """Send applications until there are enough cases; how many there are."""
    cases = already
    while cases < CASES:
        cases += turn(server, bodies, MANY_CLIENTS, FILL_SECONDS).answered
    return cases


def time_pages(server: Server, cases_waiting: int) -> dict[str, Any]:
    """Median and worst time of each page over some views, in milliseconds, and memory after."""
    times = {}
    for person, pages in PAGES.items():
        browser = Browser(server)
        browser.log_in(person)
        for page in pages:
            times[page] = time_page(browser, addresses(browser, page))
    return {"cases": cases_waiting, "pages": times, "memory_mb": server.memory_mb()}


def addresses(browser: Browser, page: str) -> list[str]:
    """Addresses of one kind of page, found on the list that leads there."""
    if "{id}" in page:
        return CASE_LINK.findall(browser.read("/desk"))
    if "{seq}" in page:
        return ENTRY_LINK.findall(browser.read("/ledger"))
    return [page]


def time_page(browser: Browser, several: list[str]) -> dict[str, float]:
    """Times of views that take turns among several addresses of one kind."""
    assert several, "the list leads nowhere"
    taken = []
    for view in range(VIEWS):
        started = time.perf_counter()
        browser.read(several[view % len(several)])
        taken.append((time.perf_counter() - started) * 1000)
    return {"p50_ms": median(taken), "max_ms": max(taken)}
