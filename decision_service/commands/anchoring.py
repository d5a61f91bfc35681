"""``countermand ledger slip`` and ``stamp``: memories of the ledger that lie outside of it."""

import argparse
import sys

from decision_service.commands.grammar import YES, Verbs, print_json, refuse
from decision_service.commands.installation import installed, signed


def declare(ledger: Verbs) -> None:
    """Add the verbs to the noun."""
    ledger.verb("slip", slip, reads=True)


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
