"""``countermand bundle``: models with policy and wording, from first check to rollback."""

import argparse
import json
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from decision_service.commands import comparing, publishing, signoffs, watching
from decision_service.commands.grammar import NO, YES, Verbs, print_json, print_table
from decision_service.commands.installation import installed, model_hosts

if TYPE_CHECKING:
    from decision_service.registry import Registry
    from decision_service.standings import Standing
    from overrides.values import Actor

HEADING = ("NAME", "STATUS", "MODEL", "POLICY", "CODEBOOK", "SHA256", "REGISTERED")


def declare(verbs: Verbs) -> None:
    """Add the noun and its verbs."""
    bundle = verbs.noun("bundle", "models with their policy, wording and promises")
    for run, reads in ((check, True), (example, False), (measure, False)):
        parser = bundle.verb(run.__name__, run, reads=reads, data=False)
        parser.add_argument("directory", metavar="DIR", type=Path, help="folder of the bundle")
    parser = bundle.verb("from-mlflow", from_mlflow, data=False)
    parser.add_argument("folder", metavar="FOLDER", type=Path, help="model folder of MLflow")
    parser.add_argument("directory", metavar="DIR", type=Path, help="folder of the bundle")
    publishing.declare(bundle)
    parser = bundle.verb("add", add)
    parser.add_argument("directory", metavar="DIR", type=Path, help="folder of the bundle")
    parser.add_argument("--note", default="", help="why; kept encrypted in the ledger")
    bundle.verb("list", list_bundles, reads=True)
    for run in (suspend, resume, promote, rollback):
        parser = bundle.verb(run.__name__, run)
        parser.add_argument("name", metavar="NAME", help="name of a registered bundle")
        parser.add_argument("--note", default="", help="why; kept encrypted in the ledger")
    signoffs.declare(bundle)
    watching.declare(bundle)
    comparing.declare(bundle)
    for run, reads in ((drill, False), (again, True)):
        parser = bundle.verb(run.__name__, run, reads=reads)
        parser.add_argument("name", metavar="NAME", help="name of a registered bundle")
    parser = bundle.verb("card", card)
    parser.add_argument("name", metavar="NAME", help="name of a registered bundle")


def check(args: argparse.Namespace) -> int:
    """Prove the promises of a bundle: its files, its sums, its wording."""
    from explain.checks import check_bundle

    findings = check_bundle(args.directory, model_hosts=model_hosts())
    kept = all(finding.ok for finding in findings)
    if args.json:
        found = [{"ok": finding.ok, "text": finding.text} for finding in findings]
        print_json({"ok": kept, "findings": found})
    else:
        for finding in findings:
            print(f"{'kept' if finding.ok else 'BROKEN':<7} {finding.text}")
        print("Every promise is kept." if kept else "Not fit for use: see what is BROKEN.")
    return YES if kept else NO


def example(args: argparse.Namespace) -> int:
    """Print one valid application of a bundle as JSON, always the same."""
    from explain import bundle

    print(json.dumps(bundle.example(args.directory), ensure_ascii=False))  # a line for `decide`
    return YES


def measure(args: argparse.Namespace) -> int:
    """Measure the reasons of a bundle, write that down in its folder, and seal it anew."""
    from explain.bundle import describe, load
    from explain.measures.measuring import write_measured

    loaded = load(args.directory, apart=True, model_hosts=model_hosts())
    write_measured(loaded, args.directory)
    for told in describe(args.directory).measured:
        print(told)
    return YES


def from_mlflow(args: argparse.Namespace) -> int:
    """Put the model of an MLflow folder into a bundle's folder, and seal that anew.

    model.yaml must be there and name the file and its format. The columns of the signature are held
    against its contract. A model that can only be loaded by running code is refused, with what to
    do instead.
    """
    from explain.libraries.mlflow_folder import take_mlflow

    found = take_mlflow(args.folder, args.directory)
    columns = len(found.columns)
    compared = f"{columns} columns as in the contract" if columns else "no columns to compare"
    print(f"{found.file} ({found.flavour}) is in the bundle as {found.form}: {compared}.")
    print("Record its scores in the reference, then: countermand bundle check DIR")
    return YES


def add(args: argparse.Namespace) -> int:
    """Verify a bundle, copy it into the installation and register it."""
    from decision_service.access import HOST

    with installed(args) as services:
        version = services.registry.add(args.directory, HOST, args.note)
        champion = services.registry.standings().champion
    print(f"{version.name} is registered as {version.sha256[:16]}.")
    if not champion:
        print(f"No bundle is champion yet: countermand bundle promote {version.name}")
    return YES


