"""Write again what is quoted from the code, or check with ``--check`` that it is fresh.

A page of the reference marks a place with ``<!-- begin WHAT ARGUMENT -->`` and ``<!-- end -->``;
what stands between them comes from here. Everything else on the pages is written by people. The
verifier, which is one file and imports nothing of ours, has the list of kinds in the same way.
"""

import argparse
import json
import os
import re
import sys
import textwrap
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

from decision_service.access import ROLES, ROUTES, Permission
from decision_service.cli import parser
from decision_service.problems import STATUS, kebab
from overrides import countermand_verify
from overrides.event_kinds import KINDS

REFERENCE = Path(__file__).parent / "reference"
VERIFIER = Path(countermand_verify.__file__)
ROOT = Path(__file__).parents[1]
RESULTS = ROOT / "benchmarks/results"
QUOTING = (ROOT / "README.md", ROOT / "benchmarks/README.md")
FEW = (
    "median latency",
    "requests at 32",
    "contributions of one row",
    "blocks of ",
    "one row against 300",
    "a file explained",
    "cold start",
    "service after",
    "base install",
    "appends, sqlite, 4",
    "whole check",
)
LARGE = 1000
KIND_LIST = re.compile(r'(?<=^KIND_LINES = """\n).*?(?=^""")', re.DOTALL | re.MULTILINE)
PLACE = re.compile(r"<!-- begin (?P<what>\S+)(?P<rest>[^>]*?) -->\n.*?<!-- end -->", re.DOTALL)
FACT = re.compile(r"\{(\w+)\}")


def errors(package: str) -> str:
    """One row per error class of a package: name as in a problem's type, status, sentence."""
    rows = ["| type | status | what it says |", "|---|---|---|"]
    for kind, status in STATUS.items():
        if kind.__module__.startswith(package):
            says = FACT.sub(
                lambda fact: f"*{fact[1].replace('_', ' ')}*",
                (kind.__doc__ or "").splitlines()[0],
            )
            rows.append(f"| `{kebab(kind.__name__)}` | {status} | {says} |")
    return "\n".join(rows)


def routes(side: str) -> str:
    """One row per route of the interface, of operation, or of the pages: who may."""
    rows = ["| route | who may |", "|---|---|"]
    for (method, path), needed in ROUTES.items():
        if side == side_of(path):
            rows.append(f"| `{method} {path}` | {who(needed)} |")
    return "\n".join(rows)


def side_of(path: str) -> str:
    """Which of the three tables a route stands in."""
    if path.startswith(("/v1/", "/v2", "/invocations", "/witness/")):
        return "interface"
    plain = ("/healthz", "/readyz", "/metrics", "/openapi.json", "/static")
    return "operation" if path.startswith(plain) else "pages"


def who(needed: Permission) -> str:
    """The roles that hold a permission, in words."""
    if needed is Permission.PUBLIC:
        return "anyone, without logging in"
    roles = ROLES[needed]
    if len(roles) == len(ROLES[Permission.ENTER]):
        return "anyone who is logged in or has a key"
    return ", ".join(sorted(f"`{role.value}`" for role in roles))


def kind(name: str) -> str:
    """What an entry of one kind says and what it keeps encrypted."""
    found = KINDS[name]
    lines = [f"Says {words(found.required)}." if found.required else "Says nothing more."]
    if found.optional:
        lines.append(f"May say {words(found.optional)}.")
    if found.slots:
        lines.append(f"Keeps encrypted {words(found.slots)}.")
    return " ".join(lines)


def words(names: frozenset[str]) -> str:
    """Names in code, sorted, with commas."""
    return ", ".join(f"`{name}`" for name in sorted(names))


def commands(top: argparse.ArgumentParser) -> Iterator[argparse.ArgumentParser]:
    """Every command that can be typed, in the order of the help."""
    groups = [action for action in top._actions if isinstance(action, argparse._SubParsersAction)]
    if not groups:
        yield top
    for group in groups:
        for below in group.choices.values():
            yield from commands(below)


def help_text(command: str) -> str:
    """What ``--help`` of a command prints on a screen of 80 columns."""
    os.environ["COLUMNS"] = "80"
    found = {each.prog.partition(" ")[2]: each for each in commands(parser())}
    return f"```text\n{found[command].format_help().rstrip()}\n```"


def speed(which: str) -> str:
    """What the newest run of the benchmark measured, beside what was promised.

    ``which`` is ``all``, or ``few`` for those that a first reader asks about.
    """
    newest = max(RESULTS.glob("*.json"))
    found = json.loads(newest.read_text(encoding="utf-8"))
    rows = [
        "| `make bench`, " + found["date"] + " | measured | promised | |",
        "|---|---|---|---|",
    ]
    for goal in found["goals"]:
        if which == "all" or goal["what"].startswith(FEW):
            side = "≥" if goal["at_least"] else "≤"
            promised = f"{side} {figure(goal['limit'])}"
            verdict = "" if goal["met"] else "**missed**"
            measured = f"{figure(goal['measured'])} {goal['unit']}"
            rows.append(f"| {goal['what']} | {measured} | {promised} | {verdict} |")
    machine = found["machine"]
    libraries = ", ".join(f"{name} {number}" for name, number in machine["libraries"].items())
    python = f"Python {machine['python']}"
    rows += ["", f"{machine['cores']} cores, {machine['processor']}, {python}; {libraries}."]
    return "\n".join(rows)


def figure(number: float) -> str:
    """Three digits, or all those before the point."""
    return f"{number:,.0f}" if number >= LARGE else f"{number:.3g}"


WRITERS: Mapping[str, Callable[[str], str]] = {
    "errors": errors,
    "help": help_text,
    "kind": kind,
    "routes": routes,
    "speed": speed,
}


def refreshed(page: str) -> str:
    """The page with every marked place written again."""

    def write(place: "re.Match[str]") -> str:
        begin = place[0].splitlines()[0]
        return f"{begin}\n{WRITERS[place['what']](place['rest'].strip())}\n<!-- end -->"

    return PLACE.sub(write, page)


def with_kinds(verifier: str) -> str:
    """The verifier's source with the list of kinds written again."""
    lines = []
    for name, kind in sorted(KINDS.items()):
        lists = (kind.required, kind.optional, kind.slots)
        line = "|".join((name, *(" ".join(sorted(names)) for names in lists)))
        lines += textwrap.wrap(line, 98, subsequent_indent="  ", break_on_hyphens=False)
    return KIND_LIST.sub("\n".join(lines) + "\n", verifier)


def main() -> int:
    """Refresh or check every page and the verifier; 1 when a checked one is stale."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--check", action="store_true")
    checking = options.parse_args().check
    stale = []
    for path in (*sorted(REFERENCE.glob("*.md")), *QUOTING, VERIFIER):
        page = path.read_text(encoding="utf-8")
        fresh = with_kinds(page) if path == VERIFIER else refreshed(page)
        if fresh != page:
            stale.append(path.name)
            if not checking:
                path.write_text(fresh, encoding="utf-8")
    if stale:
        print(f"{'stale, run `make docs`' if checking else 'written'}: {', '.join(stale)}")
    return int(checking and bool(stale))


if __name__ == "__main__":
    sys.exit(main())
