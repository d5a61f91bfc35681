"""A server as a program, and how to talk to it."""

import json
import re
import signal
import ssl
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from tests.decision_service.commands.readied import Program
from tests.decision_service.commands.shell import NONE, copy, program

READY_SECONDS = 60.0


@dataclass(frozen=True)
class Server:
    """A server as a process."""

    process: Program | subprocess.Popen[str]
    address: str
    trust: ssl.SSLContext | None = None

    def ask(self, path: str, body: object = None, **headers: str) -> tuple[int, bytes]:
        """A request and what it was answered."""
        data = None if body is None else json.dumps(body).encode()
        headers |= {"Content-Type": "application/json"} if data else {}
        request = urllib.request.Request(f"{self.address}{path}", data, headers)
        try:
            with urllib.request.urlopen(request, timeout=30, context=self.trust) as answer:
                return answer.status, answer.read()
        except urllib.error.HTTPError as refused:
            with refused:
                return refused.code, refused.read()

    def stop(self, number: int = signal.SIGINT) -> tuple[int, str]:
        """Tell it to stop; its status and what it complained of."""
        self.process.send_signal(number)
        _, err = self.process.communicate(timeout=60)
        return self.process.wait(), err


@dataclass(frozen=True)
class Servers:
    """Starts servers."""

    started: list[Server] = field(default_factory=list)

    def __call__(
        self,
        data: Path,
        *options: object,
        trust: ssl.SSLContext | None = None,
        environ: Mapping[str, str] = NONE,
        from_scratch: bool = False,
    ) -> Server:
        """A server that is ready; from scratch it has imported for itself what it needs."""
        words = ["serve", "--data", data, "--port", 0, *options]
        process = (program if from_scratch else copy)(words, environ)
        assert process.stdout is not None
        found = re.search(r"https?://\S+", process.stdout.readline())
        if found is None:
            raise AssertionError(process.communicate())
        server = Server(process, found[0], trust)
        self.started.append(server)
        until = time.monotonic() + READY_SECONDS
        while time.monotonic() < until:
            try:
                if server.ask("/readyz")[0] == 200:
                    return server
            except OSError:
                pass
            time.sleep(0.1)
        raise AssertionError(server.address)

    def end(self) -> None:
        """End those that are left."""
        for server in self.started:
            if server.process.poll() is None:
                server.process.kill()
                server.process.communicate(timeout=60)


Start = Callable[..., Server]
