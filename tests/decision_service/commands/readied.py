"""A program that has imported the product, and of which each copy becomes one of its commands.

Most of the time of a command as a program goes by before its first line: there are a thousand
modules. A copy is a process of its own like any other, with its own output and its own death, and
what it starts itself it starts anew.
"""

import atexit
import gc
import json
import os
import random
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from pathlib import Path
from select import select
from typing import TextIO

from countermand.__main__ import main as command
from decision_service.kept_out import keep_out

ROOT = Path(__file__).parents[3]
MESSAGE_BYTES_MAX = 200_000
NUMBER_BYTES_MAX = 20
ENDING_SECONDS = 10
IMPORTED = (
    "decision_service.app",
    "decision_service.cli",
    "decision_service.commands.serving",
    "decision_service.showcase",
    "decision_service.signer_child",
    "decision_service.signer_wiring",
    "decision_service.tending",
    "decision_service.wiring",
    "explain.attribution.treeshap",
    "uvicorn.loops.auto",
    "uvicorn.protocols.http.auto",
)


@dataclass(eq=False)
class Program:
    """A copy at work: of ``subprocess.Popen[str]`` what the tests use."""

    pid: int
    stdout: TextIO
    stderr: TextIO
    ended: socket.socket
    returncode: int | None = None

    def wait(self, timeout: float | None = None) -> int:
        """Its exit status, a signal's number below zero; raises ``TimeoutExpired``."""
        if self.returncode is None:
            if not select([self.ended], [], [], timeout)[0]:
                raise subprocess.TimeoutExpired(str(self.pid), timeout or 0.0)
            self.returncode = int(self.ended.recv(NUMBER_BYTES_MAX))
            self.ended.close()
        return self.returncode

    def poll(self) -> int | None:
        """The same, or nothing while it runs."""
        with suppress(subprocess.TimeoutExpired):
            self.wait(0)
        return self.returncode

    def communicate(self, timeout: float | None = None) -> tuple[str, str]:
        """All that it still says and complains of, and its end."""
        said = ["", ""]

        def hear(place: int, stream: TextIO) -> None:
            with stream:
                said[place] = stream.read()

        hearing = [
            threading.Thread(target=hear, args=numbered, daemon=True)
            for numbered in enumerate((self.stdout, self.stderr))
        ]
        until = None if timeout is None else time.monotonic() + timeout
        for thread in hearing:
            thread.start()
        for thread in hearing:
            thread.join(None if until is None else max(0.0, until - time.monotonic()))
        self.wait(None if until is None else max(0.0, until - time.monotonic()))
        return said[0], said[1]

    def send_signal(self, number: int) -> None:
        """Send it a signal, if it still runs."""
        if self.poll() is None:
            os.kill(self.pid, number)

    def kill(self) -> None:
        """End it at once."""
        self.send_signal(signal.SIGKILL)

    def terminate(self) -> None:
        """Ask it to end."""
        self.send_signal(signal.SIGTERM)


@cache
def _original() -> socket.socket:
    """The line to the program that is copied, which ends when this process does."""
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    with theirs:
        original = subprocess.Popen(
            [sys.executable, "-m", __name__, str(theirs.fileno())],
            cwd=ROOT,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            pass_fds=[theirs.fileno()],
        )

    def end() -> None:
        ours.close()
        original.wait(ENDING_SECONDS)

    atexit.register(end)
    return ours


def copied(words: Sequence[object], environ: Mapping[str, str]) -> Program:
    """A copy that becomes the command of these words, and finds this environment."""
    out, its_out = os.pipe()
    err, its_err = os.pipe()
    ended, its_end = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    told = json.dumps({"words": [str(word) for word in words], "environ": dict(environ)})
    socket.send_fds(_original(), [told.encode()], [its_out, its_err, its_end.fileno()])
    os.close(its_out)
    os.close(its_err)
    its_end.close()
    pid = int(ended.recv(NUMBER_BYTES_MAX))
    return Program(pid, os.fdopen(out, encoding="utf-8"), os.fdopen(err, encoding="utf-8"), ended)


def main(number: int) -> int:
    """Be the program that is copied; returns in each copy, with the command's exit status."""
    keep_out()
    for name in IMPORTED:
        import_module(name)
    gc.freeze()
    line = socket.socket(fileno=number)
    while True:
        told, fds, *_ = socket.recv_fds(line, MESSAGE_BYTES_MAX, 3)
        if not told:
            return 0
        if os.fork():
            for fd in fds:
                os.close(fd)
            with suppress(ChildProcessError):
                while os.waitpid(-1, os.WNOHANG)[0]:
                    pass
            continue
        line.close()
        _mind(*fds)
        _begin_anew(**json.loads(told))
        return command()


def _mind(out: int, err: int, ended: int) -> None:
    """Tell whoever ordered a copy its number and how it ended; returns in the copy."""
    if pid := os.fork():
        os.close(out)
        os.close(err)
        os.write(ended, f"{pid}".encode())
        _, status = os.waitpid(pid, 0)
        with suppress(OSError):
            os.write(ended, f"{os.waitstatus_to_exitcode(status)}".encode())
        os._exit(0)
    for fd, number in ((out, 1), (err, 2)):
        os.dup2(fd, number)
        os.close(fd)
    os.close(ended)
    sys.stdout = os.fdopen(1, "w", closefd=False)
    sys.stderr = os.fdopen(2, "w", buffering=1, closefd=False)


def _begin_anew(words: Sequence[str], environ: Mapping[str, str]) -> None:
    """What a program finds that was started by itself."""
    os.environ.clear()
    os.environ.update(environ)
    sys.argv = ["countermand", *words]
    random.seed()
    sys.modules["__main__"].__spec__ = sys.modules["countermand.__main__"].__spec__


if __name__ == "__main__":
    raise SystemExit(main(int(sys.argv[1])))
