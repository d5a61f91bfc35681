"""What all commands have in common: how they are declared, and how they refuse."""

import argparse
import re
import sys
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from inspect import cleandoc
from typing import Any, NoReturn

YES, NO, USAGE = 0, 1, 2
INTERRUPTED = 130
DEFAULT_DATA = "countermand-data"
INSTANT = re.compile(r"\d{4}-\d\d-\d\d(T\d\d:\d\d(:\d\d(\.\d{1,6})?)?(Z|[+-]\d\d:\d\d))?", re.ASCII)

Run = Callable[[argparse.Namespace], int]


class CommandRefused(Exception):
    """A command cannot do what was asked. The text is one sentence that says what to do next."""

    def __init__(self, text: str, status: int = NO) -> None:
        super().__init__(text)
        self.status = status


def refuse(text: str, status: int = NO) -> NoReturn:
    """End the command with one sentence."""
    raise CommandRefused(text, status)


class Parser(argparse.ArgumentParser):
    """A parser that answers wrong usage with one sentence and a status of its own."""

    def __init__(self, *args: Any, usage_status: int = USAGE, **options: Any) -> None:
        super().__init__(*args, **{"allow_abbrev": False, **options})
        self.usage_status = usage_status

    def error(self, message: str) -> NoReturn:
        """Say what is wrong and where to read on."""
        sys.stderr.write(f"{self.prog}: {message}. See {self.prog} --help.\n")
        raise SystemExit(self.usage_status)


class Verbs:
    """The verbs under one noun, or the commands that need no noun."""

    def __init__(self, parser: argparse.ArgumentParser, title: str) -> None:
        self._parsers = parser.add_subparsers(
            required=True, metavar=title, title=f"{title}s", parser_class=Parser
        )

    def noun(self, name: str, about: str) -> "Verbs":
        """A noun with verbs of its own."""
        return Verbs(self._parsers.add_parser(name, help=about, description=about), "verb")

    def verb(
        self,
        name: str,
        run: Run,
        *,
        reads: bool = False,
        data: bool = True,
        usage_status: int = USAGE,
    ) -> Parser:
        """A command. ``reads`` gives it ``--json``, ``data`` gives it ``--data``."""
        about = cleandoc(run.__doc__ or "")
        first = about.splitlines()[0].rstrip(".")
        parser: Parser = self._parsers.add_parser(
            name,
            help=first[:1].lower() + first[1:],
            description=about,
            usage_status=usage_status,
            formatter_class=argparse.RawDescriptionHelpFormatter,
        )
        if data:
            parser.add_argument(
                "--data",
                metavar="DIR",
                help=f"directory of the installation (default: {DEFAULT_DATA})",
            )
        if reads:
            parser.add_argument("--json", action="store_true", help="answer as JSON")
        parser.set_defaults(run=run, parser=parser)
        return parser


def print_json(value: object) -> None:
    """One JSON document on standard output."""
    import json

    print(json.dumps(value, ensure_ascii=False, indent=2))


def print_table(rows: Sequence[Sequence[str]]) -> None:
    """Rows of text in columns; the first row is the heading."""
    widths = [max(len(row[place]) for row in rows) for place in range(len(rows[0]))]
    for row in rows:
        cells = (cell.ljust(width) for cell, width in zip(row, widths, strict=True))
        print("  ".join(cells).rstrip())


def whole(low: int, high: int) -> Callable[[str], int]:
    """A type for arguments: a whole number within bounds."""

    def number(text: str) -> int:
        found = int(text) if text.isascii() and text.isdecimal() else None
        if found is None or not low <= found <= high:
            msg = f"{text!r} is not a whole number from {low} to {high}"
            raise argparse.ArgumentTypeError(msg)
        return found

    return number


def instant(text: str) -> datetime:
    """A type for arguments: an RFC 3339 time, or a date for the start of that day in UTC."""
    try:
        found = datetime.fromisoformat(text) if INSTANT.fullmatch(text) else None
    except ValueError:
        found = None
    if found is None:
        msg = f"{text!r} is not a time: write it like 2026-11-22T09:00:00Z or 2026-11-22"
        raise argparse.ArgumentTypeError(msg)
    return found.astimezone(UTC) if found.tzinfo else found.replace(tzinfo=UTC)
