"""Every link of the documentation leads somewhere: to a file, and to a heading in it."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGES = sorted(
    [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md"), *(ROOT / "benchmarks").rglob("*.md")]
)
LINK = re.compile(r"!?\[[^\]]*\]\((?P<target>[^)\s]+)\)")
FENCE = re.compile(r"^```.*?^```", re.MULTILINE | re.DOTALL)


def named(path: Path) -> str:
    return str(path.relative_to(ROOT))


def anchors(page: Path) -> set[str]:
    """Headings as they are linked to: lower case, spaces to hyphens, punctuation dropped."""
    text = FENCE.sub("", page.read_text(encoding="utf-8"))
    headings = [line.lstrip("#").strip() for line in text.splitlines() if line.startswith("#")]
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("page", PAGES, ids=named)
def test_every_link_leads_somewhere(page: Path) -> None:
    text = FENCE.sub("", page.read_text(encoding="utf-8"))
    broken = []
    for link in LINK.finditer(text):
        target = link["target"]
        if target.startswith(("http://", "https://", "mailto:")):
            continue
        name, _, anchor = target.partition("#")
        aim = (page.parent / name).resolve() if name else page
        there = aim.exists() and aim.is_relative_to(ROOT)
        if not there or (anchor and anchor not in anchors(aim)):
            broken.append(target)
    assert not broken


def test_every_page_can_be_reached_from_the_first_one() -> None:
    reached, waiting = set(), [ROOT / "README.md"]
    while waiting:
        page = waiting.pop()
        if page in reached or page.suffix != ".md" or not page.is_file():
            continue
        reached.add(page)
        targets = (link["target"] for link in LINK.finditer(page.read_text(encoding="utf-8")))
        local = (target.partition("#")[0] for target in targets if "://" not in target)
        waiting += [(page.parent / name).resolve() for name in local if name]
    assert not {named(page) for page in PAGES} - {named(page) for page in reached}
