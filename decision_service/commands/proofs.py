"""``countermand selftest``: whether what is installed here is what it says it is."""

import argparse
from typing import TYPE_CHECKING

from decision_service.commands.grammar import NO, YES, Verbs, print_json
from decision_service.commands.installation import installed, settings_of

if TYPE_CHECKING:
    from decision_service.selftest import Outcome


def declare(verbs: Verbs) -> None:
    """Add the command."""
    verbs.verb("selftest", selftest, reads=True)


def selftest(args: argparse.Namespace) -> int:
    """Hold this build against known answers, and the registered models against their promises."""
    outcomes = _outcomes(args)
    good = not any(outcome.problem for outcome in outcomes)
    if args.json:
        tests = [{"name": o.name, "ok": not o.problem, "problem": o.problem} for o in outcomes]
        print_json({"ok": good, "tests": tests})
    else:
        for outcome in outcomes:
            problem = f": {outcome.problem}" if outcome.problem else ""
            print(f"{'BROKEN' if outcome.problem else 'ok':<7} {outcome.name}{problem}")
        print("Everything answers as it must." if good else "Do not rely on this installation.")
    return YES if good else NO


def _outcomes(args: argparse.Namespace) -> "list[Outcome]":
    """Every test; those of models only where there is an installation."""
    from decision_service.selftest import run_selftest

    if args.data is None and not settings_of(args).keys.is_dir():
        return list(run_selftest())
    with installed(args) as services:
        return list(run_selftest(services.registry))
