"""How urgent a case is: two clocks, and which of them presses.

The law gives a number of calendar days from the completed application. It never stands still: not
while the applicant is asked, not while a case is set aside. The lender promises a service target in
working time, which stands still while the applicant is asked for something.

Cases whose law's limit is near or has passed come first, nearest limit first. The others follow by
the clock that presses next: the service target, or the law's limit where the target stands still.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

LAW_NEAR = timedelta(days=3)
SOON = timedelta(days=1)


class Urgency(StrEnum):
    """How a case stands to its clocks, the most urgent first."""

    LAW = "law"  # the law's limit is at most three days away, or has passed
    LATE = "late"  # the service target has passed
    SOON = "soon"  # what presses next does so within a day
    LATER = "later"


class Pressing(StrEnum):
    """Which clock a case's urgency is told by."""

    LAW = "law"
    TARGET = "target"
    NOTHING = "nothing"


@dataclass(frozen=True, slots=True)
class Clocks:
    """When the law and the lender want an open case decided; None where nothing is wanted.

    ``waits`` says that the applicant was asked for something, so that the target stands still.
    """

    limit: datetime | None
    target: datetime | None
    waits: bool = False

    @property
    def next_at(self) -> datetime | None:
        """What the case is ordered by while its limit is not near."""
        return self.limit if self.waits or self.target is None else self.target

    def urgency(self, now: datetime) -> Urgency:
        """Which group of the list the case is in."""
        if self.limit is not None and self.limit <= now + LAW_NEAR:
            return Urgency.LAW
        if self.next_at is None or self.next_at > now + SOON:
            return Urgency.LATER
        return Urgency.LATE if self.next_at <= now else Urgency.SOON

    def pressing(self, now: datetime) -> tuple[Pressing, datetime | None]:
        """The clock that presses, and when it runs or ran out."""
        if self.urgency(now) is Urgency.LAW or self.next_at is None or self.next_at == self.limit:
            return (Pressing.LAW if self.limit else Pressing.NOTHING), self.limit
        return Pressing.TARGET, self.next_at


def limit_days(by_default: int, by_place: dict[str, int], jurisdiction: str) -> int:
    """Calendar days the law gives in a jurisdiction: its own, its country's, or the default."""
    country = jurisdiction.partition("-")[0]
    return by_place.get(jurisdiction, by_place.get(country, by_default))
