"""``countermand witness``: an auditor's own memory of a ledger, on the auditor's own computer.

Needs no installation and no database: only the file of what was seen before.
"""

import argparse
import os
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from decision_service.commands import witnessing
from decision_service.commands.grammar import (
    CommandRefused,
    Verbs,
    print_json,
    print_table,
    refuse,
    whole,
)

if TYPE_CHECKING:
    from decision_service.witness_visit import Login
    from decision_service.witnessing import Seen
    from overrides.notes import PublicKey
    from overrides.witness import Sighting, WitnessMemory

MEMORY = Path("countermand-witness.jsonl")
API_KEY = "COUNTERMAND_KEY"
USAGE = 64
SECONDS_DEFAULT, SECONDS_MAX = 30, 3600


def declare(verbs: Verbs) -> None:
    """Add the noun and its verbs."""
    witness = verbs.noun("witness", "your own memory of ledgers, and signing what you saw")
    parser = witness.verb("pull", pull, reads=True, data=False, usage_status=USAGE)
    parser.add_argument(
        "source",
        metavar="SOURCE",
        nargs="?",
        help="address of the service, folder of an export, or file with a checkpoint "
        "(default: where it was last looked at)",
    )
    _memory_option(parser)
    parser.add_argument(
        "--key",
        metavar="FILE",
        type=Path,
        help="public key of the ledger, got from somebody you trust; needed once",
    )
    parser.add_argument("--user", metavar="NAME", help=f"log in; otherwise ${API_KEY} is the key")
    parser.add_argument(
        "--password-stdin", action="store_true", help="read the password from standard input"
    )
    parser.add_argument("--ca", metavar="FILE", type=Path, help="who vouches for its certificate")
    parser.add_argument(
        "--seconds",
        type=whole(1, SECONDS_MAX),
        default=SECONDS_DEFAULT,
        help=f"wait no longer than this for all of it (default: {SECONDS_DEFAULT})",
    )
    parser.add_argument(
        "--silent", action="store_true", help="do not tell the ledger that you remember it"
    )
    _memory_option(witness.verb("show", show, reads=True, data=False, usage_status=USAGE))
    witnessing.declare(witness)


def _memory_option(parser: argparse.ArgumentParser) -> None:
    """The file that the witness keeps."""
    parser.add_argument(
        "--memory",
        metavar="FILE",
        type=Path,
        default=MEMORY,
        help=f"file of what you saw before (default: {MEMORY})",
    )


def pull(args: argparse.Namespace) -> int:
    """Look at a ledger, hold it to what you saw before, and remember it.

    The first time, give the ledger's public key. A ledger that shows another history, or has fewer
    entries than you saw, is refused and the proof of it kept. Run it daily, on a computer of yours.

    Exit status: 0 it continues what you remember, 1 altered, 2 incomplete (not reached, or without
    a proof), 3 stale (a file older than what you remember), 64 wrong usage.
    """
    from decision_service.witness_visit import NoAddress
    from overrides.errors import MemoryUnusable
    from overrides.witness import WitnessMemory

    memory = WitnessMemory(args.memory)
    try:
        with memory.alone():
            kept = memory.read()
            keys = _keys(args, kept)
            source = args.source or (kept[-1].source if kept else "")
            if not source:
                refuse("say where the ledger is: an address, an export, or a file")
            seen = _look(args, source, keys, kept[-1] if kept else None)
            return _conclude(args, memory, kept, seen)
    except (CommandRefused, MemoryUnusable, NoAddress, FileNotFoundError) as refused:
        refuse(str(refused), USAGE)


