"""``countermand erase``: what goes, who asked for it and who approved it.

An erasure takes two people. Each says who they are by a key of their own (``countermand key add``),
in the environment variable COUNTERMAND_KEY or as the first line of standard input.
"""

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from decision_service.commands.grammar import (
    NO,
    USAGE,
    YES,
    Parser,
    Verbs,
    instant,
    print_json,
    print_table,
    refuse,
)
from decision_service.commands.installation import installed
from decision_service.commands.persons import acting, named, person_options, target_options

if TYPE_CHECKING:
    from collections.abc import Sequence

    from decision_service.services import Services
    from overrides.erasing import Due, Request

GROUNDS = ("person_asked", "consent_withdrawn", "no_longer_needed", "unlawful", "ordered")
HEADING = ("REQUEST", "ASKED", "BY", "WHAT", "PARTS", "GROUND", "STANDING")


def declare(verbs: Verbs) -> None:
    """Add the noun and its verbs."""
    erase = verbs.noun("erase", "erasures of personal data: asked for, approved, proven")
    parser = erase.verb("request", request, reads=True)
    target_options(parser)
    parser.add_argument("--ground", choices=GROUNDS, help="why; not needed with --due")
    parser.add_argument(
        "--due", action="store_true", help="everything the retention schedule says is due"
    )
    _as_of_option(parser)
    person_options(parser)
    parser = erase.verb("approve", approve, reads=True)
    _id_argument(parser)
    parser.add_argument(
        "--root", metavar="HEX", required=True, help="of the list you looked at (erase show)"
    )
    person_options(parser)
    parser = erase.verb("refuse", refuse_request, reads=True)
    _id_argument(parser)
    person_options(parser)
    erase.verb("list", list_requests, reads=True)
    for run in (show, certificate):
        _id_argument(erase.verb(run.__name__, run, reads=True))
    parser = erase.verb("due", due, reads=True)
    _as_of_option(parser)
    parser.add_argument("--out", metavar="FILE", type=Path, help="write the whole list there")
    erase.verb("finish", finish)
    parser = erase.verb("remember", remember)
    parser.add_argument("export", metavar="EXPORT", type=Path, help="an export of this ledger")


def request(args: argparse.Namespace) -> int:
    """Ask that personal data be erased; another person must approve it.

    What a legal hold or a law keeps is refused, and the refusal is recorded. Exit status 1 then.
    """
    with acting(args) as (acts, actor):
        if args.due:
            made = acts.ask_due(actor, args.as_of or acts.services.clock(), args.note)
        elif args.ground is None:
            refuse("say why: --ground", USAGE)
        else:
            made = acts.ask(actor, acts.target(named(args)), args.ground, args.note)
        _say(acts.services, made, as_json=args.json)
    return YES if made.standing.value == "waiting" else NO


def approve(args: argparse.Namespace) -> int:
    """Approve a request of another person, and erase what it names.

    Afterwards the key above all data keys is replaced, so that older copies open no more.
    """
    from decision_service.erasure_finishing import finish_erasures

    with acting(args) as (acts, actor):
        done = acts.approve(actor, args.request, args.root, args.note)
        finished = finish_erasures(acts.services)
        _say(acts.services, done, as_json=args.json)
        if not args.json and finished.epoch is not None:
            print("The key above all data keys was replaced: copies made before open no more,")
            print("except with a copy of the keys folder made before. Destroy such copies.")
        for name in finished.sets:
            print(f"The rows of the feedback set {name} were taken away.")
    return YES if done.standing.value == "erased" else NO


def refuse_request(args: argparse.Namespace) -> int:
    """Say no to a request, or take back one of your own."""
    with acting(args) as (acts, actor):
        _say(acts.services, acts.refuse(actor, args.request, args.note), as_json=args.json)
    return YES


def list_requests(args: argparse.Namespace) -> int:
    """List requests for erasure, newest first."""
    with installed(args) as services:
        found = services.erasures.requests(limit=1_000)
        names = services.people.names({one.asked_by for one in found})
    if args.json:
        print_json({"requests": [_as_json(one) for one in found]})
    elif found:
        print_table([HEADING, *(_as_row(one, names[one.asked_by]) for one in found)])
    else:
        print("Nobody has asked for anything to be erased.")
    return YES


def show(args: argparse.Namespace) -> int:
    """Show a request: what it would take or took by entry and part, and the root of that list."""
    from decision_service.erasure_certificate import PARTS_SHOWN
    from decision_service.erasure_words import part_words
    from decision_service.erasures import ErasureActs
    from decision_service.ledger_words import kind_words

    with installed(args) as services:
        acts = ErasureActs(services)
        found = acts.request(args.request)
        listed, root = acts.listed(found, PARTS_SHOWN)
        _say(services, found, as_json=args.json, listed=listed)
    if args.json:
        return YES
    for seq, kind, slot in listed:
        print(f"           entry {seq}, {kind_words(kind)}: {part_words(slot)}")
    if root != found.root:
        print("What would go is not what was asked for any more.")
    elif len(listed) < found.count:
        print(f"           and {found.count - len(listed)} more")
    return YES


def certificate(args: argparse.Namespace) -> int:
    """Print the certificate of an erasure: what ledger and keys folder show of it."""
    from decision_service.erasure_certificate import certificate as certify
    from decision_service.erasure_words import as_members, as_text

    with installed(args) as services:
        made = certify(services, args.request)
    if args.json:
        print_json(as_members(made))
    else:
        print("\n".join(as_text(made)))
    return YES


