"""Wrong usage is answered in one sentence with a status of its own, and help is quick."""

import argparse
import os
import resource
import subprocess
import sys
from collections.abc import Iterator

import pytest

from countermand import __version__
from decision_service import cli
from decision_service.commands import offline
from decision_service.commands.grammar import Parser
from tests.decision_service.commands.shell import (
    ROOT,
    Shell,
    program,
    run_copy,
    run_program,
    sentence,
)

HEAVY = {
    "alembic",
    "argon2",
    "explain",
    "fastapi",
    "jinja2",
    "lightgbm",
    "numba",
    "numpy",
    "pandas",
    "pyarrow",
    "pydantic",
    "shap",
    "sklearn",
    "sqlalchemy",
    "sqlmodel",
    "starlette",
    "ui",
    "uvicorn",
    "yaml",
}
PROMISED = """
    demo, init, serve, user add, user list, user lock, user unlock, user reset, user leave, key add,
    bundle check, bundle example, bundle measure, bundle from-mlflow, bundle key, bundle sign,
    explain, bundle add, bundle list,
    bundle suspend, bundle resume,
    bundle validate, bundle signoff, bundle signoffs, bundle exception, bundle vote,
    bundle promote, bundle rollback, bundle drill, bundle watch, bundle looks, bundle compare,
    bundle preview, bundle again, bundle card, decide, record, ledger verify, ledger export,
    ledger checkpoint, ledger show, ledger proof, ledger rebuild, ledger verifier, ledger slip,
    ledger stamp,
    outcomes import, outcomes watch, feedback export, feedback check, reconcile,
    selftest, report board, report overrides, db upgrade, db backup, db restore,
    key rotate, erase request, erase approve, erase refuse, erase list, erase show,
    erase certificate, erase due, erase finish, erase remember, hold set, hold lift, hold list,
    signer, witness pull, witness show, witness init, witness add, witness cosign,
    witness ledgers, cosigner add, cosigner remove, cosigner list, cosigner policy, cosigner ask,
    oversight notice, oversight switch, oversight show, oversight draws,
    replay, as-of, cosigner take, db roles, key list, key replace, key revoke
"""


def commands(parser: argparse.ArgumentParser, name: str = "") -> Iterator[tuple[str, Parser]]:
    """Every command with its parser."""
    nested = [a for a in parser._actions if isinstance(a, argparse._SubParsersAction)]
    if not nested:
        assert isinstance(parser, Parser)
        yield name, parser
    for action in nested:
        for word, child in action.choices.items():
            yield from commands(child, f"{name} {word}".strip())


def test_every_promised_command_is_there() -> None:
    assert {name for name, _ in commands(cli.parser())} == {
        name.strip() for name in PROMISED.split(",")
    }


@pytest.mark.parametrize("words", [name.split() for name, _ in commands(cli.parser())])
def test_every_command_has_help_that_says_what_it_does(empty: Shell, words: list[str]) -> None:
    said = empty(*words, "--help")
    assert said.out.startswith("usage: countermand")
    assert len(said.out.split("\n\n")[1].strip()) > 20


@pytest.mark.parametrize(
    "words",
    [
        [],
        ["fly"],
        ["bundle"],
        ["bundle", "fly"],
        ["user", "add"],
        ["user", "add", "asha"],
        ["user", "add", "asha", "--role", "king"],
        ["user", "add", "asha", "--role", "officer", "--limt", "5"],
        ["serve", "--port", "99999"],
        ["serve", "--port", "-1"],
        ["serve", "--workers", "0"],
        ["ledger", "show", "first"],
        ["ledger", "show", "-1"],
        ["feedback", "export", "x", "--as-of", "yesterday"],
        ["report", "board", "--from", "2026-13-01"],
        ["report", "board", "--format", "pdf"],
        ["init", "extra"],
        ["--data", "x", "init"],
    ],
)
def test_wrong_usage_is_told_in_one_sentence(empty: Shell, words: list[str]) -> None:
    assert "--help" in empty.refused(*words, status=2)


@pytest.mark.parametrize("words", [["a", "b"], ["--fly"], ["--against"]])
def test_verify_has_a_status_of_its_own_for_wrong_usage(empty: Shell, words: list[str]) -> None:
    assert "--help" in empty.refused("ledger", "verify", *words, status=64)


@pytest.mark.parametrize(
    "words",
    [
        ["user", "list"],
        ["user", "add", "asha", "--role", "officer"],
        ["key", "add", "--user", "asha"],
        ["bundle", "list"],
        ["bundle", "promote", "x"],
        ["ledger", "show", "0"],
        ["ledger", "rebuild"],
        ["outcomes", "import", "x.csv"],
        ["feedback", "export", "x"],
        ["report", "board"],
        ["serve"],
        ["db", "upgrade"],
        ["db", "backup", "x"],
        ["selftest"],
    ],
)
def test_where_nothing_is_installed_a_command_says_what_to_do(
    empty: Shell, words: list[str]
) -> None:
    assert "countermand init" in empty.refused_on_data(*words)
    assert not empty.data.exists()


def test_something_unexpected_is_one_sentence_too(empty: Shell) -> None:
    def broken(_: argparse.Namespace) -> int:
        """Break."""
        msg = "no\nreason"
        raise ZeroDivisionError(msg)

    empty.patch.setattr(offline, "decide", broken)
    assert "ZeroDivisionError: no reason" in empty.refused("decide", "x", "y")
    empty.patch.setenv(cli.TRACE, "1")
    with pytest.raises(ZeroDivisionError):
        empty("decide", "x", "y")


@pytest.mark.parametrize("words", [["--help"], ["ledger", "verify", "--help"], ["--version"]])
def test_help_is_quick_and_loads_nothing_heavy(words: list[str]) -> None:
    code = (
        "import sys; from countermand.__main__ import main\n"
        "try:\n main()\nexcept SystemExit:\n pass\n"
        "print('loaded', *(name for name, module in sys.modules.items() if module))"
    )
    seconds, loaded = [], set()
    for _ in range(5):
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        said = subprocess.run(
            [sys.executable, "-c", code, *words],
            cwd=ROOT,
            check=True,
            capture_output=True,
            text=True,
            env=os.environ,
        )
        after = resource.getrusage(resource.RUSAGE_CHILDREN)  # processor time: others may be busy
        seconds.append(after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)
        loaded = set(said.stdout.splitlines()[-1].split())
    assert not HEAVY & loaded
    assert min(seconds) < 0.3


def test_the_program_says_its_version() -> None:
    assert run_program("--version").out == f"countermand {__version__}\n"


def test_whoever_stops_reading_early_gets_no_complaint(bundle: object) -> None:
    with program(["bundle", "example", bundle]) as process:
        assert process.stdout is not None
        process.stdout.close()
        assert process.stderr is not None
        assert process.stderr.read() == ""
    assert process.wait(60) in (0, 1)


def test_a_program_that_is_refused_says_one_sentence_and_so_does_a_copy_of_one() -> None:
    words = ("user", "list", "--data", "/nowhere/at/all")
    said = run_program(*words)
    assert run_copy(*words) == said
    assert "countermand init" in sentence(said, 1)
