"""Take the pictures that the documentation's texts show, from a running demo.

Start ``make run`` in one terminal and ``make pictures`` in another. The demo's own people log in.
With ``--into FOLDER`` they are taken whole in both widths, to look them over. Every page there is:
``docs.pictures.gallery``.
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
    """One page as one person sees it; ``then`` is done on the page before the picture is taken.

    ``shown`` are the widths that the documentation shows.
    """

    name: str
    person: str
    path: str
    then: tuple[Step, ...] = ()
    shown: tuple[str, ...] = ()


def first(selector: str) -> Step:
    """Follow the first link of this kind."""

    def follow(page: Page) -> None:
        page.locator(selector).first.click()
        page.wait_for_load_state()

    return follow


A_CASE = first(f"main {FIRST_CASE}")


def overriding(page: Page) -> None:
    """Go to the form of the first case on the desk that has a recommendation to override."""
    links = page.locator(f"main {FIRST_CASE}")
    for path in links.evaluate_all("all => all.map((link) => link.href)"):
        page.goto(path)
        if page.locator("a[data-override]").count():
            first("a[data-override]")(page)
            return
    sys.exit("no case on the desk has a recommendation to override")


PICTURES = (
    Picture("start", "", "/"),
    Picture("login", "", "/login"),
    Picture("desk", "asha", "/desk", shown=("wide",)),
    Picture("case", "asha", "/desk", (A_CASE,), shown=("wide", "narrow")),
    Picture("override", "asha", "/desk", (overriding,), shown=("wide",)),
    Picture("search", "asha", "/search?q=north"),
    Picture("help", "asha", "/help"),
    Picture("ledger", "kofi", "/ledger"),
    Picture("entry", "kofi", "/ledger", (first(f"main {FIRST_ENTRY}"),), shown=("wide",)),
    Picture("verify", "kofi", "/ledger/verify", shown=("wide",)),
    Picture("board", "lena", "/board", shown=("wide",)),
    Picture("feedback", "mina", "/feedback", shown=("wide",)),
    Picture("models", "noor", "/models"),
    Picture("card", "noor", "/models/german-credit"),
    Picture("admin", "root", "/admin"),
)


def take(browser: Browser, address: str, picture: Picture, width: str, folder: Path) -> Path:
    """One picture, in a browser of its own: a screen for the documentation, else the whole page."""
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
    target = folder / f"{picture.name}-{width}.png"
    page.screenshot(path=target, full_page=folder != HERE)
    visit.close()
    return target


def main() -> int:
    """Take every picture, or those that are named."""
    words = argparse.ArgumentParser(description=__doc__)
    words.add_argument("--port", type=int, default=8000)
    words.add_argument("--into", type=Path, help="every page in both widths into this folder")
    chosen = words.parse_args()
    folder = chosen.into or HERE
    folder.mkdir(parents=True, exist_ok=True)
    program = browser_path()
    if program is None:
        sys.stderr.write(HOW_TO_INSTALL)
        return 1
    with sync_playwright() as playwright:
        flags = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
        browser = playwright.chromium.launch(executable_path=program, args=flags)
        for picture in PICTURES:
            for width in WIDTHS if chosen.into else picture.shown:
                print(take(browser, f"http://127.0.0.1:{chosen.port}", picture, width, folder))
        browser.close()
    return 0


if __name__ == "__main__":
    sys.exit(main())