def show(args: argparse.Namespace) -> int:
    """Say what you remember: when you looked, how many entries there were, and where."""
    from overrides.errors import MemoryUnusable
    from overrides.instants import instant_text
    from overrides.witness import WitnessMemory

    try:
        kept = WitnessMemory(args.memory).read()
    except MemoryUnusable as damaged:
        refuse(str(damaged), USAGE)
    if args.json:
        lines = [(seen, seen.checkpoint) for seen in kept]
        print_json(
            {
                "sightings": [
                    {
                        "seen_at": instant_text(seen.seen_at),
                        "log": at.origin,
                        "size": at.size,
                        "root": at.root.hex(),
                        "from": seen.source,
                    }
                    for seen, at in lines
                ]
            }
        )
    elif not kept:
        print(f"There is nothing in {args.memory} yet.")
    else:
        rows = [
            (f"{seen.seen_at:%Y-%m-%d %H:%M UTC}", f"{seen.checkpoint.size:,}", seen.source)
            for seen in kept
        ]
        print(f"What you remember of {kept[-1].checkpoint.origin}:")
        print_table([("looked", "entries", "at"), *rows])
    return 0


def _keys(args: argparse.Namespace, kept: "Sequence[Sighting]") -> "tuple[PublicKey, ...]":
    """The keys that the ledger is held to: those remembered, and one that is given now."""
    from overrides.errors import NoteInvalid
    from overrides.notes import PublicKey

    known = kept[-1].keys if kept else ()
    if args.key is None:
        if not known:
            refuse("give the ledger's public key once, with --key: its signing.pub or its vkey")
        return known
    try:
        given = PublicKey.from_vkey(witnessing.text_of(args.key).strip())
    except NoteInvalid as unreadable:
        refuse(f"{args.key}: {unreadable}")
    return known if given in known else (*known, given)


def _look(
    args: argparse.Namespace, source: str, keys: "tuple[PublicKey, ...]", last: "Sighting | None"
) -> "Seen":
    """See what is there, and hold it to what was seen last."""
    from decision_service.witness_visit import Visit
    from decision_service.witnessing import Look
    from overrides.errors import NoteInvalid
    from overrides.offers import read_offer

    look, path = Look(last, keys, datetime.now(UTC)), Path(source)
    if source.startswith(("http://", "https://")):
        key = "" if args.user else os.environ.get(API_KEY, "")
        visit = Visit(source, key, _login(args), args.ca, args.seconds)
        return look.at_service(visit, tell=not args.silent)
    if path.is_dir():
        return look.at_export(path)
    try:
        return look.at_offer(read_offer(witnessing.text_of(path)), str(path.resolve()))
    except NoteInvalid as unreadable:
        refuse(f"{source}: {unreadable}")


def _conclude(
    args: argparse.Namespace,
    memory: "WitnessMemory",
    kept: "Sequence[Sighting]",
    seen: "Seen",
) -> int:
    """Remember it, or keep the evidence; say what came of it in words."""
    from overrides.witness import Outcome

    said, outcome, evidence = [seen.judgement.finding, *seen.notes], seen.judgement.outcome, None
    if outcome is Outcome.CONSISTENT and seen.sighting is not None:
        count = memory.add(seen.sighting)
        said.append(f"It is remembered in {memory.path}, which has {count} of your visits.")
    elif outcome is Outcome.ALTERED and seen.sighting is not None and kept:
        stamp = f"{seen.sighting.seen_at:%Y%m%dT%H%M%SZ}"
        evidence = memory.keep_evidence(kept[-1], seen.sighting, seen.judgement, stamp=stamp)
        said.append(f"Both signed notes are in {evidence}: keep them safe, and show them around.")
    if outcome is not Outcome.CONSISTENT:
        said.append("Your memory stays as it was.")
    if args.json:
        at = seen.sighting.checkpoint if seen.sighting else None
        print_json(
            {
                "outcome": outcome.name.lower(),
                "status": int(outcome),
                "log": at.origin if at else None,
                "size": at.size if at else None,
                "root": at.root.hex() if at else None,
                "said": said,
                "evidence": str(evidence) if evidence else None,
            }
        )
    else:
        print("\n".join(said))
    return outcome


def _login(args: argparse.Namespace) -> "Login | None":
    """A name with its password, where one is to be used."""
    from getpass import getpass

    from decision_service.witness_visit import Login

    if not args.user:
        return None
    if args.password_stdin:
        return Login(args.user, sys.stdin.readline().rstrip("\n"))
    return Login(args.user, getpass(f"Password of {args.user}: "))