def list_bundles(args: argparse.Namespace) -> int:
    """List the registered bundles, the champion first."""
    with installed(args) as services:
        standings = services.registry.standings(fresh=True).all()
    if args.json:
        print_json({"bundles": [_as_json(standing) for standing in standings]})
    elif standings:
        print_table([HEADING, *(_as_row(standing) for standing in standings)])
    else:
        print("No bundle is registered: countermand bundle add DIR")
    return YES


def suspend(args: argparse.Namespace) -> int:
    """Stop a bundle: every application of it goes to a person, unscored."""
    return _change(args, lambda r: r.suspend, "{0} is suspended: people decide without a score.")


def resume(args: argparse.Namespace) -> int:
    """Let a suspended bundle score again."""
    return _change(args, lambda r: r.resume, "{0} scores again.")


def promote(args: argparse.Namespace) -> int:
    """Make the newest version of a bundle the champion.

    Exit status 1 until it is validated and the four owners have signed, or made an exception.
    """
    return _change(args, lambda r: r.promote, "{0} is the champion.")


def rollback(args: argparse.Namespace) -> int:
    """Put back the champion that came before this one.

    Says how many open cases rest on the version that was left: see 'countermand bundle again'.
    """
    from decision_service.access import HOST
    from decision_service.going_back import cases_to_see_again

    with installed(args) as services:
        standing = services.registry.rollback(args.name, HOST, args.note)
        found = sum(1 for _ in cases_to_see_again(services, args.name))
    print(f"{standing.name} is the champion again.")
    if found:
        print(f"{found} open cases rest on what was left: countermand bundle again {args.name}")
    return YES


def drill(args: argparse.Namespace) -> int:
    """Rehearse a rollback: prove the version that would be champion again; change nothing.

    The rehearsal is recorded. Exit status 1 where the version cannot be put back.
    """
    from decision_service.access import HOST
    from decision_service.going_back import rehearse

    with installed(args) as services:
        done = rehearse(services, args.name, HOST)
    print(f"{done.version.name}, version {done.version.sha256[:16]}: {done.words}.")
    print("Nothing was changed.")
    return YES if done.ok else NO


def again(args: argparse.Namespace) -> int:
    """List the open cases whose score is of a version that a rollback left."""
    from decision_service.going_back import cases_to_see_again

    with installed(args) as services:
        services.registry.standings(fresh=True).standing(args.name)
        found = list(cases_to_see_again(services, args.name))
    if args.json:
        print_json({"cases": [one.as_json() for one in found]})
    elif found:
        rows = ((one.case_ref, one.branch, one.status, one.version) for one in found)
        print_table([("CASE", "BRANCH", "STATUS", "SCORED BY"), *rows])
    else:
        print("No open case rests on a version that a rollback left.")
    return YES


def card(args: argparse.Namespace) -> int:
    """Print a registered bundle's model card, and what the ledger says of the newest version."""
    from decision_service.governance_words import recorded_card
    from explain.bundle import card as card_of

    with installed(args) as services:
        print(card_of(services.registry.described(args.name)))
        print(recorded_card(services, args.name))
    return YES


Change = Callable[[str, "Actor", str], "Standing"]


def _change(args: argparse.Namespace, act: Callable[["Registry"], Change], said: str) -> int:
    """Record a change of standing and say what came of it."""
    from decision_service.access import HOST

    with installed(args) as services:
        standing = act(services.registry)(args.name, HOST, args.note)
    print(said.format(standing.name))
    return YES


def _as_json(standing: "Standing") -> dict[str, object]:
    """A standing as JSON."""
    version = standing.active
    return {
        "name": standing.name,
        "version": version.model.version,
        "status": standing.status,
        "sha256": version.sha256,
        "policy_version": version.policy.version,
        "codebook_version": version.codebook.version,
        "registered_at": version.registered_at.isoformat(),
        "versions": len(standing.versions),
    }


def _as_row(standing: "Standing") -> tuple[str, ...]:
    """A standing as a row of the table."""
    version = standing.active
    stamps = (version.model.version, version.policy.version, version.codebook.version)
    registered = f"{version.registered_at:%Y-%m-%d %H:%M}"
    return (standing.name, standing.status, *stamps, version.sha256[:16], registered)
