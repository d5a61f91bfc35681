"""What a person can type or meet, the reference covers; what it quotes is what the code says."""

import ast
import re
import subprocess
import sys
from pathlib import Path

import pytest

from decision_service.access import ROLES, ROUTES
from decision_service.cli import parser
from docs.refresh import commands, side_of
from explain.declared import bundle_schema, codebook, policy_schema
from explain.errors import FieldProblem
from overrides.event_kinds import KINDS
from overrides.values import Role

ROOT = Path(__file__).parents[2]
REFERENCE = ROOT / "docs/reference"
PACKAGES = ("countermand", "decision_service", "explain", "overrides", "sample_models", "ui")
SETTING = re.compile(r"\bCOUNTERMAND_[A-Z_]+\b")
NOT_WRITTEN = re.compile(r"No (command|page)[^.]* writes it in this release")


def page(name: str) -> str:
    return (REFERENCE / name).read_text(encoding="utf-8")


def headings(name: str) -> set[str]:
    return {line.strip("# `") for line in page(name).splitlines() if line.startswith("#")}


def sources() -> dict[Path, str]:
    paths = [path for package in PACKAGES for path in (ROOT / package).rglob("*.py")]
    return {path: path.read_text(encoding="utf-8") for path in paths}


def handed_over(source: str) -> set[str]:
    """Texts given to a call as they stand, not inside a list or a table: what code acts on."""
    found: set[str] = set()
    for call in (node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Call)):
        waiting: list[ast.expr] = [*call.args, *(keyword.value for keyword in call.keywords)]
        while waiting:
            given = waiting.pop()
            if isinstance(given, ast.IfExp):
                waiting += [given.body, given.orelse]
            elif isinstance(given, ast.Constant) and isinstance(given.value, str):
                found.add(given.value)
    return found


WRITTEN = set().union(*(handed_over(text) for text in sources().values()))


def section(name: str, heading: str) -> str:
    """A page's text from a heading to the next of any level."""
    return page(name).split(f"# `{heading}`\n")[1].partition("\n#")[0]


def test_what_the_pages_quote_is_what_the_code_says() -> None:
    check = [sys.executable, "-m", "docs.refresh", "--check"]
    ran = subprocess.run(check, cwd=ROOT, capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stdout + ran.stderr


def test_every_command_has_a_heading_and_its_help() -> None:
    known = {command.prog.partition(" ")[2] for command in commands(parser())}
    written = {h.partition(" ")[2] for h in headings("commands.md") if h.startswith("countermand ")}
    assert written == known
    assert all(f"<!-- begin help {name} -->" in page("commands.md") for name in known)


def test_every_command_says_in_a_line_what_it_does() -> None:
    silent = [command.prog for command in commands(parser()) if not command.description]
    assert not silent


def test_every_route_of_the_interface_has_a_heading() -> None:
    routes = {f"{method} {path}" for method, path in ROUTES if side_of(path) != "pages"}
    assert routes <= headings("http.md")
    written = {h for h in headings("http.md") if re.match(r"(GET|POST|DELETE) /", h)}
    assert written <= routes


def test_every_page_has_a_heading() -> None:
    addresses = {path for method, path in ROUTES if method == "GET" and side_of(path) == "pages"}
    assert addresses == {h for h in headings("pages.md") if h.startswith("/")}


def test_every_role_is_described() -> None:
    assert all(f"`{role.value}`" in page("pages.md") for role in Role)
    assert all(roles for roles in ROLES.values())


def test_every_kind_of_entry_has_a_heading() -> None:
    kinds = {h for h in headings("events.md") if re.fullmatch(r"[a-z]+(_[a-z]+)+", h)}
    assert kinds == set(KINDS)


@pytest.mark.parametrize("kind", KINDS)
def test_a_kind_is_said_to_be_unwritten_exactly_when_nothing_writes_it(kind: str) -> None:
    said = bool(NOT_WRITTEN.search(section("events.md", kind)))
    assert said != (kind in WRITTEN)


def test_every_environment_variable_is_described() -> None:
    read = {name for text in sources().values() for name in SETTING.findall(text)}
    assert read == set(SETTING.findall(page("settings.md")))


def test_every_member_of_a_bundle_file_is_described() -> None:
    members = set()
    for module in (bundle_schema, codebook, policy_schema):
        for found in vars(module).values():
            if isinstance(found, type) and issubclass(found, policy_schema.Strict):
                members |= set(found.model_fields)
    described = set(re.findall(r"`([a-z0-9_]+)`", page("bundle.md")))
    assert not members - described


def test_every_code_of_a_field_problem_is_described() -> None:
    codes = (FieldProblem.__doc__ or "").partition("one of ``")[2].partition("``")[0]
    assert {code.strip() for code in codes.split(",")} == set(
        re.findall(
            r"^\| `([a-z_]+)` \|", page("errors.md").partition("## Codes of")[2], re.MULTILINE
        )
    )
