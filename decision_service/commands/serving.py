"""``countermand init`` and ``countermand serve``: making an installation, and running it."""

import argparse
import signal
import sys
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from decision_service.commands.grammar import YES, Verbs, refuse, whole
from decision_service.commands.installation import (
    directory_option,
    existing,
    installed,
    settings_of,
)

if TYPE_CHECKING:
    import socket
    from collections.abc import Iterator

    import uvicorn
    from fastapi import FastAPI

    from decision_service.settings import Settings

HOST_DEFAULT = "127.0.0.1"
PORT_DEFAULT = 8000
PORT_MAX = 65_535
WORKERS_MAX = 64
BACKLOG = 2048
STOP_SECONDS = 10
SERVED = "COUNTERMAND_SERVED"  # what a worker process is told of the command line

COLLECTED_EVERY = (20_000, 20, 50)
"""New objects before the youngest are looked through for circles, and how often the older ones are.

Requests leave next to none behind; those there are go a little later.
"""


def declare(verbs: Verbs) -> None:
    """Add the commands."""
    verbs.verb("init", init)
    parser = verbs.verb("serve", serve)
    parser.add_argument("--host", default=HOST_DEFAULT, help=f"default: {HOST_DEFAULT}")
    parser.add_argument(
        "--port", type=whole(0, PORT_MAX), default=PORT_DEFAULT, help=f"default: {PORT_DEFAULT}"
    )
    parser.add_argument(
        "--workers",
        type=whole(1, WORKERS_MAX),
        default=1,
        help="processes; more than one needs PostgreSQL",
    )
    parser.add_argument("--tls-cert", metavar="FILE", type=Path, help="certificate chain, PEM")
    parser.add_argument("--tls-key", metavar="FILE", type=Path, help="its private key, PEM")
    parser.add_argument(
        "--behind-proxy",
        metavar="ADDRESS",
        nargs="?",
        const=HOST_DEFAULT,
        help=f"a proxy at this address (default: {HOST_DEFAULT}) speaks TLS and says who asks",
    )


def init(args: argparse.Namespace) -> int:
    """Make an empty installation: its directory, its keys, its ledger."""
    from decision_service import wiring
    from decision_service.commands.installation import signed

    settings = settings_of(args)
    if settings.keys.is_dir():
        with installed(args) as services:
            size = services.ledger.head().size
        print(
            f"There is an installation in {settings.data} with {size} entries; it stays as it is."
        )
        return YES
    services = wiring.build(settings, serving=False)
    try:
        signed(services)
    finally:
        services.close()
    option = directory_option(settings)
    print(f"An empty installation is in {settings.data}.")
    print(f"Keep {settings.keys} safe and apart from the backups: it opens the personal data.")
    print(f"Next: countermand user add NAME --role admin{option}")
    print(f"      countermand bundle add DIR{option}")
    print(f"      countermand serve{option}")
    return YES


