"""``countermand ledger slip`` and ``stamp``: memories of the ledger that lie outside of it."""

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from decision_service.commands.grammar import USAGE, YES, Verbs, print_json, refuse, whole
from decision_service.commands.installation import installed, signed

if TYPE_CHECKING:
    from decision_service.services import Services
    from overrides.stamps import Authority, Stamp, Word

SECONDS_DEFAULT, SECONDS_MAX = 30, 600


def declare(ledger: Verbs) -> None:
    """Add the verbs to the noun."""
    ledger.verb("slip", slip, reads=True)
    parser = ledger.verb("stamp", stamp, reads=True)
    parser.add_argument(
        "--authority",
        metavar="FILE",
        type=Path,
        help="certificates of the authority that you trust, up to the one that signs itself",
    )
    parser.add_argument("--tsa", metavar="URL", help="address of the authority, asked at once")
    parser.add_argument("--request", metavar="FILE", type=Path, help="request, to be carried there")
    parser.add_argument("--reply", metavar="FILE", type=Path, help="reply to it, to be kept")
    parser.add_argument(
        "--seconds",
        type=whole(1, SECONDS_MAX),
        default=SECONDS_DEFAULT,
        help=f"wait no longer than this for all of it (default: {SECONDS_DEFAULT})",
    )


def slip(args: argparse.Namespace) -> int:
    """Sign where the ledger stands, and print a slip for two people to sign and keep.

    Every verifier takes it as a memory (--against): this text, the line of letters typed from it,
    or what a telephone reads from its picture, which is the signed checkpoint.
    """
    from decision_service.slips import slip_of, slip_text
    from overrides.instants import instant_text
    from overrides.signing_keys import trusted_keys

    with installed(args) as services:
        made = signed(services)
        if made is None:
            refuse("the ledger is empty: there is nothing to remember")
        found = slip_of(made, trusted_keys(services.settings.keys))
    if args.json:
        place = {"log": found.log, "size": found.size, "signed_at": instant_text(found.signed_at)}
        print_json({**place, "line": found.line, "note": found.note, "key": found.key})
    else:
        sys.stdout.write(slip_text(found))
    return YES


def stamp(args: argparse.Namespace) -> int:
    """Have a time stamping authority say when a signed checkpoint existed (RFC 3161).

    With --tsa it is asked at once. Without a network, write a --request, carry it there, and come
    back with the same --request and the --reply. A reply is checked against the authority that you
    trust before it is kept, and goes into every export from then on.
    """
    from overrides.stamps import StampInvalid

    try:
        return _stamped(args)
    except StampInvalid as invalid:
        refuse(str(invalid))
    except OSError as unreadable:
        refuse(f"{unreadable.filename}: {(unreadable.strerror or 'it cannot be read').lower()}")


def _stamped(args: argparse.Namespace) -> int:
    """Write a request, or get and keep a reply."""
    from decision_service.stamping import Asking, is_address
    from decision_service.witness_visit import NotReached
    from overrides.stamps import Stamp, number_of, request_for

    if bool(args.tsa) == bool(args.request) or (args.reply and not args.request):
        refuse(
            "say where to get a stamp (--tsa), or with which files (--request, then --reply)", USAGE
        )
    if args.tsa and not is_address(args.tsa):
        refuse(
            f"{args.tsa} is no address of an authority: write http://host/path or https://…", USAGE
        )
    if args.request and not args.reply:
        return _write_request(args)
    authority = authority_at(args.authority, USAGE)
    if authority is None:
        refuse("name the authority that you trust: --authority FILE with its certificates", USAGE)
    with installed(args) as services:
        if args.tsa:
            made = signed(services)
            if made is None:
                refuse("the ledger is empty: there is nothing to stamp")
            request, number = request_for(made.note)
            try:
                reply = Asking(args.tsa, seconds=args.seconds).stamp(request)
            except NotReached as silent:
                refuse(str(silent).rstrip("."))
            kept = Stamp(made.size, made.note, reply)
        else:
            number = number_of(args.request.read_bytes())
            kept = _stamp_of(services, args.reply.read_bytes())
        word = authority.judge(kept.reply, kept.note, number)
        services.stamps.save(kept)
        _record(services, kept, word)
    return _say(args, kept, word)


def _write_request(args: argparse.Namespace) -> int:
    """A request for the newest signed checkpoint, in a new file."""
    from overrides.stamps import request_for

    with installed(args) as services:
        made = signed(services)
    if made is None:
        refuse("the ledger is empty: there is nothing to stamp")
    request, _ = request_for(made.note)
    with args.request.open("xb") as file:
        file.write(request)
    found = {"log": made.log, "size": made.size, "request": str(args.request)}
    if args.json:
        print_json(found)
    else:
        print(f"{args.request} asks for a time stamp of the checkpoint over {_entries(made.size)}.")
        print("It holds a hash and nothing else. Bring the reply: --request FILE --reply FILE")
    return YES


def authority_at(path: Path | None, status: int) -> "Authority | None":
    """Whose time stamps are believed, where somebody is named; ``status`` of a bad file."""
    from overrides.stamps import Authority, StampInvalid

    try:
        return Authority.read(path.read_bytes()) if path else None
    except OSError as unreadable:
        refuse(f"{path}: {(unreadable.strerror or 'it cannot be read').lower()}", status)
    except StampInvalid as invalid:
        refuse(f"{path}: {invalid.finding}", status)


def _stamp_of(services: "Services", reply: bytes) -> "Stamp":
    """The stamp that a reply is, found by which of the checkpoints it is over."""
    from overrides.stamps import Stamp, is_over

    kept = (one for one in services.ledger.each_checkpoint() if is_over(reply, one.note.encode()))
    found = next(kept, None)
    if found is None:
        refuse("the reply is over none of the checkpoints of this ledger")
    return Stamp(found.size, found.note, reply)


def _record(services: "Services", kept: "Stamp", word: "Word") -> None:
    """Write down that a checkpoint was stamped."""
    from decision_service.access import HOST
    from decision_service.anchors import ANCHORED, STAMP
    from overrides.instants import instant_text
    from overrides.journal import Decided, Draft
    from overrides.notes import claimed_checkpoint

    data = {"size": kept.size, "root": claimed_checkpoint(kept.note).root.hex(), "kind": STAMP}
    draft = Draft(
        event_id=services.new_id(),
        type=ANCHORED,
        actor=HOST.ref,
        role=HOST.role.value,
        data={**data, "witness": word.by, "at": instant_text(word.at)},
    )
    services.journal.submit(lambda _: Decided((draft,))).result()


def _entries(count: int) -> str:
    """So many entries."""
    return "1 entry" if count == 1 else f"{count:,} entries"


def _say(args: argparse.Namespace, kept: "Stamp", word: "Word") -> int:
    """What was kept."""
    from overrides.countermand_verify import stamp_words
    from overrides.instants import instant_text

    if args.json:
        print_json({"size": kept.size, "at": instant_text(word.at), "by": word.by})
    else:
        print(stamp_words(kept.size, word.at, word.by))
        print("The reply is kept, and goes into every export. Keep a copy of one elsewhere, too.")
    return YES
