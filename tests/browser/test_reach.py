"""Every page can be read and used by everyone: by screen reader, in the dark, on a small screen."""

import re
from dataclasses import dataclass, field, replace
from typing import Any

import pytest
from playwright.sync_api import Browser, expect

from tests.browser.addresses import PAGES
from tests.browser.conftest import Arrive, House, windows
from tests.browser.filling import choose
from tests.qr_codes import read_picture
from tests.ui.fake_cases import DECIDED, DECLINE, WAITING
from tests.ui.fake_receipts import SLIP

pytestmark = pytest.mark.browser

WIDTHS = (320, 360, 600, 768, 1024, 1180, 1440, 2560)
OVERFLOWS = "document.documentElement.scrollWidth > window.innerWidth"


@dataclass
class Seen:
    """What every page did in windows of every width."""

    wide: list[tuple[str, int]] = field(default_factory=list)
    refused: list[tuple[str, str]] = field(default_factory=list)


@pytest.fixture(scope="module")
def seen(chromium: Browser, served: House) -> Seen:
    """Every page, visited once."""
    seen = Seen()
    for who in dict.fromkeys(who for who, _ in PAGES):
        with windows(chromium, served) as arrive:
            page = arrive(who)
            for _, address in [entry for entry in PAGES if entry[0] == who]:
                page.goto(address)
                for width in WIDTHS:
                    page.set_viewport_size({"width": width, "height": 780})
                    if page.evaluate(OVERFLOWS):
                        seen.wide.append((address, width))
                seen.refused += [(address, what) for what in page.evaluate("window.violations")]
    return seen


def test_no_page_is_wider_than_the_screen(seen: Seen) -> None:
    assert seen.wide == []


def test_no_browser_complains_about_what_a_page_wants_to_load(seen: Seen) -> None:
    assert seen.refused == []


@pytest.mark.parametrize("paper", ["A4", "A5"])
def test_a_slip_is_one_sheet_of_paper_with_room_to_sign(arrive: Arrive, paper: str) -> None:
    page = arrive("meera")
    page.goto("/ledger/slip")
    margin: Any = dict.fromkeys(("top", "right", "bottom", "left"), "10mm")
    printed = page.pdf(format=paper, margin=margin)
    assert len(re.findall(rb"/Type\s*/Page\b(?!s)", printed)) == 1
    page.emulate_media(media="print")
    heights = "[...document.querySelectorAll('.sign td')].map((e) => e.offsetHeight)"
    assert min(page.evaluate(heights)) >= 45


def test_a_telephone_reads_the_code_from_the_screen_in_the_dark_too(arrive: Arrive) -> None:
    for scheme in ("light", "dark"):
        page = arrive("meera", color_scheme=scheme, width=390)
        page.goto("/ledger/slip")
        code = page.get_by_role("img", name="QR code with the signed checkpoint")
        assert read_picture(code.screenshot()) == SLIP.note


def test_on_a_telephone_no_column_is_out_of_sight(arrive: Arrive) -> None:
    outside = """[...document.querySelectorAll(
      'tbody :is(.number, td), .tabs a')].filter((e) =>
      e.getBoundingClientRect().right > innerWidth + 1).map((e) => e.textContent)"""
    for who, address in (
        ("asha", f"/cases/{DECLINE.case_id}"),
        ("dev", "/feedback"),
        ("asha", "/desk"),
        ("tilo", "/team"),
    ):
        page = arrive(who, width=390)
        page.goto(address)
        assert page.evaluate(outside) == [], address


@pytest.mark.parametrize("width", [360, 768, 1180, 1440])
def test_one_endless_word_does_not_widen_a_page(arrive: Arrive, house: House, width: int) -> None:
    word = "a" * 250
    assert WAITING.pending is not None
    act = replace(DECIDED.history[0], text=word, details=(("Note", word),))
    house.office.desk.cases[WAITING.case_id] = replace(
        WAITING, pending=replace(WAITING.pending, note=word, evidence=(word,)), history=(act,)
    )
    page = arrive("ravi", width=width)
    for address in ("", "/approval"):
        page.goto(f"/cases/{WAITING.case_id}{address}")
        assert not page.evaluate(OVERFLOWS), address
    page = arrive("asha", width=width)
    page.goto(f"/cases/{DECLINE.case_id}/override")
    choose(page, "What the model did not know", "Verified income")
    page.get_by_label("Where it is filed").fill(word[:200])
    page.get_by_label("What do you know that the model does not?").fill(word)
    page.get_by_role("button", name="Check before recording").click()
    expect(page.get_by_role("button", name="Record override")).to_be_visible()
    page.wait_for_load_state()  # a page without its styles yet is as wide as its longest word
    assert not page.evaluate(OVERFLOWS)


def test_a_text_twice_as_large_still_fits(arrive: Arrive) -> None:
    page = arrive("asha", width=720)
    for _, address in [entry for entry in PAGES if entry[0] == "asha"]:
        page.goto(address)
        page.evaluate(
            "(() => { const sheet = new CSSStyleSheet(); sheet.replaceSync('html{font-size:200%}');"
            "document.adoptedStyleSheets.push(sheet); })()"
        )
        assert not page.evaluate(OVERFLOWS), address


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_with_forced_colours_the_bars_still_differ(
    arrive: Arrive, tmp_path: Any, scheme: str
) -> None:
    page = arrive("asha", forced_colors="active", color_scheme=scheme)
    page.goto(f"/cases/{DECLINE.case_id}")
    paint = "(selector) => getComputedStyle(document.querySelector(selector)).fill"
    fills = {name: page.evaluate(paint, f".push .{name}") for name in ("raises", "lowers")}
    ground = page.evaluate("getComputedStyle(document.body).backgroundColor")
    assert "hatch" in fills["raises"]
    assert "hatch" not in fills["lowers"]
    assert fills["lowers"] != ground
    assert page.evaluate(paint, ".hatch-ground") == ground
    shot = tmp_path / "forced-colours.png"
    page.screenshot(path=shot, full_page=True)
    assert shot.stat().st_size > 20_000


def test_the_page_stays_readable_on_paper(arrive: Arrive) -> None:
    page = arrive("asha", color_scheme="dark")
    page.emulate_media(media="print")
    page.goto(f"/cases/{DECLINE.case_id}")
    assert not page.locator(".side").is_visible()
    assert page.locator("#sum").is_visible()
    ground = page.evaluate("getComputedStyle(document.body).backgroundColor")
    assert ground == "rgb(255, 255, 255)"


def test_the_first_page_is_light(arrive: Arrive) -> None:
    page = arrive("asha")
    sizes: list[int] = []
    page.on("response", lambda answer: sizes.append(int(answer.headers["content-length"])))
    page.goto(f"/cases/{DECLINE.case_id}")
    page.wait_for_load_state("networkidle")
    assert len(sizes) <= 6
    worker = page.request.get("/sw.js")
    assert worker.headers["cache-control"] == "no-cache"
    taken_in = [page.request.get(f"/static/{name}").headers for name in ("line.js", "queue.js")]
    beside = sum(int(told["content-length"]) for told in taken_in)
    assert sum(sizes) + len(worker.body()) + beside <= 60_000
