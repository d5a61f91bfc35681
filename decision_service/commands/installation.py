"""The installation a command works on: its settings, its parts, and whether it exists at all."""

import argparse
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from decision_service.commands.grammar import DEFAULT_DATA, refuse
from decision_service.commands.sentences import sentence

if TYPE_CHECKING:
    from decision_service.services import Services
    from decision_service.settings import Settings
    from overrides.ledger import SignedCheckpoint


def settings_of(args: argparse.Namespace) -> "Settings":
    """Settings from ``--data`` and the environment."""
    from decision_service.settings import Settings

    return Settings.read(os.environ, data=args.data)


def model_hosts() -> str:
    """Where models may be asked over HTTP, to commands that work on no installation."""
    from decision_service.settings import Settings

    return Settings.read(os.environ).model_hosts


def existing(args: argparse.Namespace) -> "Settings":
    """The same, for an installation that must be there."""
    settings = settings_of(args)
    lost_keys = settings.embedded and settings.database_file.is_file()
    if not settings.keys.is_dir() and not lost_keys:
        text = (
            f"there is no installation in {settings.data}: make one with "
            f"'countermand init --data {settings.data}', or name another with --data"
        )
        refuse(text)
    keep_compiled(settings)
    return settings


def keyless(args: argparse.Namespace) -> "Settings":
    """The same, for an installation whose keys may be lost, all of them."""
    settings = settings_of(args)
    if settings.embedded and not settings.database_file.is_file():
        refuse(f"there is no database {settings.database_file}: there is nothing to have a key for")
    return settings


def keep_compiled(settings: "Settings") -> None:
    """Let compiled code lie in the installation where it cannot lie beside its source."""
    import explain

    if not os.access(explain.__path__[0], os.W_OK):
        os.environ.setdefault("NUMBA_CACHE_DIR", str(settings.data / "cache" / "numba"))


@contextmanager
def installed(args: argparse.Namespace) -> Iterator["Services"]:
    """The parts of an existing installation; what was written is signed at the end."""
    from decision_service import wiring

    services = wiring.build(existing(args), serving=False)
    try:
        before = services.ledger.head().size
        yield services
        if services.ledger.head().size != before:
            _have_signed(services)
    finally:
        services.close()


def signed(services: "Services") -> "SignedCheckpoint | None":
    """Sign where the ledger stands; None while it is empty."""
    return services.signer.checkpoint()


def _have_signed(services: "Services") -> None:
    """Sign what a command wrote; what cannot be signed is recorded all the same, and told.

    A signer that has its key elsewhere signs by itself, soon.
    """
    from overrides.errors import LedgerError
    from overrides.keyfiles import has_signer

    if not has_signer(services.settings.keys):
        return
    try:
        signed(services)
    except (LedgerError, OSError) as refused:
        sys.stderr.write(f"countermand: this is recorded, and not signed: {sentence(refused)}\n")


def directory_option(settings: "Settings") -> str:
    """``--data DIR`` as a next command needs it; empty for the usual directory."""
    chosen = str(settings.data)
    return "" if chosen == DEFAULT_DATA else f" --data {chosen}"
