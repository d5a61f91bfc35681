"""Filling in forms as a person does."""

from playwright.sync_api import Page


def choose(page: Page, group: str, reason: str) -> None:
    """Choose a reason, in its group, which is opened for it."""
    title = page.locator("summary .code-label").get_by_text(group, exact=True)
    within = page.locator("details.group").filter(has=title)
    if within.get_attribute("open") is None:
        within.locator("summary").click()
    within.get_by_label(reason).check()
