"""How many matured overrides a verdict takes, and by when there will be so many.

Sample sizes are for the normal approximation to binomial counts (Fleiss, Levin and Paik,
Statistical Methods for Rates and Proportions, chapter 4), without continuity correction.
"""

import math
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from statistics import NormalDist

WORSE = 1.5
"""The multiple of the expected bad rate that a verdict should be able to see."""
FALSE_ALARM, POWER = 0.05, 0.80

_PAIR = 2
_NORMAL = NormalDist()


def cases_to_see(
    expected: float, times: float = WORSE, *, alarm: float = FALSE_ALARM, power: float = POWER
) -> int | None:
    """Cases needed to see a bad rate ``times`` the expected one, one-sided.

    ``times`` is above 1; None where the expected rate is 0, or so high that such a multiple of it
    is none.
    """
    seen = expected * times
    if not (0 < expected < seen < 1):
        return None
    spread = _NORMAL.inv_cdf(1 - alarm) * math.sqrt(expected * (1 - expected))
    spread += _NORMAL.inv_cdf(power) * math.sqrt(seen * (1 - seen))
    return math.ceil((spread / (seen - expected)) ** 2)


def cases_per_group(
    one: float, other: float, *, alarm: float = FALSE_ALARM, power: float = POWER
) -> int | None:
    """Cases in each of two groups to tell their rates apart, two-sided; None for equal rates."""
    if one == other or not (0 <= one <= 1 and 0 <= other <= 1):
        return None
    middle = (one + other) / 2
    spread = _NORMAL.inv_cdf(1 - alarm / 2) * math.sqrt(2 * middle * (1 - middle))
    spread += _NORMAL.inv_cdf(power) * math.sqrt(one * (1 - one) + other * (1 - other))
    return math.ceil((spread / (one - other)) ** 2)


@dataclass(frozen=True, slots=True)
class Enough:
    """When a verdict can be given: ``matured`` of ``needed`` cases are there.

    ``by`` is the instant at which the rest will have matured, None where that cannot be told;
    ``promised``: all of them are loans that exist already, otherwise the pace was continued.
    """

    needed: int | None
    matured: int
    by: datetime | None
    promised: bool = True

    @property
    def there(self) -> bool:
        """Whether there are enough."""
        return self.needed is not None and self.matured >= self.needed


def enough_by(
    expected: float | None,
    matured: int,
    maturing: Iterable[datetime],
    as_of: datetime,
    *,
    times: float = WORSE,
    least: int = 0,
) -> Enough:
    """When there will be enough matured cases to see ``times`` the ``expected`` bad rate.

    ``maturing`` are the instants at which open ones will have matured. Where they do not suffice,
    the pace at which they come is continued behind the last of them; a single one has no pace.
    ``least`` cases are needed however striking the multiple.
    """
    needed = None if expected is None else cases_to_see(expected, times)
    needed = None if needed is None else max(needed, least)
    if needed is None or matured >= needed:
        return Enough(needed, matured, None)
    coming = sorted(at for at in maturing if at > as_of)
    short = needed - matured
    if len(coming) >= short:
        return Enough(needed, matured, coming[short - 1])
    if len(coming) < _PAIR or coming[-1] == coming[0]:
        return Enough(needed, matured, None)
    pace = (coming[-1] - coming[0]) / (len(coming) - 1)
    try:
        by = coming[-1] + pace * (short - len(coming))
    except OverflowError:
        return Enough(needed, matured, None, promised=False)
    return Enough(needed, matured, by, promised=False)
