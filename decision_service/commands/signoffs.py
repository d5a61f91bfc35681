"""``countermand bundle validate``, ``signoff`` and the exception board: who lets a model decide."""

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Any

from decision_service.commands.grammar import (
    NO,
    YES,
    Verbs,
    instant,
    print_json,
    print_table,
    refuse,
    whole,
)
from decision_service.commands.installation import installed
from decision_service.commands.persons import acting, person_options

if TYPE_CHECKING:
    from decision_service.services import Services
    from overrides.version_record import Record

OWNERS = ("model_owner", "risk", "compliance", "operations")
FILE_BYTES_MAX = 1_000_000
HOURS_DEFAULT, HOURS_MAX = 24, 72


def declare(bundle: Verbs) -> None:
    """Add the verbs to the noun."""
    parser = bundle.verb("validate", validate)
    _named(parser)
    parser.add_argument("file", metavar="FILE", type=Path, help="the validation record, as YAML")
    person_options(parser)
    parser = bundle.verb("signoff", signoff)
    _named(parser)
    parser.add_argument(
        "--as", dest="owner", choices=OWNERS, required=True, help="the owner you sign for"
    )
    person_options(parser)
    parser = bundle.verb("exception", exception)
    _named(parser)
    parser.add_argument("--until", type=instant, required=True, metavar="TIME", help="when it ends")
    parser.add_argument(
        "--hours",
        type=whole(1, HOURS_MAX),
        default=HOURS_DEFAULT,
        help=f"for the vote (default: {HOURS_DEFAULT})",
    )
    person_options(parser)
    parser = bundle.verb("vote", vote)
    _named(parser)
    either = parser.add_mutually_exclusive_group(required=True)
    either.add_argument("--for", dest="agrees", action="store_true", help="let it decide")
    either.add_argument("--against", dest="agrees", action="store_false", help="say why in --note")
    person_options(parser)
    _named(bundle.verb("signoffs", signoffs, reads=True))


def validate(args: argparse.Namespace) -> int:
    """Record that you have validated the newest version of a bundle, and what you found.

    You are of risk or compliance, have built nothing of it, and sign for none of its owners.
    """
    from decision_service.governing import Governing

    text = _text(args.file)
    with acting(args) as (acts, actor):
        receipt = Governing(acts.services).validate(actor, args.name, text)
        lacking = _lacking(acts.services, args.name)
    print(f"Recorded as ledger entry {receipt.entries[0].seq}. {lacking}")
    return YES


def signoff(args: argparse.Namespace) -> int:
    """Sign the newest version of a bundle for one of its four owners.

    Once each, by four people, on the newest validation record.
    """
    from decision_service.governing import Governing
    from overrides.values import Role

    with acting(args) as (acts, actor):
        governing = Governing(acts.services)
        receipt = governing.sign_off(actor, args.name, Role(args.owner), note=args.note)
        lacking = _lacking(acts.services, args.name)
    print(f"Signed, as ledger entry {receipt.entries[0].seq}. {lacking}")
    return YES


def exception(args: argparse.Namespace) -> int:
    """Ask the owners that a bundle may decide for a while although something is lacking.

    The note says why it cannot wait. Three owners must vote, more for it than against, risk or
    compliance among those for it; whoever asks has no vote. It lasts 30 days at most.
    """
    from decision_service.governing import Governing

    with acting(args) as (acts, actor):
        governing = Governing(acts.services)
        receipt = governing.ask_exception(actor, args.name, args.hours, args.until, args.note)
    print(
        f"Asked, as ledger entry {receipt.entries[0].seq}. The owners vote within {args.hours} h:"
        f" countermand bundle vote {args.name} --for|--against"
    )
    return YES


def vote(args: argparse.Namespace) -> int:
    """Vote on the exception that is asked for; who is against says why in the note."""
    from decision_service.governing import Governing

    with acting(args) as (acts, actor):
        governing = Governing(acts.services)
        receipt = governing.vote(actor, args.name, agrees=args.agrees, note=args.note)
        record = acts.services.registry.subject(args.name).record
        granted = record.exception(acts.services.clock()) is not None
    said = "It is granted." if granted else "It is not granted yet."
    print(f"Recorded as ledger entry {receipt.entries[0].seq}. {said}")
    return YES


def signoffs(args: argparse.Namespace) -> int:
    """Show who validated and signed the newest version of a bundle; exit 1 while any is lacking."""
    with installed(args) as services:
        of = services.registry.subject(args.name)
        told = told_of(services, of.record)
    told = {"name": of.name, "sha256": of.sha256, **told}
    if args.json:
        print_json(told)
    else:
        print(f"{of.name}, version {of.sha256}")
        rows = [(one["what"], one["by"], one["at"][:10]) for one in told["acts"]]
        if rows:
            print_table([("WHAT", "BY", "ON"), *rows])
        print(told["words"])
    return YES if told["may_be_champion"] else NO


def told_of(services: "Services", record: "Record") -> dict[str, Any]:
    """What was recorded of a version, as JSON; texts stay in the ledger."""
    from decision_service.governance_words import acts_of, standing_words

    now = services.clock()
    people = {act.by for act in acts_of(record)}
    names = services.people.names(people)
    return {
        "may_be_champion": not record.lacking(now) or record.exception(now) is not None,
        "lacking": list(record.lacking(now)),
        "words": standing_words(record, now),
        "acts": [
            {"what": act.what, "by": names[act.by], "at": act.at.isoformat(), "seq": act.seq}
            for act in acts_of(record)
        ],
    }


def _named(parser: argparse.ArgumentParser) -> None:
    """The bundle that is meant."""
    parser.add_argument("name", metavar="NAME", help="name of a registered bundle")


def _lacking(services: "Services", name: str) -> str:
    """What is still lacking, in a sentence."""
    from decision_service.governance_words import standing_words

    return standing_words(services.registry.subject(name).record, services.clock())


def _text(file: Path) -> str:
    """The text of the record; refused where it cannot be read."""
    try:
        content = file.read_bytes()
        if len(content) > FILE_BYTES_MAX:
            refuse(f"{file} is no validation record: it has more than 1 MB")
        return content.decode("utf-8")
    except (OSError, UnicodeDecodeError) as unread:
        refuse(f"the validation record cannot be read: {unread}")
