"""``countermand report``: the shared numbers, outside the browser."""

import argparse
from html import escape
from typing import TYPE_CHECKING

from decision_service.commands.grammar import USAGE, YES, Verbs, instant, print_json, refuse
from decision_service.commands.installation import installed

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from ui.views import BoardSection, BoardView

FORMATS = ("text", "json", "html")
SIMULATED = "Part of the history behind these numbers is simulated."
COLUMNS = ("Number", "Value", "95 %", "Counted from", "Baseline", "Target", "Owner", "State")


def declare(verbs: Verbs) -> None:
    """Add the noun and its verbs."""
    report = verbs.noun("report", "the shared numbers")
    for verb, run, since in (
        ("board", board, "cases opened from then on"),
        ("overrides", overrides, "decisions from then on; what matured is counted whole"),
    ):
        parser = report.verb(verb, run, reads=True)
        parser.add_argument("--bundle", metavar="NAME", default="", help="default: the champion")
        parser.add_argument("--from", metavar="TIME", dest="since", type=instant, help=since)
        parser.add_argument(
            "--to", metavar="TIME", dest="as_of", type=instant, help="as things stood then"
        )
        parser.add_argument("--format", choices=FORMATS, default="text", help="default: text")


def board(args: argparse.Namespace) -> int:
    """Print decision quality, turnaround and overrides, each with what it is counted over."""
    from decision_service.board_page import BoardPage

    with installed(args) as services:
        _check_span(args.since, args.as_of, services.clock())
        view = BoardPage(services).numbers(args.bundle, as_of=args.as_of, since=args.since)
    return _print(args, view, "Board")


def overrides(args: argparse.Namespace) -> int:
    """Print how often people decide against the model, why, and whether they were right."""
    from decision_service.override_pages import OverridePages

    with installed(args) as services:
        _check_span(args.since, args.as_of, services.clock())
        view = OverridePages(services).report(args.bundle, as_of=args.as_of, since=args.since)
    return _print(args, view, "Override report")


def _print(args: argparse.Namespace, view: "BoardView", title: str) -> int:
    """Print a report in the form that was asked for."""
    from decision_service.api_metrics import board_object

    if args.json or args.format == "json":
        print_json(board_object(view))
    else:
        print("\n".join(_html(view, title) if args.format == "html" else _text(view, title)))
    return YES


def _check_span(since: "datetime | None", until: "datetime | None", now: "datetime") -> None:
    """Refuse a span that ends before it begins, or that nobody can know of yet."""
    if until is not None and until > now:
        refuse("--to lies in the future: nobody knows yet how things will stand then", USAGE)
    if since is not None and since > (until or now):
        end = "--to" if until else "this moment, where the report ends without --to"
        refuse(f"--from lies after {end}: no case was opened between them", USAGE)


def _text(view: "BoardView", title: str) -> "Iterator[str]":
    """A report for a terminal."""
    from ui.words import instant_words

    yield f"{title} of {view.bundle} as of {instant_words(view.as_of)}"
    if view.simulated:
        yield SIMULATED
    for section in view.sections:
        yield from ("", section.title.upper(), section.lead)
        for figure in section.figures:
            interval = f" ({figure.interval})" if figure.interval else ""
            yield f"  {figure.label}: {figure.value}{interval}"
            yield f"      {figure.denominator}"
            if figure.target:
                agreed = f"target {figure.target}, baseline {figure.baseline}"
                yield f"      {agreed}; {figure.owner}; {figure.state}"
        yield from _aligned(section)


def _aligned(section: "BoardSection") -> "Iterator[str]":
    """A section's table in columns."""
    if section.table:
        yield f"  {section.table_caption}:"
        widths = [max(map(len, column)) for column in zip(*section.table, strict=True)]
        for row in section.table:
            cells = (cell.ljust(width) for cell, width in zip(row, widths, strict=True))
            yield f"      {'  '.join(cells)}".rstrip()


def _html(view: "BoardView", what: str) -> "Iterator[str]":
    """A report as a document of its own."""
    from overrides.instants import instant_text

    title = escape(f"{what} of {view.bundle} as of {instant_text(view.as_of)}")
    yield '<!doctype html>\n<html lang="en">\n<head><meta charset="utf-8">'
    yield f"<title>{title}</title></head>\n<body>\n<h1>{title}</h1>"
    if view.simulated:
        yield f"<p><strong>{SIMULATED}</strong></p>"
    for section in view.sections:
        yield f"<h2>{escape(section.title)}</h2>\n<p>{escape(section.lead)}</p>"
        figures = [
            (f.label, f.value, f.interval, f.denominator, f.baseline, f.target, f.owner, f.state)
            for f in section.figures
        ]
        if figures:
            yield from _html_table(section.title, (COLUMNS, *figures))
        if section.table:
            yield from _html_table(section.table_caption, section.table)
    yield "</body>\n</html>"


def _html_table(caption: str, rows: tuple[tuple[str, ...], ...]) -> "Iterator[str]":
    """A table with a heading row, its first column heading its rows."""
    heading = "".join(f'<th scope="col">{escape(cell)}</th>' for cell in rows[0])
    yield f"<table>\n<caption>{escape(caption)}</caption>\n<tr>{heading}</tr>"
    for first, *rest in rows[1:]:
        cells = "".join(f"<td>{escape(cell)}</td>" for cell in rest)
        yield f'<tr><th scope="row">{escape(first)}</th>{cells}</tr>'
    yield "</table>"
