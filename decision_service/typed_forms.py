"""Reading what was typed into a page's form, and refusing it with everything that is wrong."""

from collections.abc import Mapping
from datetime import date

from ui.ports import Refused


def typed_day(text: str) -> date | None:
    """A day as the browser writes it; None for anything else."""
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


def refuse_faulty(faults: Mapping[str, str]) -> None:
    """Raise ``Refused`` with what is wrong by field, if anything is."""
    if faults:
        said = next(iter(faults.values())) if len(faults) == 1 else "Look at the marked fields."
        raise Refused(422, "Please check", said, dict(faults))
