"""Shows the demo: prepares it when it is not there, then serves it and says how to log in."""

import os
import shutil
import sys
import time
import webbrowser
from collections.abc import Callable
from pathlib import Path
from threading import Timer

from decision_service.demo.people import PASSWORD, SHOWN
from decision_service.demo.staging import in_use, is_ready, prepare
from decision_service.settings import Settings

BROWSER_AFTER_SECONDS = 1.5

Serve = Callable[[], int]


def run(
    settings: Settings, address: str, serve: Serve, *, reset: bool, check: bool, browser: bool
) -> int:
    """Prepare the demo if needed and serve it; the exit status.

    ``check`` stops after the preparation. ``reset`` throws an earlier demo away first; a folder
    that holds anything else is never touched. ``address`` is where ``serve`` will listen.
    """
    if in_use(settings):
        sys.stderr.write(
            f"countermand: {settings.data} holds an installation that is not a demo; "
            "choose another directory with --data (make run: DATA=)\n"
        )
        return 1
    if reset and is_ready(settings):
        shutil.rmtree(settings.data)
    if not is_ready(settings):
        _prepare(settings)
    if check:
        return 0
    print(f"Log in as {', '.join(SHOWN[:-1])} or {SHOWN[-1]}; the password is {PASSWORD}")  # noqa: T201
    if browser and _has_screen():
        opening = Timer(BROWSER_AFTER_SECONDS, webbrowser.open, (address,))
        opening.daemon = True
        opening.start()
    return serve()


def _has_screen() -> bool:
    """Whether a browser could open a window; without one a text browser would take the terminal."""
    return sys.platform in {"darwin", "win32"} or any(
        os.environ.get(name) for name in ("DISPLAY", "WAYLAND_DISPLAY")
    )


def _prepare(settings: Settings) -> None:
    """Make the demo, with the seconds that each step took so far."""
    started = time.monotonic()
    whole = Path(settings.data).resolve()
    print(f"Preparing the demo in {whole}, about half a minute ...")  # noqa: T201

    def say(text: str) -> None:
        print(f"{time.monotonic() - started:6.1f} s  {text}", flush=True)  # noqa: T201

    prepare(settings, say)
    say("The demo is ready.")
