"""The examples of the documentation can be typed: commands parse, code runs."""

import ast
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from benchmarks.credit_bundle import write_bundle
from decision_service.cli import parser

ROOT = Path(__file__).parents[2]
PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])
FENCE = re.compile(r"^ *```(?P<language>\w+)\n(?P<body>.*?)^ *```", re.MULTILINE | re.DOTALL)
PROGRAM = re.compile(r"(?:^|[\s(/])countermand (?P<words>[^|>#)&]*)")
TARGET = re.compile(r"^([a-z-]+):", re.MULTILINE)


def blocks(language: str) -> list[tuple[str, str]]:
    """Page and text of every fenced block in a language."""
    return [
        (str(page.relative_to(ROOT)), fence["body"])
        for page in PAGES
        for fence in FENCE.finditer(page.read_text(encoding="utf-8"))
        if fence["language"] == language
    ]


def typed() -> list[tuple[str, str]]:
    """Every use of the command line in a shell example, each once on a page."""
    found = (
        (page, use["words"].replace("\\", " ").strip())
        for page, body in blocks("sh")
        for line in body.replace("\\\n", " ").splitlines()
        if not line.lstrip().startswith(("cp ", "export ", "python"))
        for use in PROGRAM.finditer(line)
    )
    return list(dict.fromkeys(found))


@pytest.mark.parametrize(("page", "words"), typed())
def test_a_command_in_an_example_is_one_that_exists(page: str, words: str) -> None:
    try:
        args, unknown = parser().parse_known_args(shlex.split(words))
    except SystemExit as refused:
        pytest.fail(f"{page}: countermand {words}: {refused}")
    assert not unknown, f"{page}: countermand {words}"
    assert args.run


def test_the_examples_use_the_command_line() -> None:
    assert len(typed()) > 30


def test_a_make_target_in_an_example_is_one_that_exists() -> None:
    targets = set(TARGET.findall((ROOT / "Makefile").read_text(encoding="utf-8")))
    used = {
        word
        for _, body in blocks("sh")
        for word in re.findall(r"^make ([a-z-]+)", body, re.MULTILINE)
    }
    assert used <= targets


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a bundle where ``make run`` leaves one."""
    here = tmp_path_factory.mktemp("example")
    write_bundle(here / "countermand-data/sample/german-credit", trees=20)
    return here


@pytest.mark.parametrize(("page", "code"), blocks("python"))
def test_code_in_an_example_runs(page: str, code: str, folder: Path) -> None:
    ast.parse(code)
    ran = subprocess.run(
        [sys.executable, "-W", "error", "-c", code],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == 0, f"{page}: {ran.stderr}"
    assert ran.stdout
