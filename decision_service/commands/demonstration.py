"""``countermand demo``: everything at once, on real applications and an invented history."""

import argparse

from decision_service.commands.grammar import Verbs, whole
from decision_service.commands.installation import keep_compiled, settings_of
from decision_service.commands.serving import (
    HOST_DEFAULT,
    PORT_DEFAULT,
    PORT_MAX,
    Listening,
    check_reach,
    serve_here,
)


def declare(verbs: Verbs) -> None:
    """Add the command."""
    parser = verbs.verb("demo", demo)
    parser.add_argument("--host", default=HOST_DEFAULT, help=f"default: {HOST_DEFAULT}")
    parser.add_argument(
        "--port", type=whole(1, PORT_MAX), default=PORT_DEFAULT, help=f"default: {PORT_DEFAULT}"
    )
    parser.add_argument("--no-browser", action="store_true", help="do not open the first page")
    parser.add_argument("--reset", action="store_true", help="begin again: an earlier demo is lost")
    parser.add_argument("--check", action="store_true", help="prepare it, and do not serve it")


def demo(args: argparse.Namespace) -> int:
    """Prepare a demo with sample models, real applications and simulated officers, and serve it."""
    from decision_service.demo.show import run

    settings, listening = settings_of(args), Listening(args.host, args.port)
    check_reach(listening)
    keep_compiled(settings)
    return run(
        settings,
        listening.address(args.port),
        lambda: serve_here(settings, listening),
        reset=args.reset,
        check=args.check,
        browser=not args.no_browser,
    )
