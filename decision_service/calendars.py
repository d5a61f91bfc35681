"""The installation's calendar of working time, from its file."""

from pathlib import Path

from overrides.errors import CalendarInvalid
from overrides.working_time import ALWAYS, Calendar, read_calendar


def calendar_at(path: Path) -> Calendar:
    """The calendar in a file; every hour counts where there is none. Raises ``CalendarInvalid``."""
    try:
        return read_calendar(path.read_bytes()) if path.exists() else ALWAYS
    except OSError as unreadable:
        cause = (unreadable.strerror or "it cannot be read").lower()
        raise CalendarInvalid(problem=f"{path}: {cause}") from None
    except CalendarInvalid as wrong:
        raise CalendarInvalid(problem=f"{path}: {wrong.problem}") from None
