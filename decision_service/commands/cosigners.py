"""``countermand cosigner``: the witnesses of this ledger, and what they signed of it."""

import argparse
import re
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from decision_service.commands.grammar import NO, YES, Verbs, print_json, print_table, refuse, whole
from decision_service.commands.installation import existing, installed
from decision_service.commands.witnessing import text_of

if TYPE_CHECKING:
    from overrides.cosigner_book import CosignerBook
    from overrides.countermand_verify import Key

SECONDS_DEFAULT, SECONDS_MAX = 10, 3600
NAME, TAKEN = re.compile(r"[\w.-]{1,80}"), ("none", "all-of-them")


def declare(verbs: Verbs) -> None:
    """Add the noun and its verbs."""
    cosigner = verbs.noun("cosigner", "the witnesses of this ledger, and what they signed")
    parser = cosigner.verb("add", add)
    parser.add_argument("name", metavar="NAME", help="what to call the witness, without blanks")
    parser.add_argument(
        "--key",
        metavar="FILE",
        type=Path,
        required=True,
        help="public keys of the witness, its witness.pub, got by a way you trust",
    )
    parser.add_argument(
        "--at",
        metavar="ADDRESS",
        default="",
        help="where it is asked, such as https://hq.bank.example/witness; without one it is asked"
        " by file",
    )
    parser.add_argument("--ca", metavar="FILE", type=Path, help="who vouches for its certificate")
    parser = cosigner.verb("remove", remove)
    parser.add_argument("name", metavar="NAME", help="the witness")
    cosigner.verb("list", show, reads=True)
    cosigner.verb("policy", policy)
    parser = cosigner.verb("ask", ask, reads=True)
    parser.add_argument(
        "--seconds",
        type=whole(1, SECONDS_MAX),
        default=SECONDS_DEFAULT,
        help=f"wait no longer than this for each (default: {SECONDS_DEFAULT})",
    )
    parser = cosigner.verb("take", take)
    parser.add_argument(
        "note", metavar="FILE", type=Path, help="what 'countermand witness cosign' printed"
    )


def add(args: argparse.Namespace) -> int:
    """Trust a witness, and ask it from now on; one of the same name is replaced.

    A server asks each witness that has an address about once a minute while something is recorded.
    Give an address to those only that are always asked over the network: whoever verifies takes
    the time of what they sign for that at which the ledger ended.
    """
    from decision_service.witness_visit import NoAddress, reachable
    from overrides.cosigner_book import Pinned
    from overrides.countermand_verify import WITNESS_KEY

    if not NAME.fullmatch(args.name) or args.name in TAKEN:
        refuse(f"{args.name!a} is no name for a witness: it may have letters, digits, . _ and -")
    if args.at and not reachable(args.at):
        refuse(str(NoAddress(args.at)))
    keys = _witness_keys(args.key)
    ca, book = str(args.ca.resolve()) if args.ca else "", _book(args)
    for other in book.pinned():
        if other.name != args.name and _secrets(other.keys) & _secrets(keys):
            refuse(f"these are the keys of {other.name}: one witness cannot be two")
    book.pin(Pinned(args.name, keys, args.at, ca))
    kinds = " and ".join("Ed25519" if key.type == WITNESS_KEY else "ML-DSA-44" for key in keys)
    print(f"{args.name} witnesses this ledger from now on, with {kinds}.")
    print(f"It is asked at {args.at}." if args.at else "It is asked by file.")
    return YES


def remove(args: argparse.Namespace) -> int:
    """Trust a witness no more. What it signed stays."""
    if not _book(args).unpin(args.name):
        refuse(f"there is no witness {args.name}: see 'countermand cosigner list'")
    print(f"{args.name} is not asked any more.")
    return YES


