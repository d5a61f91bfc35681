"""A real browser over the pages of the fake application.

Which browser, and what happens where there is none: ``tests/find_browser.py``.
"""

import os
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, sync_playwright

from tests.browser.house import SWITCHES, Arrive, House, serving, windows
from tests.find_browser import HOW_TO_INSTALL, browser_path

__all__ = ["Arrive", "House", "windows"]


@pytest.fixture(scope="package")
def chromium() -> Iterator[Browser]:
    """One browser for these tests. Its driver runs an event loop in this thread until it stops."""
    program = browser_path()
    if program is None:
        refuse = pytest.fail if "COUNTERMAND_REQUIRE_BROWSER" in os.environ else pytest.skip
        refuse(HOW_TO_INSTALL)
    assert program is not None
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=SWITCHES)
        yield browser
        browser.close()


@pytest.fixture(scope="package")
def served() -> Iterator[House]:
    """The pages on a free port of this host."""
    with serving() as house:
        yield house


@pytest.fixture
def house(served: House) -> House:
    """The pages; a test that arrives finds a fresh office in them."""
    return served


@pytest.fixture
def arrive(chromium: Browser, house: House) -> Iterator[Arrive]:
    """A browser window: ``arrive("asha", width=360)``. Errors and violations fail the test."""
    with windows(chromium, house) as enter:
        yield enter
