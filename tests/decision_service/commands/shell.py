"""A command line in a directory of its own: in this process, or as a program."""

import io
import json
import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from decision_service.cli import main
from tests.decision_service.commands.readied import Program, copied

ROOT = Path(__file__).parents[3]
NONE: Mapping[str, str] = {}


@dataclass(frozen=True)
class Said:
    """How a command ended and what it said."""

    status: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """The answer as JSON."""
        return json.loads(self.out)

    @property
    def lines(self) -> list[Any]:
        """The answer as JSON lines."""
        return [json.loads(line) for line in self.out.splitlines()]


@dataclass(frozen=True)
class Shell:
    """Runs commands on one installation."""

    data: Path
    capture: pytest.CaptureFixture[str]
    patch: pytest.MonkeyPatch

    def __call__(self, *words: object, given: str = "", ok: bool = True) -> Said:
        """Run a command in this process; with ``ok`` it must succeed."""
        self.patch.setattr(sys, "stdin", io.StringIO(given))
        self.capture.readouterr()
        try:
            status = main([str(word) for word in words])
        except SystemExit as left:
            status = int(left.code or 0)
        said = Said(status, *self.capture.readouterr())
        assert not ok or status == 0, said
        return said

    def on_data(self, *words: object, given: str = "", ok: bool = True) -> Said:
        """The same on this shell's installation."""
        return self(*words, "--data", self.data, given=given, ok=ok)

    def refused(self, *words: object, status: int = 1) -> str:
        """What a refused command says: one sentence and nothing else."""
        said = self(*words, ok=False)
        return sentence(said, status)

    def refused_on_data(self, *words: object, status: int = 1) -> str:
        """The same on this shell's installation."""
        return self.refused(*words, "--data", self.data, status=status)


def sentence(said: Said, status: int) -> str:
    """The one sentence of a refusal."""
    assert said.status == status, said
    assert said.err.count("\n") == 1, said.err
    assert "Traceback" not in said.err
    return said.err.strip()


def surroundings(environ: Mapping[str, str]) -> dict[str, str]:
    """What a program finds: these variables, and of ours none that names an installation."""
    others = {k: v for k, v in os.environ.items() if not k.startswith("COUNTERMAND_")}
    return {**others, **environ}


def program(words: Sequence[object], environ: Mapping[str, str] = NONE) -> subprocess.Popen[str]:
    """A command as a program of its own, from its very first line."""
    return subprocess.Popen(
        [sys.executable, "-m", "countermand", *map(str, words)],
        cwd=ROOT,
        env=surroundings(environ),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def run_program(*words: object, environ: Mapping[str, str] = NONE) -> Said:
    """Run a command as a program and wait for its end."""
    with program(words, environ) as process:
        out, err = process.communicate(timeout=120)
    return Said(process.returncode, out, err)


def copy(words: Sequence[object], environ: Mapping[str, str] = NONE) -> Program:
    """A command as a process of its own, of a program that has imported the product."""
    return copied(words, surroundings(environ))


def run_copy(*words: object, environ: Mapping[str, str] = NONE) -> Said:
    """Run a command as such a process and wait for its end."""
    process = copy(words, environ)
    out, err = process.communicate(timeout=120)
    return Said(process.wait(), out, err)