@dataclass(frozen=True, slots=True)
class Listening:
    """Where and how a server listens."""

    host: str
    port: int
    cert: Path | None = None
    key: Path | None = None
    proxy: str | None = None

    @property
    def secure(self) -> bool:
        """Whether browsers reach it over TLS."""
        return self.cert is not None or self.proxy is not None

    def address(self, port: int) -> str:
        """What to type into a browser on this machine."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{'https' if self.cert else 'http'}://{host}:{port}"


def serve(args: argparse.Namespace) -> int:
    """Serve an installation until Ctrl-C."""
    settings = existing(args)
    listening = _listening(args)
    if args.workers > 1:
        if settings.embedded:
            refuse(
                "the embedded database has one writer, so it is served by one process: "
                "leave --workers out, or put the data into PostgreSQL"
            )
        return _serve_with_workers(settings, listening, args.workers)
    return serve_here(settings, listening)


def serve_here(settings: "Settings", listening: Listening) -> int:
    """Serve in this process until told to stop."""
    from dataclasses import replace

    import uvicorn

    from decision_service import wiring
    from decision_service.app import create_app
    from decision_service.showcase import showcase_of
    from decision_service.signer_child import SignerChild
    from decision_service.tending import asking_witnesses, tend

    with _bound(listening) as door:
        services = wiring.build(replace(settings, secure_cookies=listening.secure), serving=True)
        signer, asking = SignerChild(settings), None
        try:
            signer.start()
            services.housekeeping.start(lambda: tend(services))
            asking = asking_witnesses(services)
            app = create_app(services, showcase=showcase_of(services), warmed=keep_for_good)
            config = _config(app, listening)
            _announce(settings, listening, door)
            with suppress(KeyboardInterrupt), _stopped_by_either_signal():
                uvicorn.Server(config).run(sockets=[door])
        finally:
            if asking is not None:
                asking.close()
            services.close()
            signer.close()  # after the last entry, which it signs
    return YES


def _serve_with_workers(settings: "Settings", listening: Listening, workers: int) -> int:
    """Serve in several processes; each builds its own parts from what is in the environment."""
    import json
    import os

    from uvicorn.supervisors import Multiprocess

    from decision_service.signer_child import SignerChild

    told = {"data": str(settings.data), "secure": listening.secure}
    os.environ[SERVED] = json.dumps(told)
    config = _config("decision_service.commands.serving:worker", listening)
    config.workers = workers
    signer = SignerChild(settings)
    with _bound(listening) as door:
        _announce(settings, listening, door)
        try:
            signer.start()
            with suppress(KeyboardInterrupt):
                Multiprocess(config, sockets=[door]).run()
        finally:
            signer.close()
    return YES


def worker() -> "FastAPI":
    """The application of one of several processes."""
    import atexit
    import json
    import os
    from dataclasses import replace

    from decision_service import wiring
    from decision_service.app import create_app
    from decision_service.kept_out import keep_out
    from decision_service.settings import Settings
    from decision_service.showcase import showcase_of
    from decision_service.tending import asking_witnesses, tend

    keep_out()
    told = json.loads(os.environ[SERVED])
    settings = Settings.read(os.environ, data=told["data"])
    services = wiring.build(replace(settings, secure_cookies=told["secure"]), serving=True)
    atexit.register(services.close)
    services.housekeeping.start(lambda: tend(services))
    atexit.register(asking_witnesses(services).close)  # before the database is closed
    return create_app(services, showcase=showcase_of(services), warmed=keep_for_good)


def _listening(args: argparse.Namespace) -> Listening:
    """Where to listen."""
    if (args.tls_cert is None) != (args.tls_key is None):
        refuse("a certificate and its key come together: give both --tls-cert and --tls-key")
    here = Listening(args.host, args.port, args.tls_cert, args.tls_key, args.behind_proxy)
    check_reach(here)
    return here


def check_reach(listening: Listening) -> None:
    """Refuse to listen where passwords would travel in the clear."""
    if not (listening.secure or _is_loopback(listening.host)):
        refuse(
            f"{listening.host} can be reached from other machines, and without TLS passwords could "
            "be read on the way: give --tls-cert and --tls-key, or --behind-proxy"
        )


def _is_loopback(host: str) -> bool:
    """Whether only this machine can reach an address."""
    import ipaddress

    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


@contextmanager
def _bound(listening: Listening) -> "Iterator[socket.socket]":
    """The open port; a port that is taken is found before anything else is done."""
    import socket

    family = socket.AF_INET6 if ":" in listening.host else socket.AF_INET
    try:
        door = socket.create_server(
            (listening.host, listening.port), family=family, backlog=BACKLOG
        )
    except OSError as taken:
        reason = (taken.strerror or "it cannot be used").lower()
        refuse(
            f"port {listening.port} of {listening.host} cannot be opened ({reason}): "
            "choose another with --port"
        )
    with door:
        yield door


def keep_for_good() -> None:
    """Tell the garbage collector that what is in memory now, modules and models, stays there.

    Otherwise it looks at all of it again and again, and meanwhile nobody is answered: with 32
    clients the slowest decisions took 300 ms and more, and take 120 ms so.
    """
    import gc

    gc.collect()
    gc.freeze()
    gc.set_threshold(*COLLECTED_EVERY)


def _config(app: "FastAPI | str", listening: Listening) -> "uvicorn.Config":
    """The server's settings. Addresses hold application numbers, so none is logged."""
    import ssl

    import uvicorn

    try:
        config = uvicorn.Config(
            app,
            factory=isinstance(app, str),
            log_level="warning",
            access_log=False,
            server_header=False,
            proxy_headers=listening.proxy is not None,
            forwarded_allow_ips=listening.proxy or "",
            ssl_certfile=str(listening.cert) if listening.cert else None,
            ssl_keyfile=str(listening.key) if listening.key else None,
            timeout_graceful_shutdown=STOP_SECONDS,
        )
        if not isinstance(app, str):
            config.load()
    except (OSError, ssl.SSLError) as unusable:
        reason = getattr(unusable, "strerror", None) or str(unusable)
        refuse(f"the certificate or its key cannot be used ({reason.lower()})")
    return config


@contextmanager
def _stopped_by_either_signal() -> "Iterator[None]":
    """Let an order to terminate end the server as Ctrl-C does, so that everything is closed."""

    def stop(_number: int, _frame: object) -> None:
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGTERM, stop)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def _announce(settings: "Settings", listening: Listening, door: "socket.socket") -> None:
    """Say where the service is."""
    address = listening.address(door.getsockname()[1])
    print(f"Countermand serves {settings.data} on {address} (Ctrl-C stops it)")
    sys.stdout.flush()
