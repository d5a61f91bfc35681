"""``countermand reconcile``: booked loans held against recorded decisions."""

import argparse
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any

from decision_service.commands.grammar import NO, YES, Verbs, print_json, print_table, refuse, whole
from decision_service.commands.installation import installed

DAYS_MAX = 3_650


def declare(verbs: Verbs) -> None:
    """Add the command."""
    parser = verbs.verb("reconcile", reconcile, reads=True)
    parser.add_argument("file", metavar="FILE", type=Path, help="booked loans of the core system")
    parser.add_argument(
        "--record",
        action="store_true",
        help="write it to the ledger, and open what was found as findings with an owner",
    )
    parser.add_argument("--product", action="append", default=[], help="in scope (default: all)")
    parser.add_argument("--branch", action="append", default=[], help="in scope (default: all)")
    parser.add_argument(
        "--exempt",
        action="append",
        metavar="KIND",
        choices=("none", "new", "renewal", "top_up"),
        help="kind of loan that needs no decision of its own (default: renewal)",
    )
    parser.add_argument(
        "--tolerance", metavar="SHARE", type=share, default="0.01", help="of amounts (0.01)"
    )
    parser.add_argument("--days-apart", type=whole(0, DAYS_MAX), default=90, metavar="N")
    parser.add_argument("--unbooked-days", type=whole(0, DAYS_MAX), default=90, metavar="N")
    parser.add_argument("--dates", choices=("year-first", "day-first", "month-first"), default="")
    parser.add_argument("--decimal", choices=("point", "comma"), default="")
    parser.add_argument("--encoding", default="", help="where it is not UTF-8, such as cp1252")
    parser.add_argument("--currency", default="", help="of lines that name none")
    parser.add_argument(
        "--column",
        action="append",
        default=[],
        metavar="OURS=THEIRS",
        help="column of the file that is ours under another name",
    )


def share(text: str) -> Decimal:
    """A type for arguments: a share from 0 to 1."""
    try:
        found = Decimal(text)
    except InvalidOperation:
        found = Decimal(-1)
    if not 0 <= found <= 1:
        msg = f"{text!r} is not a share from 0 to 1"
        raise argparse.ArgumentTypeError(msg)
    return found


def reconcile(args: argparse.Namespace) -> int:
    """Hold the core system's file of booked loans against the decisions recorded here.

    Each loan is matched, without a decision, or needs checking; loans booked before or against a
    decision, on other terms, and approvals that were not booked are named. The exit status is 1
    where there is anything to look into, or a line that cannot be read. With --record the run is
    an entry of the ledger and each finding is tracked until somebody closes it: see /findings.
    """
    from decision_service.access import HOST
    from decision_service.reconciliation import reconcile_file, record_run
    from overrides.booked_loans import OPTIONAL, REQUIRED, Declared
    from overrides.reconciling import ProductScope

    columns = dict(pair.partition("=")[::2] for pair in args.column)
    if wrong := sorted(set(columns) - {*REQUIRED, *OPTIONAL}):
        refuse(f"there is no column {', '.join(wrong)}: {', '.join((*REQUIRED, *OPTIONAL))}")
    declared = Declared(
        encoding=args.encoding,
        dates=args.dates,
        decimal=args.decimal,
        currency=args.currency,
        columns=columns,
    )
    scope = ProductScope(
        products=frozenset(args.product),
        branches=frozenset(args.branch),
        exempt_kinds=frozenset(args.exempt or ("renewal",)) - {"none"},
        amount_share=args.tolerance,
        days_apart=args.days_apart,
        unbooked_days=args.unbooked_days,
    )
    with installed(args) as services:
        found = reconcile_file(services, args.file.read_bytes(), declared, scope)
        answer = record_run(services, HOST, found).answer if args.record else {}
    told = {**found.as_json(), **({"recorded": dict(answer)} if answer else {})}
    if args.json:
        print_json(told)
    else:
        _print(told)
    return YES if found.clean else NO


def _print(told: dict[str, Any]) -> None:
    """The result in words."""
    print(f"{told['loans']} loans, read as {', '.join(map(str, told['read_as'].values()))!r}.")
    rows = [["branch", "matched", "without", "to check", "out of scope", "rate", "95 % exact"]]
    whole_file = {"branch": "ALL", **told["whole"]}
    for one in (*told["branches"], whole_file):
        rate, ends = one["without_decision_rate"], one["interval"]
        rows.append(
            [
                one["branch"] or "(none named)",
                *(str(one[name]) for name in ("matched", "without_decision")),
                *(str(one[name]) for name in ("needs_checking", "out_of_scope")),
                "-" if rate is None else f"{rate:.4f} of {one['of']}",
                "-" if ends is None else f"{ends[0]:.4f} to {ends[1]:.4f}",
            ]
        )
    print_table(rows)
    for one in told["findings"]:
        place = f"line {one['line']}: loan {one['loan_id']}" if one["line"] else "no loan"
        case = f", case {one['case_id']}" if one["case_id"] else ""
        print(f"{one['kind']}: {place}{case}: {one['detail']}")
    for one in told["broken"]:
        print(f"NOT READ: line {one['line']}: {one['problem']}")
    if recorded := told.get("recorded"):
        print(f"Recorded: {recorded['opened']} new findings, {recorded['known']} known before.")
