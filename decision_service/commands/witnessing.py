"""``countermand witness init|add|cosign|ledgers``: being a witness of other ledgers.

Needs a folder and no installation; a served installation is a witness over HTTP as well.
"""

import argparse
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from decision_service.commands.grammar import YES, Verbs, print_json, print_table, refuse
from decision_service.commands.installation import directory_option, settings_of

if TYPE_CHECKING:
    from overrides.witness_post import Answer, WitnessPost

FILE_BYTES_MAX = 1 << 20


def declare(witness: Verbs) -> None:
    """Add the verbs to the noun."""
    parser = witness.verb("init", init)
    parser.add_argument("name", metavar="NAME", help="of the witness, such as hq.bank.example/w1")
    parser = witness.verb("add", add)
    parser.add_argument(
        "key", metavar="FILE", type=Path, help="public key of the ledger, its signing.pub"
    )
    parser = witness.verb("cosign", cosign)
    parser.add_argument(
        "offer",
        metavar="FILE",
        type=Path,
        help="what 'countermand ledger checkpoint' printed there, with --since or without",
    )
    witness.verb("ledgers", ledgers, reads=True)


def init(args: argparse.Namespace) -> int:
    """Make the keys of a witness: from now on this can witness the ledgers of others.

    There is one key for Ed25519 and one for ML-DSA-44, which withstands quantum computers too.
    Who is witnessed pins them, and can then prove what this witness saw.
    """
    import secrets

    from overrides.cosigning import create_cosigner, public_text
    from overrides.errors import NoteInvalid

    settings = settings_of(args)
    try:
        made = create_cosigner(settings.witness, args.name, secrets.token_bytes)
    except FileExistsError:
        refuse(f"there is a witness in {settings.witness} already: it stays as it is")
    except NoteInvalid as unfit:
        refuse(str(unfit))
    option = directory_option(settings)
    print(f"The keys of the witness {made.name} are in {settings.witness}.")
    print("No backup may put that folder back: a witness that forgets can sign two histories.")
    print(f"Next: countermand witness add FILE{option}, with the public key of a ledger.")
    print("Hand this out, as witness.pub:")
    print(public_text(made.keys), end="")
    return YES


def add(args: argparse.Namespace) -> int:
    """Witness a ledger from now on, or take a further key of one.

    The key has to come from whoever answers for the ledger, by a way you trust.
    """
    from overrides.errors import NoteInvalid, WitnessRefused
    from overrides.notes import PublicKey

    post = _post(args)
    if post.cosigner() is None:
        refuse("there is no witness here yet: make one with 'countermand witness init NAME'")
    try:
        key = PublicKey.from_vkey(text_of(args.key).strip())
    except NoteInvalid as unreadable:
        refuse(f"{args.key}: {unreadable}")
    try:
        new = post.take_on(key)
    except WitnessRefused as refused:
        refuse(str(refused))
    print(f"{key.name} is witnessed {'from now on' if new else 'already, with this key'}.")
    return YES


def cosign(args: argparse.Namespace) -> int:
    """Sign the checkpoint in a file, if it continues what was signed before, and print it.

    Where something was signed before, the file must come with a proof: it is what 'countermand
    ledger checkpoint --since SIZE' prints there. The output goes back to the ledger, for
    'countermand cosigner take'.
    """
    from overrides.errors import WitnessRefused
    from overrides.offers import read_offer
    from overrides.witness_post import Outcome

    text = text_of(args.offer)
    try:
        answer = _post(args).add_checkpoint(text, carried=True)
    except WitnessRefused as refused:
        refuse(str(refused))
    if answer.outcome is not Outcome.COSIGNED:
        refuse(f"{args.offer}: {answer.said}{_advice(answer)}")
    sys.stdout.write(read_offer(text).note + answer.lines)
    return YES


def ledgers(args: argparse.Namespace) -> int:
    """List the ledgers that are witnessed: how much of each was signed, and when."""
    from overrides.errors import WitnessRefused
    from overrides.instants import instant_text

    post = _post(args)
    try:
        seen = [post.seen(log) for log in post.ledgers()]
    except WitnessRefused as damaged:
        refuse(str(damaged))
    cosigner, forks = post.cosigner(), post.forks()
    if args.json:
        rows = [
            {
                "log": one.log,
                "size": one.size,
                "root": one.root.hex(),
                "signed_at": instant_text(one.at) if one.note else None,
            }
            for one in seen
        ]
        keys = [str(key) for key in cosigner.keys] if cosigner else []
        print_json({"keys": keys, "ledgers": rows, "forks": [str(path) for path in forks]})
        return YES
    if cosigner is None:
        print("There is no witness here.")
    elif not seen:
        print(f"{cosigner.name} witnesses no ledger yet.")
    else:
        when = [f"{one.at:%Y-%m-%d %H:%M UTC}" if one.note else "never" for one in seen]
        rows_ = [(one.log, f"{one.size:,}", at) for one, at in zip(seen, when, strict=True)]
        print(f"{cosigner.name} witnesses:")
        print_table([("ledger", "entries", "signed"), *rows_])
    for path in forks:
        print(f"FORK: {path} has two histories of one ledger, both signed with its own key.")
    return YES


def _post(args: argparse.Namespace) -> "WitnessPost":
    """The witness in the directory."""
    from overrides.witness_post import WitnessPost

    return WitnessPost(settings_of(args).witness, lambda: datetime.now(UTC))


def _advice(answer: "Answer") -> str:
    """What to do about a refusal."""
    from overrides.witness_post import Outcome

    if answer.outcome is Outcome.BEHIND and answer.size:
        return f" Ask for what 'countermand ledger checkpoint --since {answer.size}' prints."
    if answer.outcome is Outcome.BEHIND:
        return " Ask for what 'countermand ledger checkpoint' prints."
    return ""


def text_of(path: Path) -> str:
    """A small text file from the command line."""
    try:
        with path.open("rb") as file:
            return file.read(FILE_BYTES_MAX).decode()
    except OSError as unreadable:
        refuse(f"{path}: {(unreadable.strerror or 'it cannot be read').lower()}")
    except UnicodeDecodeError:
        refuse(f"{path}: this is no text")
