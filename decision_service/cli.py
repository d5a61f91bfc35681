"""The command line: noun, verb, arguments. Each command imports what it needs when it runs.

Exit status: 0 yes, 1 no (altered, refused, broken), 2 wrong usage; ``ledger verify`` has its own.
What goes wrong is said in one sentence on standard error, never as a stack trace.
"""

import os
import sys
from collections.abc import Sequence
from io import TextIOWrapper

from countermand import __version__
from decision_service.commands import (
    bundles,
    cosigners,
    database,
    demonstration,
    erasures,
    explaining,
    feedback,
    holds,
    keys,
    ledger,
    offline,
    outcomes,
    oversight,
    past,
    people,
    proofs,
    reconciling,
    recording,
    reports,
    serving,
    signing,
    witness,
)
from decision_service.commands.grammar import INTERRUPTED, NO, CommandRefused, Parser, Verbs

MODULES = (
    demonstration,
    serving,
    signing,
    people,
    keys,
    bundles,
    offline,
    explaining,
    ledger,
    witness,
    cosigners,
    outcomes,
    feedback,
    reconciling,
    recording,
    proofs,
    past,
    reports,
    erasures,
    holds,
    oversight,
    database,
)
ABOUT = "Keeps what people decide about a scored application, and proves it was never changed."
TRACE = "COUNTERMAND_TRACE"


def parser() -> Parser:
    """The whole grammar; its commands are what the documentation must cover."""
    top = Parser(prog="countermand", description=ABOUT)
    top.add_argument("--version", action="version", version=f"countermand {__version__}")
    verbs = Verbs(top, "command")
    for module in MODULES:
        module.declare(verbs)
    return top


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; its exit status. What it says is UTF-8 wherever it runs."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(encoding="utf-8", errors="backslashreplace")
    top = parser()
    args, unknown = top.parse_known_args(argv)
    if unknown:
        args.parser.error(f"unrecognized arguments: {' '.join(unknown)}")
    try:
        status: int = args.run(args)
        sys.stdout.flush()
    except CommandRefused as refused:
        return _say(str(refused), refused.status)
    except KeyboardInterrupt:
        return INTERRUPTED
    except BrokenPipeError:
        # Whoever read the output has gone; there is nobody to complain to.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return NO
    except Exception as failure:
        if TRACE in os.environ:
            raise
        from decision_service.commands.sentences import sentence

        return _say(sentence(failure), NO)
    return status


def _say(text: str, status: int) -> int:
    """One sentence on standard error."""
    sys.stderr.write(f"countermand: {text}\n")
    return status
