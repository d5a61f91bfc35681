"""The table of the newest results, written into the page that explains them."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tests.evidence.parts import PARTS
from tests.evidence.results import ROOT, reports

PAGE = ROOT / "docs" / "explanation" / "crash-evidence.md"
BEGIN, END = "<!-- results: begin -->", "<!-- results: end -->"


def table(found: Mapping[str, Mapping[str, Any]]) -> str:
    """One row for each part that was run, with what was counted beside its units."""
    lines = [
        "| Part | What was done | Failed | Minutes | Seed | Commit |",
        "|---|---|---|---|---|---|",
    ]
    for name in PARTS:
        report = found.get(name)
        if report is None:
            continue
        more = ", ".join(f"{number:,} {what}" for what, number in report["counts"].items())
        done = f"{report['units']:,} {report['unit']}" + (f" ({more})" if more else "")
        minutes = report["seconds"] / 60
        commit = report["versions"]["commit"][:10]
        row = (name, done, report["failed"], f"{minutes:.1f}", report["seed"], commit)
        lines.append(f"| {' | '.join(map(str, row))} |")
    newest = next(iter(found.values()), None)
    if newest is None:
        return "No results lie here yet: `make evidence` makes them."
    said = newest["versions"]
    cores = newest["machine"]["cores"]
    on = f"Python {said['python']}, SQLite {said['sqlite']}, {cores} cores"
    return "\n".join([*lines, "", f"{on}. Parts without a row have not been gathered whole yet."])


def write_table(page: Path = PAGE) -> Path:
    """Put the table between its marks."""
    text = page.read_text("utf-8")
    before, _, rest = text.partition(BEGIN)
    after = rest.partition(END)[2]
    page.write_text(f"{before}{BEGIN}\n{table(reports())}\n{END}{after}", encoding="utf-8")
    return page
