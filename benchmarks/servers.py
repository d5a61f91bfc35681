"""Both servers as their users would start them: one uvicorn process each, on the loopback."""

import json
import os
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from benchmarks.credit_bundle import MODEL_FILE, NAME

OWNERS = ("model_owner", "risk", "compliance", "operations")
START_SECONDS_MAX = 180  # the first start compiles the tree explainer
PEOPLE = ("officer", "compliance", "data_scientist", "admin")
"""Roles that together may open every page; each person is called after the role."""

PASSWORD = "a password for measuring only"
ONE_THREAD = {"OMP_NUM_THREADS": "1"}
"""For both: with more, one row waits for a second core that the load client is using."""


@dataclass(frozen=True, slots=True)
class Server:
    """A running server: where to send applications, and whose process it is."""

    name: str
    port: int
    process_id: int
    path: str
    headers: dict[str, str]
    status: int = 201  # of an answer that worked

    @property
    def address(self) -> str:
        """Its root."""
        return f"http://127.0.0.1:{self.port}"

    def memory_mb(self) -> float:
        """Resident memory now, in megabytes."""
        shown = subprocess.run(
            ["ps", "-o", "rss=", "-p", str(self.process_id)],
            capture_output=True,
            text=True,
            check=True,
        )
        return int(shown.stdout) / 1024


def countermand(*words: str, typed: str = "") -> str:
    """Run one of our commands; what it printed."""
    ran = subprocess.run(
        [sys.executable, "-m", "countermand", *words],
        input=typed,
        capture_output=True,
        text=True,
        check=False,
    )
    if ran.returncode:
        msg = f"countermand {' '.join(words)} ended with {ran.returncode}: {ran.stderr}"
        raise RuntimeError(msg)
    return ran.stdout


def let_out(folder: Path, data: Sequence[str]) -> None:
    """Have the newest version validated and signed by five people, and make it champion."""
    keys = {}
    for name, role in (("validator", "risk"), *((f"{owner}-owner", owner) for owner in OWNERS)):
        person = ["user", "add", name, "--role", role, "--password-stdin"]
        countermand(*person, *data, typed=f"{PASSWORD}\n")
        keys[name] = json.loads(countermand("key", "add", "--user", name, "--json", *data))["key"]
    (line,) = json.loads(countermand("bundle", "list", "--json", *data))["bundles"]
    record = {
        "sha256": line["sha256"],
        "scope": "For measuring only.",
        "exposure": "small",
        "developers": ["model_owner-owner"],
        "tests": [{"name": "registered", "result": "proven", "passed": "yes"}],
        "expires": (datetime.now(UTC) + timedelta(days=30)).date().isoformat(),
    }
    file = folder / "validation.json"
    file.write_text(json.dumps(record), encoding="utf-8")
    validate = ("bundle", "validate", NAME, str(file), "--key-stdin")
    countermand(*validate, *data, typed=f"{keys['validator']}\n")
    for owner in OWNERS:
        sign = ("bundle", "signoff", NAME, "--as", owner, "--key-stdin")
        countermand(*sign, *data, typed=f"{keys[f'{owner}-owner']}\n")
    countermand("bundle", "promote", NAME, *data)


@contextmanager
def ours(bundle: Path, folder: Path) -> Iterator[Server]:
    """Countermand with the bundle as champion, a service that sends and people who read."""
    data = ["--data", str(folder)]
    countermand("init", *data)
    countermand("bundle", "add", str(bundle), *data)
    let_out(folder, data)
    countermand("user", "add", "bench-service", "--role", "service", *data)
    for role in PEOPLE:
        person = ["user", "add", role, "--role", role, "--password-stdin"]
        countermand(*person, *data, typed=f"{PASSWORD}\n")
    key = json.loads(countermand("key", "add", "--user", "bench-service", "--json", *data))["key"]
    port = free_port()
    command = [sys.executable, "-m", "countermand", "serve", "--port", str(port), *data]
    with running(command, {}, f"http://127.0.0.1:{port}/readyz") as process_id:
        headers = {"Authorization": f"Bearer {key}"}
        yield Server("countermand", port, process_id, "/v1/decisions", headers)


@contextmanager
def textbook(bundle: Path, folder: Path) -> Iterator[Server]:
    """The textbook endpoint with the same model file."""
    folder.mkdir(parents=True)
    port = free_port()
    place = {
        "TEXTBOOK_DATABASE": str(folder / "textbook.sqlite3"),
        "TEXTBOOK_MODEL": str(bundle / MODEL_FILE),
    }
    command = [sys.executable, "-m", "uvicorn", "benchmarks.textbook_endpoint:app"]
    command += ["--port", str(port), "--log-level", "warning"]
    with running(command, place, f"http://127.0.0.1:{port}/openapi.json") as process_id:
        yield Server("textbook", port, process_id, "/decisions", {})


@contextmanager
def running(command: list[str], place: Mapping[str, str], ready: str) -> Iterator[int]:
    """A server process that has answered at ``ready``; its id. It is stopped at the end."""
    with tempfile.TemporaryFile() as said:
        process = subprocess.Popen(
            command, env={**os.environ, **ONE_THREAD, **place}, stdout=said, stderr=said
        )
        try:
            wait_for(ready, process)
            yield process.pid
        except RuntimeError as failed:
            said.seek(0)
            failed.add_note(said.read().decode())
            raise
        finally:
            process.terminate()
            process.wait(timeout=30)


def wait_for(address: str, process: "subprocess.Popen[bytes]") -> None:
    """Return when the address answers; RuntimeError when the process ends or takes too long."""
    deadline = time.monotonic() + START_SECONDS_MAX
    while time.monotonic() < deadline and process.poll() is None:
        try:
            urllib.request.urlopen(address, timeout=5).close()
        except OSError:  # not listening yet, or listening and not ready
            time.sleep(0.1)
        else:
            return
    msg = f"the server did not answer at {address} (exit code {process.returncode})"
    raise RuntimeError(msg)


def free_port() -> int:
    """A port nobody listens on."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])
