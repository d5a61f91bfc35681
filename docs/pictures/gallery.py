"""Take every page in two widths, from the pages' own fake office, and write the list of them.

``make pictures`` runs this first: it needs no running service. What is shown are the pages that
the tests of width and accessibility visit, so a page is pictured as soon as it is tested.
"""

import io
import re
import sys
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from PIL import Image
from playwright.sync_api import sync_playwright

from tests.browser.addresses import PAGES
from tests.browser.house import SWITCHES, serving, windows
from tests.find_browser import HOW_TO_INSTALL, browser_path

FOLDER = Path(__file__).parent / "pages"
LIST = FOLDER / "README.md"
WIDTHS = {"wide": 1280, "narrow": 390}
TALLEST_PX = 6_000
"""A longer page is cut here: its lists go on in the same way."""
QUALITY = 60
ANYTHING = re.compile(r"[0-9a-f]{8}-[0-9a-f-]{27}|[A-Za-z0-9+/]{40,}")
HEAD = """# Every page

Taken by `make pictures` from made-up cases, as one person sees each page, on a wide screen and on a
telephone. No applicant here exists.

| Page | Seen by | Address | Wide | Narrow |
|---|---|---|---|---|
"""


@dataclass(frozen=True, slots=True)
class Shot:
    """One page: the name of its pictures, who sees it, and where."""

    name: str
    who: str
    address: str

    @property
    def shown(self) -> str:
        """The address with its ids left out, as the reference writes it."""
        return ANYTHING.sub("…", self.address)

    def file(self, width: str) -> Path:
        """Where the picture of this width lies."""
        return FOLDER / f"{self.name}-{width}.webp"


def shots() -> Iterator[Shot]:
    """Every page with a name of its own: words of the address, numbered where they repeat."""
    seen: Counter[str] = Counter()
    for who, address in PAGES:
        words = re.findall(r"[a-z]+[a-z0-9]*", ANYTHING.sub("", address).lower())
        name = "-".join(words) or "start"
        seen[name] += 1
        yield Shot(name if seen[name] == 1 else f"{name}-{seen[name]}", who, address)


def listed(titles: dict[str, str]) -> str:
    """The list of pictures, a line for each page."""
    lines = [
        f"| {titles[shot.name]} | {shot.who or 'anybody'} | `{shot.shown}` "
        f"| [wide]({shot.file('wide').name}) | [narrow]({shot.file('narrow').name}) |"
        for shot in shots()
    ]
    return HEAD + "\n".join(lines) + "\n"


def main() -> int:
    """Take every picture anew; what no page stands behind any more goes."""
    program = browser_path()
    if program is None:
        sys.stderr.write(HOW_TO_INSTALL)
        return 1
    FOLDER.mkdir(exist_ok=True)
    for old in FOLDER.glob("*.webp"):
        old.unlink()
    titles: dict[str, str] = {}
    with sync_playwright() as playwright, serving() as house:
        chromium = playwright.chromium.launch(executable_path=program, args=SWITCHES)
        for width, pixels in WIDTHS.items():
            for shot in shots():
                with windows(chromium, house) as arrive:
                    page = arrive(shot.who, width=pixels, height=900, color_scheme="light")
                    page.goto(shot.address)
                    page.wait_for_load_state("networkidle")
                    titles[shot.name] = page.title().rpartition(" \N{EN DASH} ")[0]
                    taken = Image.open(io.BytesIO(page.screenshot(full_page=True)))
                    seen = taken.convert("RGB").crop((0, 0, pixels, min(taken.height, TALLEST_PX)))
                    seen.save(shot.file(width), quality=QUALITY, method=6)
            print(f"{width}: {len(titles)} pages")
        chromium.close()
    LIST.write_text(listed(titles), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
