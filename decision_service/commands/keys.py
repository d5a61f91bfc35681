"""``countermand key``: keys of programs, and the keys of the installation itself."""

import argparse
from pathlib import Path

from decision_service.commands.grammar import (
    USAGE,
    YES,
    Verbs,
    print_json,
    print_table,
    refuse,
)
from decision_service.commands.installation import installed, keyless

HEADING = ("KEY", "OF", "ADDED", "REVOKED")
REASONS = ("planned", "lost", "compromised")


def declare(verbs: Verbs) -> None:
    """Add the noun and its verbs."""
    key = verbs.noun("key", "keys of programs, and the keys of the installation itself")
    parser = key.verb("add", add, reads=True)
    parser.add_argument("--user", metavar="NAME", required=True, help="a person or a service")
    key.verb("list", list_keys, reads=True)
    parser = key.verb("revoke", revoke)
    parser.add_argument("key", metavar="KEY", help="public id of the key, as in key list")
    parser.add_argument(
        "--reason", metavar="WORD", default="compromised", help="default: compromised"
    )
    key.verb("rotate", rotate)
    parser = key.verb("replace", replace)
    parser.add_argument(
        "which",
        nargs="+",
        choices=("signing", "personal", "lookup"),
        help="the key that signs checkpoints, the key above the data keys, or the key by which "
        "applications and parties are found",
    )
    parser.add_argument("--reason", choices=REASONS, required=True, help="why")
    parser.add_argument(
        "--home",
        metavar="DIR",
        type=Path,
        help="folder of the signer, where the key that signs lies with one of its own",
    )


def add(args: argparse.Namespace) -> int:
    """Make a key for a person or a service, printed once, alone on the last line."""
    from decision_service.access import HOST
    from decision_service.people_changes import people_changes

    with installed(args) as services:
        person, key = people_changes(services).add_key(HOST, args.user)
    if args.json:
        print_json({"key": key.text, "public_id": key.public_id, "user": person.name})
        return YES
    print(f"Key {key.public_id} of {person.name}, shown only here:")
    print(key.text)
    return YES


def list_keys(args: argparse.Namespace) -> int:
    """List every key of a program there ever was: whose, since when, and whether it is revoked."""
    with installed(args) as services:
        known = services.people.store.every_key()
    if args.json:
        print_json(
            {
                "keys": [
                    {
                        "public_id": key.public_id,
                        "user": key.name,
                        "added_at": key.added_at.isoformat(),
                        "revoked_at": key.revoked_at.isoformat() if key.revoked_at else None,
                    }
                    for key in known
                ]
            }
        )
    elif known:
        rows = [
            (
                key.public_id,
                key.name,
                f"{key.added_at:%Y-%m-%d %H:%M}",
                f"{key.revoked_at:%Y-%m-%d %H:%M}" if key.revoked_at else "",
            )
            for key in known
        ]
        print_table([HEADING, *rows])
    else:
        print("There is no key yet: countermand key add --user NAME")
    return YES


def revoke(args: argparse.Namespace) -> int:
    """Make one key of a program open nothing, at once; other keys of its owner stay.

    The key is named by its public id: the part between cmk_ and the secret.
    """
    from decision_service.access import HOST
    from decision_service.people_changes import people_changes

    with installed(args) as services:
        key = people_changes(services).revoke_key(HOST, args.key, args.reason)
    print(f"Key {key.public_id} of {key.name} opens nothing any more.")
    print(f"Give {key.name} another: countermand key add --user {key.name}")
    return YES


def rotate(args: argparse.Namespace) -> int:
    """Replace the key above all data keys; copies of data keys made before open no more.

    What was cut short is finished. A server does this every day and after every erasure.
    """
    from decision_service.access import HOST

    with installed(args) as services:
        epoch = services.rotation.rotate(HOST, "asked")
    print(f"Key {epoch} is in use; those before it are destroyed.")
    print("Copy the keys folder anew, apart from the backups, and destroy older copies of it.")
    return YES


def replace(args: argparse.Namespace) -> int:
    """Replace keys of the installation that are due, lost or compromised, and record that.

    signing: another key signs from now on; auditors have to be given its public half. The ledger
    and every old checkpoint stay good. Stop the service and the signer first.
    personal: the key above the data keys is lost. What it locked can be read by nobody any more;
    decisions, acts, outcomes and numbers stay. (One that is not lost: key rotate.)
    lookup: the key by which applications and parties are found is lost; another takes its place.
    """
    from secrets import token_bytes

    from decision_service.key_replacement import Reason, Replacement, Which

    which, reason = {Which(word) for word in args.which}, Reason(args.reason)
    if which != {Which.SIGNING} and reason is not Reason.LOST:
        refuse("keys beside the one that signs are replaced where they are lost", USAGE)
    replacement = Replacement(keyless(args), token_bytes, args.home)
    if reason is Reason.PLANNED:
        done = [replacement.planned()]
    else:
        done = replacement.go_on(sorted(which), reason)
    for one in done:
        if one.which is Which.SIGNING:
            _tell_signing(args.reason, one.vkey, one.seq)
        elif one.which is Which.PERSONAL:
            _tell_personal(one.lost, one.seq)
        else:
            print(f"Entry {one.seq} says that the lookup key is another. Applications are found by")
            print("their number again; parties are not linked with what was recorded of them")
            print("before, and a request that is repeated from before is taken for a new one.")
            for hold in one.holds:
                print(f"The legal hold {hold.hold_id} does not cover later cases of its party:")
                print("set another of the same party beside it (countermand hold set --party).")
    print("Copy the keys folder anew, apart from the backups.")
    return YES


def _tell_personal(lost: int, seq: int) -> None:
    """What is left without a key-encryption key."""
    print(f"{lost} data keys open no more: what they locked is lost to everybody.")
    print(f"Entry {seq} says so. Decisions, acts, outcomes and numbers stay, and the ledger still")
    print("verifies; it says what cannot be read. Never rebuild: what the tables still say of")
    print("names and numbers of applications is nowhere else.")


def _tell_signing(reason: str, vkey: str, seq: int) -> None:
    """What to do now that another key signs."""
    print(f"Entry {seq} names the key that signs from now on:")
    print(vkey)
    if reason == "planned":
        print("The former key signed that entry, so who trusts it can trust this one.")
    else:
        print("Give it to every auditor in person: nothing here can prove that it is yours.")
    if reason == "compromised":
        print("Tell them to trust the former key for nothing but what they remember already.")
