"""Start the command line, with the application's own packages on the path."""

import sys
from pathlib import Path

APPLICATION = Path(__file__).parent / "_app"


def main() -> int:
    """Run ``countermand``; in a checkout the packages can already be imported."""
    if APPLICATION.is_dir():
        sys.path.insert(0, str(APPLICATION))
    from decision_service.cli import main as run
    from decision_service.kept_out import keep_out

    keep_out()
    return run()


if __name__ == "__main__":
    raise SystemExit(main())
