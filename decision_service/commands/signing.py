"""``countermand signer``: the process that signs the ledger, and nothing else."""

import argparse
import signal
import sys
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path
from threading import Event, Thread
from time import monotonic
from typing import TYPE_CHECKING

from decision_service.commands.grammar import YES, Verbs, refuse
from decision_service.commands.installation import directory_option, settings_of

if TYPE_CHECKING:
    from decision_service.settings import Settings

TAKEOVER_SECONDS = 15.0  # so long may a predecessor take to sign what is left
ASK_AGAIN_SECONDS = 0.2
READ_BYTES = 1024


def declare(verbs: Verbs) -> None:
    """Add the command."""
    parser = verbs.verb("signer", signer)
    parser.add_argument(
        "--home",
        metavar="DIR",
        type=Path,
        help="folder of the signer's memory and of its own key (default: signer in the "
        "installation's directory, with the installation's key)",
    )
    doing = parser.add_mutually_exclusive_group()
    doing.add_argument(
        "--start-anew",
        action="store_true",
        help="put the memory aside and believe the database from now on, as after a restore",
    )
    doing.add_argument(
        "--separate",
        action="store_true",
        help="move the installation's signing key and the signer's memory into --home",
    )
    doing.add_argument(
        "--until-closed",
        action="store_true",
        help="end when standard input does: how the server runs it",
    )


def signer(args: argparse.Namespace) -> int:
    """Sign checkpoints of the ledger, as a process with a memory of its own, until Ctrl-C.

    It reads back what was stored, works the tree out by itself and signs only what continues what
    it signed before. 'countermand serve' runs one as its child. To run it as another user, move
    the key to it with --separate, and start it with the same --home.
    """
    settings = settings_of(args)
    home = args.home or settings.signer
    if args.separate:
        return _separate(settings, home)
    if args.start_anew:
        return _start_anew(args, settings, home)
    return _run(settings, home, until_closed=args.until_closed)


def _run(settings: "Settings", home: Path, *, until_closed: bool) -> int:
    """Sign until told to stop."""
    from decision_service.commands.sentences import sentence
    from decision_service.signer_wiring import signer_at_work

    stopping = Event()
    if until_closed:
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # meant for the server, which tells us
        Thread(target=_wait_for_end, args=(stopping,), daemon=True).start()
    else:
        signal.signal(signal.SIGINT, lambda *_: stopping.set())
    signal.signal(signal.SIGTERM, lambda *_: stopping.set())
    with (
        signer_at_work(settings, home, on_problem=_complain, words=sentence) as at_work,
        ExitStack() as stack,
    ):
        _take_over(stack, home, stopping, wait=until_closed)
        print(f"The signer of {at_work.signing.book.log} runs; its memory is in {home}.")
        sys.stdout.flush()
        at_work.run(stopping.wait)
    return YES


def _separate(settings: "Settings", home: Path) -> int:
    """Move key and memory, so that from now on only who has the folder can sign."""
    from decision_service.signer_wiring import memory_at
    from overrides.keyfiles import hand_over_signer, has_signer

    if home.resolve() == settings.signer.resolve():
        refuse("name a folder outside the installation with --home")
    if not has_signer(settings.keys):
        refuse(f"there is no signing.key in {settings.keys}: it was moved already")
    before = memory_at(settings.signer)
    with before.running():
        before.move_to(memory_at(home))
        hand_over_signer(settings.keys, home)
    print(f"The key that signs and what was signed with it are in {home} now.")
    print("Give that folder to the user who shall sign, to nobody else, and to no backup.")
    print(f"Then, as that user: countermand signer --home {home}{directory_option(settings)}")
    return YES


def _start_anew(args: argparse.Namespace, settings: "Settings", home: Path) -> int:
    """Put the memory aside after the database was put back to an earlier state.

    Where the key that signs is the installation's, an entry says so.
    """
    from decision_service.commands.installation import installed
    from decision_service.restoring import record_new_memory
    from decision_service.signer_wiring import memory_at
    from overrides.keyfiles import has_signer

    memory = memory_at(home)
    with memory.running(), memory.alone():
        before = memory.read()
        if before is None and memory.may_begin:
            refuse(f"there is nothing in {home} to put aside: a new memory believes the database")
        memory.put_aside(f"{datetime.now(UTC):%Y%m%dT%H%M%SZ}")
    if before is None:
        print(f"There was nothing in {home}: what was signed before is not known here any more.")
    else:
        print(f"What was signed, up to {before.size} entries, is put aside in {home}.")
    if has_signer(settings.keys):
        with installed(args) as services:
            record_new_memory(services, before.size if before else 0)
    else:
        print("No entry says so, as the ledger is written by the installation: write it down.")
    print("The signer believes the database from now on. Who kept a checkpoint can still show")
    print("that entries are gone: tell them of it before they ask.")
    return YES


def _take_over(stack: ExitStack, home: Path, stopping: Event, *, wait: bool) -> None:
    """Be the one signer with this memory; a predecessor may have to sign what is left first."""
    from decision_service.signer_wiring import memory_at
    from overrides.errors import SigningRefused

    until = monotonic() + (TAKEOVER_SECONDS if wait else 0)
    while True:
        try:
            stack.enter_context(memory_at(home).running())
        except SigningRefused:
            if monotonic() > until or stopping.wait(ASK_AGAIN_SECONDS):
                raise
        else:
            return


def _wait_for_end(stopping: Event) -> None:
    """Stop when whoever started this has gone."""
    while sys.stdin.buffer.read(READ_BYTES):
        pass
    stopping.set()


def _complain(problem: str) -> None:
    """Say what goes wrong; the signer goes on."""
    sys.stderr.write(f"countermand signer: {problem}\n")
    sys.stderr.flush()
