"""Which browser the tests drive; run as a program it says so, or how to install one.

A browser named in ``COUNTERMAND_BROWSER`` goes first, then Chromium or one of its kin on the path,
then the one that ``playwright install chromium`` has put in the user's cache. Where there is none
its tests are skipped, or fail where ``COUNTERMAND_REQUIRE_BROWSER`` is set, as it is in CI.
"""

import os
import shutil
import sys
from pathlib import Path

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "microsoft-edge")
DOWNLOADED = "chromium-*/chrome-linux*/chrome"

HOW_TO_INSTALL = """\
No browser was found, so the tests that drive one will be skipped. To run them too, do one of
  apt-get install chromium fonts-liberation     (Debian, Ubuntu; as root)
  .venv/bin/playwright install chromium         (downloads one for this user)
or name one: COUNTERMAND_BROWSER=/path/to/chrome make test
"""


def browser_path() -> str | None:
    """The browser's program file, or nothing where this machine has none."""
    named = os.environ.get("COUNTERMAND_BROWSER")
    if named:
        return named
    on_path = next(filter(None, map(shutil.which, NAMES)), None)
    cache = Path(os.environ.get("PLAYWRIGHT_BROWSERS_PATH", Path.home() / ".cache/ms-playwright"))
    return on_path or next((str(p) for p in sorted(cache.glob(DOWNLOADED), reverse=True)), None)


if __name__ == "__main__":
    found = browser_path()
    sys.stdout.write(f"Browser for the tests: {found}\n" if found else HOW_TO_INSTALL)
