"""What the pages are told about overrides that are looked at again on a day."""

from dataclasses import dataclass
from datetime import date, datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class ReviewDateLine:
    """The day of one override, and whether somebody has looked at it again."""

    case_id: str
    application_id: str
    code: str
    on: date
    late: bool  # the day has passed, and nobody has looked
    by: str  # who overrode: "you" or a name
    closed_by: str = ""  # "" until somebody looked
    closed_at: datetime | None = None
    may_close: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class ReviewDateList:
    """Overrides whose day comes soon or has passed, the earliest first."""

    lines: tuple[ReviewDateLine, ...] = ()
    more: int = 0  # that come after these
