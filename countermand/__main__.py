"""Start the command line, with the application's own packages on the path."""

import sys
from pathlib import Path

APPLICATION = Path(__file__).parent / "_app"


def main() -> int:
    """Run ``countermand``; in a checkout the packages can already be imported."""
    if APPLICATION.is_dir():
        sys.path.insert(0, str(APPLICATION))
    from decision_service.cli import main as run

    return run()


if __name__ == "__main__":
    raise SystemExit(main())
