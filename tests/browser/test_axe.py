"""No page breaks a rule of accessibility that a program can check, in light and in the dark."""

from collections.abc import Sequence
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe  # type: ignore[import-untyped]
from playwright.sync_api import expect

from tests.browser.addresses import PAGES
from tests.browser.conftest import Arrive
from tests.browser.filling import choose
from tests.ui.fake_cases import DECLINE, REFER

pytestmark = pytest.mark.browser

RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
OF_COLOUR = ["color-contrast", "link-in-text-block"]
"""What a page can break in another colour scheme alone: the rest of it is the same document."""
FRESH = Axe()
ALREADY_THERE = Axe(axe_script="undefined")
"""Axe in a page that it was put into before: reading its half a megabyte again takes a while."""


def violations(page: Any, rules: Sequence[str] = (), axe: Axe = FRESH) -> list[str]:
    """What axe finds, by these rules if any are named, with the elements at fault."""
    kind, values = ("rule", rules) if rules else ("tag", RULES)
    only = {"runOnly": {"type": kind, "values": list(values)}, "resultTypes": ["violations"]}
    found = axe.run(page, options=only)
    return [
        f"{item['id']}: {node['target']}"
        for item in found.response["violations"]
        for node in item["nodes"]
    ]


def in_both_schemes(page: Any) -> list[str]:
    """What axe finds in light, and what of the colours it finds in the dark.

    The window was asked for less motion: a colour on its way to another would be found wrong, and
    so would a part that is still being fetched and is paler until it is there.
    """
    expect(page.locator(".htmx-request")).to_have_count(0)
    light = violations(page)
    page.emulate_media(color_scheme="dark")
    dark = [f"in the dark: {found}" for found in violations(page, OF_COLOUR, ALREADY_THERE)]
    page.emulate_media(color_scheme="light", reduced_motion="reduce")
    return light + dark


def test_axe_finds_nothing_on_any_page(arrive: Arrive) -> None:
    found = {}
    for who in dict.fromkeys(who for who, _ in PAGES):
        page = arrive(who, color_scheme="light", reduced_motion="reduce")
        for _, address in [entry for entry in PAGES if entry[0] == who]:
            page.goto(address)
            page.evaluate("document.querySelectorAll('details').forEach((d) => d.open = true)")
            found[who, address] = in_both_schemes(page)
    assert {place: items for place, items in found.items() if items} == {}


def test_axe_finds_nothing_on_a_form_that_came_back(arrive: Arrive) -> None:
    page = arrive("asha", color_scheme="light", reduced_motion="reduce")
    page.goto(f"/cases/{DECLINE.case_id}/override")
    choose(page, "What the model did not know", "Verified income")
    page.get_by_role("button", name="Check before recording").click()
    assert page.title().startswith("Error: ")
    assert in_both_schemes(page) == []
    page.goto(f"/cases/{REFER.case_id}")
    page.get_by_label("Decline").check()
    page.get_by_role("button", name="Record decision").click()
    assert page.title().startswith("Error: ")
    assert in_both_schemes(page) == []
