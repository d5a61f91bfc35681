"""Whatever the other side of a visit does, nothing of it is left behind."""

import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from decision_service.witness_visit import NotReached, Visit
from tests.decision_service.commands.test_serve import self_signed

SECONDS = 0.4
PATIENCE = 5.0  # for a busy machine


def drips(wire: socket.socket) -> None:
    wire.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 900000\r\n\r\n")
    while True:
        wire.sendall(b"x")
        time.sleep(0.05)


def says_continue_for_ever(wire: socket.socket) -> None:
    while True:
        wire.sendall(b"HTTP/1.1 100 Continue\r\n\r\n" * 50)
        time.sleep(0.01)


def writes_on_the_screen(wire: socket.socket) -> None:
    wire.sendall(b"\x1b[2J\x1b]0;owned\x07 The ledger is fine.\r\n\r\n")


@contextmanager
def serving(
    behave: Callable[[socket.socket], None], trust: ssl.SSLContext | None
) -> Iterator[tuple[int, threading.Event]]:
    """A port where one visitor is received like this, and whether they are gone."""
    gone = threading.Event()
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def receive() -> None:
            with suppress(OSError), listening.accept()[0] as opened:
                wire = trust.wrap_socket(opened, server_side=True) if trust else opened
                with wire:
                    wire.recv(65536)
                    behave(wire)
            gone.set()

        thread = threading.Thread(target=receive, daemon=True)
        thread.start()
        yield listening.getsockname()[1], gone
    thread.join(PATIENCE)


@pytest.mark.parametrize("behave", [drips, says_continue_for_ever])
@pytest.mark.parametrize("scheme", ["http", "https"])
def test_a_witness_that_never_ends_is_hung_up_on(
    scheme: str, behave: Callable[[socket.socket], None], tmp_path: Path
) -> None:
    cert, key = self_signed(tmp_path)
    trust = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    trust.load_cert_chain(cert, key)
    before = set(threading.enumerate())
    with serving(behave, trust if scheme == "https" else None) as (port, gone):
        visit = Visit(f"{scheme}://127.0.0.1:{port}/witness", ca=cert, seconds=SECONDS)
        with pytest.raises(NotReached, match="not within"):
            visit.show("old 0\n\nx")
        assert gone.wait(PATIENCE), "the connection is closed"
    until = time.monotonic() + PATIENCE
    while (left := set(threading.enumerate()) - before) and time.monotonic() < until:
        time.sleep(0.01)
    assert not left, "and nobody waits at it"


def test_what_answers_reaches_no_terminal_with_control_characters() -> None:
    with serving(writes_on_the_screen, None) as (port, _):
        visit = Visit(f"http://127.0.0.1:{port}/witness", seconds=PATIENCE)
        with pytest.raises(NotReached) as failed:
            visit.show("old 0\n\nx")
    assert "the ledger is fine." in failed.value.cause
    assert failed.value.cause.isprintable()