def due(args: argparse.Namespace) -> int:
    """List what the retention schedule says is due. Nothing is erased or recorded."""
    from decision_service.due_words import due_members
    from decision_service.erasures import ErasureActs

    with installed(args) as services:
        acts = ErasureActs(services)
        lines = acts.due(args.as_of or services.clock())
        schedule = acts.schedule().sha256
    if args.out is not None:
        _write_list(args.out, lines)
    if args.json:
        print_json({"schedule": schedule, "due": [due_members(line) for line in lines]})
        return YES
    free = [line for line in lines if not line.held]
    cases, parts = len({line.case_ref for line in free}), sum(len(line.parts) for line in free)
    print(f"Due under the schedule {schedule}: {parts} parts of {cases} cases.")
    if held := len(lines) - len(free):
        print(f"Kept by legal holds: {held} records.")
    if args.out is not None:
        print(f"The whole list is in {args.out}.")
    return YES


def finish(args: argparse.Namespace) -> int:
    """Do what erasures left to do, as a server does at its start and once an hour."""
    from decision_service.erasure_finishing import finish_erasures

    with installed(args) as services:
        finished = finish_erasures(services)
    if finished.again:
        print(f"Erased again, as it lay here once more: by {finished.again} entries.")
    print("Old keys were destroyed." if finished.epoch else "There was nothing left to do.")
    for words in finished.told:
        print(words)
    for name in finished.sets:
        print(f"The rows of the feedback set {name} were taken away.")
    return YES


def remember(args: argparse.Namespace) -> int:
    """Erase again what an export of this ledger says was erased.

    For an installation that was put back from a backup and has lost its own notes of what was
    erased after it. The export is checked with this installation's key first.
    """
    from decision_service.access import HOST
    from decision_service.erasure_finishing import finish_erasures
    from overrides.countermand_verify import Key, Memory, Verdict, check_export
    from overrides.erasure_memory import recorded_in
    from overrides.erasure_replay import Again
    from overrides.exported_erasures import erased_in
    from overrides.signing_keys import trusted_keys

    with installed(args) as services:
        keys = trusted_keys(services.settings.keys)
        memory = Memory(keys=tuple(Key.read(key.vkey) for key in keys))
        findings = check_export(args.export, memory)
        if findings.verdict is not Verdict.CLEAN:
            refuse(f"{args.export} is not used: {findings.found[0]}")
        replaying, again = services.replaying, Again()
        known = replaying.memory.known()
        found = [erased for erased in erased_in(args.export) if erased.event_id not in known]
        for erased in found:
            recorded = recorded_in(erased, services.ledger.log, keys)
            replaying.erase(HOST, erased, recorded, again)
            replaying.memory.keep(erased)
        again.told += finish_erasures(services).told
    print(f"Erasures that were not known here: {len(found)}.", end=" ")
    print(f"Entries that erase again: {again.entries}.")
    for words in again.told:
        print(words)
    return YES


def _id_argument(parser: Parser) -> None:
    """Which request."""
    parser.add_argument("request", metavar="REQUEST", help="as erase list names it")


def _as_of_option(parser: Parser) -> None:
    """As of when something is due."""
    parser.add_argument(
        "--as-of", metavar="TIME", type=instant, help="due as of this time (default: now)"
    )


def _say(
    services: "Services",
    request: "Request",
    *,
    as_json: bool,
    listed: "Sequence[tuple[int, str, str]] | None" = None,
) -> None:
    """Say where a request stands and what it is about; ``listed`` parts are members of JSON."""
    from decision_service.erasure_words import request_lines

    if as_json:
        members = {} if listed is None else {"listed": [list(part) for part in listed]}
        print_json(_as_json(request) | members)
    else:
        people = {request.asked_by, request.settled_by} - {""}
        print("\n".join(request_lines(request, services.people.names(people))))


def _as_json(request: "Request") -> dict[str, object]:
    """A request as JSON."""
    from overrides.instants import instant_text

    target = request.target
    return {
        "request": request.request_id,
        "standing": request.standing.value,
        "scope": target.scope.value,
        "case": target.case,
        "party": target.subject,
        "classes": list(target.classes),
        "ground": request.ground,
        "parts": request.count,
        "root": request.root,
        "schedule": request.schedule,
        "asked_by": request.asked_by,
        "asked_at": instant_text(request.asked_at),
        "why": request.why,
        "refusal_ground": request.refusal_ground,
        "kept_until": instant_text(request.kept_until) if request.kept_until else None,
        "settled_by": request.settled_by,
        "erased_seq": request.erased_seq,
    }


def _as_row(request: "Request", who: str) -> tuple[str, ...]:
    """A request as a row of the list."""
    target = request.target
    return (
        request.request_id,
        f"{request.asked_at:%Y-%m-%d}",
        who,
        f"{target.scope.value} {target.case or target.subject[:12]}".rstrip(),
        str(request.count),
        request.ground,
        request.standing.value,
    )


def _write_list(path: Path, lines: "list[Due]") -> None:
    """Write the list of what is due, a line of JSON each; nothing in it is personal."""
    import json

    from decision_service.due_words import due_members

    try:
        with path.open("x", encoding="utf-8") as file:
            file.writelines(json.dumps(due_members(line)) + "\n" for line in lines)
    except FileExistsError:
        refuse(f"{path} is there already: name a new file")
