"""Take the pictures of the documentation from a running demo, in two widths each.

Start ``make run`` in one terminal and ``make pictures`` in another. The demo's own people log in;
the desk's pictures show cases as they stand, so an untouched demo (``countermand demo --reset``)
gives the same pictures again.
"""

import argparse
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from playwright.sync_api import Browser, Page, sync_playwright

from decision_service.demo.people import PASSWORD
from tests.find_browser import HOW_TO_INSTALL, browser_path

HERE = Path(__file__).parent
WIDTHS = {"wide": (1280, 900), "narrow": (390, 844)}
FIRST_CASE = 'a[href^="/cases/"]'
FIRST_ENTRY = 'a[href^="/ledger/"]:not([href$="verify"])'

Step = Callable[[Page], object]


@dataclass(frozen=True, slots=True)
class Picture:
    """One page as one person sees it; ``then`` is done on the page before the picture is taken."""

    name: str
    person: str
    path: str
    then: tuple[Step, ...] = ()
    whole: bool = False  # the whole length of the page instead of one screen


def first(selector: str) -> Step:
    """Follow the first link of this kind."""

    def follow(page: Page) -> None:
        page.locator(selector).first.click()
        page.wait_for_load_state()

    return follow


PICTURES = (
    Picture("start", "", "/"),
    Picture("login", "", "/login"),
    Picture("desk", "asha", "/desk"),
    Picture("case", "asha", "/desk", (first(f"main {FIRST_CASE}"),)),
    Picture("reasons", "asha", "/desk", (first(f"main {FIRST_CASE}"),), whole=True),
    Picture("override", "asha", "/desk", (first(f"main {FIRST_CASE}"), first("a[data-override]"))),
    Picture("search", "asha", "/search?q=north"),
    Picture("ledger", "kofi", "/ledger"),
    Picture("entry", "kofi", "/ledger", (first(f"main {FIRST_ENTRY}"),)),
    Picture("verify", "kofi", "/ledger/verify"),
    Picture("board", "lena", "/board"),
    Picture("feedback", "mina", "/feedback"),
    Picture("models", "noor", "/models"),
    Picture("card", "noor", "/models/german-credit"),
    Picture("admin", "root", "/admin"),
)


def take(browser: Browser, address: str, picture: Picture, width: str) -> Path:
    """One picture, in a browser of its own."""
    wide, high = WIDTHS[width]
    visit = browser.new_context(
        viewport={"width": wide, "height": high}, device_scale_factor=1, locale="en-GB"
    )
    page = visit.new_page()
    if picture.person:
        page.goto(f"{address}/login")
        page.fill("#name", picture.person)
        page.fill("#password", PASSWORD)
        page.click("button.primary")
        page.wait_for_load_state()
    page.goto(address + picture.path)
    for step in picture.then:
        step(page)
    page.wait_for_load_state("networkidle")
    target = HERE / f"{picture.name}-{width}.png"
    page.screenshot(path=target, full_page=picture.whole)
    visit.close()
    return target


def main() -> int:
    """Take every picture, or those that are named."""
    words = argparse.ArgumentParser(description=__doc__)
    words.add_argument("--port", type=int, default=8000)
    words.add_argument("names", nargs="*", help="only these")
    chosen = words.parse_args()
    program = browser_path()
    if program is None:
        sys.stderr.write(HOW_TO_INSTALL)
        return 1
    wanted = [p for p in PICTURES if not chosen.names or p.name in chosen.names]
    with sync_playwright() as playwright:
        flags = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
        browser = playwright.chromium.launch(executable_path=program, args=flags)
        for picture in wanted:
            for width in WIDTHS:
                taken = take(browser, f"http://127.0.0.1:{chosen.port}", picture, width)
                print(taken.relative_to(HERE.parents[1]))
        browser.close()
    return 0


if __name__ == "__main__":
    sys.exit(main())
