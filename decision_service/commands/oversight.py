"""``countermand oversight``: what staff were told, and what is done to see how oversight works."""

import argparse
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import TYPE_CHECKING

from decision_service.commands.grammar import (
    NO,
    USAGE,
    YES,
    Verbs,
    instant,
    print_json,
    print_table,
    refuse,
)
from decision_service.commands.installation import installed
from decision_service.commands.persons import acting, person_options

if TYPE_CHECKING:
    from decision_service.services import Services
    from overrides.journal import Decided

PRACTICES = ("blind_first", "dwell_time")
HEADING = ("PRACTICE", "SHARE", "SINCE", "BY", "NOTICE GIVEN ON")
READ_AT_ONCE = 1_000
NOTICE_BYTES_MAX = 10_000_000


def declare(verbs: Verbs) -> None:
    """Add the noun and its verbs."""
    noun = verbs.noun("oversight", "notices to staff, and views recorded before the score is seen")
    parser = noun.verb("notice", notice)
    parser.add_argument("file", type=Path, metavar="FILE", help="the notice as staff had it")
    parser.add_argument(
        "--practice",
        choices=PRACTICES,
        action="append",
        required=True,
        help="what it tells of; may be repeated",
    )
    parser.add_argument(
        "--given-on", type=instant, required=True, metavar="DATE", help="when staff had it"
    )
    person_options(parser)
    parser = noun.verb("switch", switch)
    parser.add_argument(
        "practice", choices=PRACTICES, metavar="PRACTICE", help=" or ".join(PRACTICES)
    )
    parser.add_argument(
        "--share",
        type=share,
        required=True,
        help="of the cases that come to a person; 0 is off; dwell_time: 0 or 1",
    )
    person_options(parser)
    noun.verb("show", show, reads=True)
    parser = noun.verb("draws", draws, reads=True)
    parser.add_argument(
        "--seed", type=Path, metavar="FILE", help="default: blind-first.seed beside the keys"
    )


def share(text: str) -> Decimal:
    """A type for arguments: a share from 0 to 1."""
    try:
        found = Decimal(text) if text.isascii() else None
    except InvalidOperation:
        found = None
    if found is None or not found.is_finite() or not 0 <= found <= 1:
        msg = f"{text!r} is not a share from 0 to 1, as 0.1"
        raise argparse.ArgumentTypeError(msg)
    return abs(found.normalize())


def notice(args: argparse.Namespace) -> int:
    """Record that staff had a notice; its text stays with you, the ledger keeps its hash."""
    import hashlib

    from overrides.oversight import Practice, decide_notice

    text = _notice_text(args.file)
    digest = hashlib.sha256(text).hexdigest()
    with acting(args) as (acts, actor):
        services = acts.services
        practices = [Practice(name) for name in args.practice]
        day, now = args.given_on.date(), services.clock()
        decided = decide_notice(actor, practices, digest, day, now, services.new_id, args.note)
        seq = _written(services, decided)
    print(f"Recorded as ledger entry {seq}: notice given on {day}, SHA-256 {digest}")
    return YES


def switch(args: argparse.Namespace) -> int:
    """Set for which share of the cases people say what they think before they see the score.

    For dwell_time: whether it is kept how long a page was read before its form was sent.
    """
    from overrides.blind_first import fingerprint
    from overrides.oversight import Practice, decide_switch

    if args.practice != PRACTICES[0] and args.share not in (0, 1):
        refuse(f"{args.practice} is on for everybody or for nobody: give --share 1 or 0", USAGE)
    with acting(args) as (acts, actor):
        services = acts.services
        oversight, practice = services.oversight, Practice(args.practice)
        known = oversight.practices(fresh=True)
        seed = ""
        if args.share and practice is Practice.BLIND_FIRST and practice.value in known.notices:
            seed = fingerprint(oversight.make_seed(services.vault.random_bytes))
        decided = decide_switch(
            known, actor, practice, args.share, seed, services.new_id, args.note
        )
        seq = _written(services, decided)
    print(f"Recorded as ledger entry {seq}: {args.practice} for a share of {args.share:f}")
    return YES


def show(args: argparse.Namespace) -> int:
    """Show what staff were told and what is on."""
    from overrides.oversight import Practice

    with installed(args) as services:
        known = services.oversight.practices(fresh=True)
        people = {one.by for one in known.switches} | {one.by for one in known.notices.values()}
        names = services.people.names(people)
    told = []
    for practice in Practice:
        held, given = known.switch(practice), known.notices.get(practice.value)
        told.append(
            {
                "practice": practice.value,
                "share": format(known.share(practice), "f"),
                "since": held.at.isoformat() if held else None,
                "by": names[held.by] if held else None,
                "seed": held.seed if held else None,
                "notice": {
                    "given_on": given.given_on.isoformat(),
                    "sha256": given.sha256,
                    "recorded_by": names[given.by],
                    "event_id": given.event_id,
                }
                if given
                else None,
            }
        )
    if args.json:
        print_json({"practices": told})
        return YES
    rows = [
        (
            str(one["practice"]),
            str(one["share"]) if one["share"] != "0" else "off",
            str(one["since"] or "")[:10],
            str(one["by"] or ""),
            one["notice"]["given_on"] if isinstance(one["notice"], dict) else "not recorded",
        )
        for one in told
    ]
    print_table([HEADING, *rows])
    return YES


def draws(args: argparse.Namespace) -> int:
    """Draw every case again with the seed, and compare with what is recorded."""
    from decision_service.oversight import SEED_FILE, read_seed
    from overrides.blind_first import as_the_seed_says, was_drawn
    from overrides.event_kinds import DECISION_KINDS
    from overrides.events import read_event

    counts = {"drawn": 0, "not_drawn": 0, "differ": 0, "other_seed": 0}
    with installed(args) as services:
        file = args.seed or services.settings.keys / SEED_FILE
        try:
            seed = read_seed(file)
        except (OSError, ValueError) as unread:
            refuse(f"there is no seed to draw with: {unread}")
        after, kinds = -1, sorted(DECISION_KINDS)
        while entries := services.ledger.changes(after, READ_AT_ONCE, kinds):
            after = entries[-1].seq
            for event in (read_event(entry.body) for entry in entries):
                sampled = event.data["sampled"] or {}
                if "blind" not in sampled:
                    continue
                fits = as_the_seed_says(seed, str(event.case), sampled)
                drawn = "drawn" if was_drawn(sampled) else "not_drawn"
                counts[drawn if fits else "other_seed" if fits is None else "differ"] += 1
    if args.json:
        print_json(counts)
    else:
        print(
            f"{counts['drawn']} of {counts['drawn'] + counts['not_drawn']} cases were drawn, each"
            f" as this seed says. {counts['differ']} differ. {counts['other_seed']} were drawn by"
            " another seed and not checked."
        )
    return NO if counts["differ"] else YES


def _notice_text(file: Path) -> bytes:
    """The notice; refused where it cannot be read, is empty, or is no letter."""
    try:
        text = file.read_bytes()
    except OSError as unread:
        refuse(f"the notice cannot be read: {unread}")
    if not text.strip() or len(text) > NOTICE_BYTES_MAX:
        refuse(f"{file} is no notice: give the text that staff had, of at most 10 MB")
    return text


def _written(services: "Services", decided: "Decided") -> int:
    """Record it; its place in the ledger."""
    return services.journal.submit(lambda _: decided).result().entries[0].seq