def show(args: argparse.Namespace) -> int:
    """List the witnesses of this ledger: what each signed last, and what went wrong."""
    from overrides.cosigner_book import Standing
    from overrides.instants import instant_text

    _mend(args)
    book = _book(args)
    pinned, known = book.pinned(), book.standings()
    rows = [(one, known.get(one.name, Standing())) for one in pinned]
    if args.json:
        told = [
            {
                "name": one.name,
                "keys": [str(key) for key in one.keys],
                "address": one.address or None,
                "size": standing.size,
                "signed_at": instant_text(standing.signed_at) if standing.signed_at else None,
                "asked_at": instant_text(standing.asked_at) if standing.asked_at else None,
                "problem": standing.problem or None,
            }
            for one, standing in rows
        ]
        print_json({"cosigners": told})
    elif not rows:
        print("Nobody witnesses this ledger yet: 'countermand cosigner add' lets somebody.")
    else:
        lines = [
            (
                one.name,
                f"{standing.size:,}",
                f"{standing.signed_at:%Y-%m-%d %H:%M UTC}" if standing.signed_at else "never",
                one.address or "by file",
                standing.problem,
            )
            for one, standing in rows
        ]
        print_table([("witness", "entries", "signed", "asked", "problem"), *lines])
    return YES


def policy(args: argparse.Namespace) -> int:
    """Print a policy for who verifies this ledger: its keys, its witnesses, all of whom must sign.

    It is in the C2SP form, for 'countermand ledger verify EXPORT --policy FILE'. Whoever uses it
    should hold the keys in it to those they got in another way.
    """
    from overrides.cosigner_book import policy_text

    print(policy_text(_book(args)), end="")
    return YES


def ask(args: argparse.Namespace) -> int:
    """Sign where the ledger stands, and ask every witness that has an address to sign it too.

    Exit status: 0 all of them did, 1 not all.
    """
    from decision_service.cosigning import ask_all

    _mend(args)
    with installed(args) as services:
        asked = ask_all(services, seconds=args.seconds)
    if args.json:
        print_json(
            {
                "asked": [
                    {"name": one.name, "size": one.size, "problem": one.problem or None}
                    for one in asked
                ]
            }
        )
    elif not asked:
        print("There is no witness with an address.")
    else:
        for one in asked:
            said = f"did not sign: {one.problem}" if one.problem else "signed"
            print(f"{one.name} {said}{'' if one.problem else f' {one.size:,} entries'}.")
    return NO if any(one.problem for one in asked) else YES


def take(args: argparse.Namespace) -> int:
    """Keep what a witness signed of a checkpoint that was carried to it."""
    from decision_service.cosigning import take as keep
    from decision_service.errors import OtherHistory
    from overrides.errors import NoteInvalid

    text = text_of(args.note)
    _mend(args)
    with installed(args) as services:
        try:
            at, names = keep(services, text)
        except (NoteInvalid, OtherHistory) as unusable:
            refuse(f"{args.note}: {unusable}")
    print(f"{', '.join(names)} signed {at.size:,} entries: it is kept.")
    return YES


def _book(args: argparse.Namespace) -> "CosignerBook":
    """The witnesses of the installation's ledger."""
    from overrides.cosigner_book import CosignerBook
    from overrides.countermand_verify import Key
    from overrides.signing_keys import trusted_keys

    settings = existing(args)
    keys = tuple(Key.read(key.vkey) for key in trusted_keys(settings.keys))
    return CosignerBook(settings.cosigners, keys)


def _mend(args: argparse.Namespace) -> None:
    """Put aside what is damaged of what witnesses signed, and say so beside the answer."""
    for words in _book(args).mend():
        print(words, file=sys.stderr)


def _witness_keys(path: Path) -> "tuple[Key, ...]":
    """The keys of a witness, from their file."""
    from overrides.countermand_verify import LOG_KEY, Key, Wrong

    lines = (line.strip() for line in text_of(path).splitlines())
    try:
        keys = tuple(Key.read(line) for line in lines if line and not line.startswith("#"))
    except Wrong as unreadable:
        refuse(f"{path}: {unreadable}")
    if not keys or any(key.type == LOG_KEY for key in keys):
        refuse(f"{path}: this is not the public key of a witness")
    if len({key.type for key in keys}) < len(keys):
        refuse(f"{path}: a witness has one key of each kind")
    return keys


def _secrets(keys: Iterable["Key"]) -> set[bytes]:
    """What tells whose secrets sign: the keys without the names that they are given."""
    return {key.public for key in keys}
