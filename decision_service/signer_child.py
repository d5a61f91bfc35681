"""The signer as a child of the server, where nobody runs one of its own: started, watched, ended.

It holds the other end of a pipe: when the server is gone, however it went, the child notices, signs
what is left and ends. When the child is gone, it is started again.
"""

import logging
import os
import subprocess
import sys
from pathlib import Path
from threading import Event, Thread

import countermand
from decision_service.settings import Settings
from overrides.keyfiles import has_signer

LOGGER = logging.getLogger(__name__)
CODE = Path(countermand.__file__).parents[1]
STOP_SECONDS = 10.0
AGAIN_SECONDS = 2.0  # a child that cannot start is tried again, not at once


class SignerChild:
    """One signer process, as long as the server lives."""

    def __init__(self, settings: Settings, *, again_seconds: float = AGAIN_SECONDS) -> None:
        self._settings = settings
        self._again_seconds = again_seconds
        self._closing = Event()
        self._process: subprocess.Popen[bytes] | None = None
        self._watcher = Thread(target=self._watch, name="signer watch", daemon=True)

    @property
    def pid(self) -> int | None:
        """The child's number while there is one."""
        return self._process.pid if self._process else None

    def start(self) -> None:
        """Start the signer, unless its key lies elsewhere and somebody else runs it."""
        if has_signer(self._settings.keys):
            self._process = self._spawn()
            self._watcher.start()

    def close(self) -> None:
        """Let the signer sign what is left, and see it end."""
        self._closing.set()
        if self._process is None:
            return
        self._watcher.join()
        process = self._process
        if process.stdin:
            process.stdin.close()
        try:
            process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()

    def _watch(self) -> None:
        """Start it again whenever it ended without being told to."""
        assert self._process is not None
        while not self._closing.is_set():
            try:
                status = self._process.wait(0.2)
            except subprocess.TimeoutExpired:
                continue
            LOGGER.error("the signer ended by itself (status %s); it is started again", status)
            if self._closing.wait(self._again_seconds):
                return
            if self._process.stdin:
                self._process.stdin.close()
            self._process = self._spawn()

    def _spawn(self) -> subprocess.Popen[bytes]:
        """A new process. It says what goes wrong where the server says it."""
        paths = [str(CODE), os.environ.get("PYTHONPATH", "")]
        command = [sys.executable, "-m", "countermand", "signer", "--until-closed"]
        return subprocess.Popen(  # noqa: S603 - our own program
            [*command, "--data", str(self._settings.data)],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            env={**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, paths))},
        )
