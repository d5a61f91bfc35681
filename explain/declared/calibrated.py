"""Where a model's probability may be told as a count: bands of scores in which it was borne out.

The calibration sample is cut into bands of at least 100 loans by score. In a band it holds when the
share of bad loans that was expected lies within the 95 % interval of the share that was observed,
and that interval reaches no further than ten loans of a hundred to either side of its middle.
Beyond the lowest and the highest score of the sample nothing is known.
"""

import math
from collections.abc import Sequence
from itertools import groupby
from typing import NamedTuple

from .calibration import Matured

BAND_ROWS = 100
"""Loans in a band: with fewer the interval is wider than what would be told."""

BANDS_MAX = 10
REACH_MAX = 0.10
Z = 1.959963984540054
"""Of a 95 % interval of the standard normal."""

NO_SAMPLE = "the bundle brings no loans whose outcome is known"
OUTSIDE = "no loan with a known outcome has such a score"
NOT_BORNE_OUT = "of loans with such scores another share went bad than the model expected"
TOO_FEW = "of loans with such scores too few are known"


class Band(NamedTuple):
    """Loans with scores from ``low`` to ``high``: how many, and which share was and went bad."""

    low: float
    high: float
    loans: int
    expected: float
    observed: float
    interval: tuple[float, float]

    @property
    def sharp(self) -> bool:
        """Whether enough loans are known to tell one count from another."""
        return (self.interval[1] - self.interval[0]) / 2 <= REACH_MAX

    @property
    def holds(self) -> bool:
        """Whether a probability in this band may be told as a count."""
        return self.sharp and self.interval[0] <= self.expected <= self.interval[1]


def bands_of(rows: Sequence[Matured]) -> tuple[Band, ...]:
    """The bands of a calibration sample, from the lowest score up; none where there is no sample.

    Loans of one score are in one band.
    """
    if not rows:
        return ()
    wanted = len(rows) / max(1, min(BANDS_MAX, len(rows) // BAND_ROWS))
    bands: list[list[Matured]] = [[]]
    for _, same in groupby(sorted(rows), key=lambda row: row.probability):
        if len(bands[-1]) >= wanted - 0.5:
            bands.append([])
        bands[-1].extend(same)
    if len(bands) > 1 and len(bands[-1]) < BAND_ROWS:
        last = bands.pop()
        bands[-1].extend(last)
    return tuple(_band(some) for some in bands)


def band_at(bands: Sequence[Band], probability: float) -> Band | None:
    """The band of a probability; between two bands the lower one's. None outside of all."""
    if not bands or not bands[0].low <= probability <= bands[-1].high:
        return None
    return [band for band in bands if band.low <= probability][-1]


def why_not(bands: Sequence[Band], probability: float) -> str:
    """Why a probability may not be told as a count; "" where it may."""
    if not bands:
        return NO_SAMPLE
    band = band_at(bands, probability)
    if band is None:
        return OUTSIDE
    if not band.sharp:
        return TOO_FEW
    return "" if band.holds else NOT_BORNE_OUT


def _band(rows: Sequence[Matured]) -> Band:
    """What is known of some loans."""
    count = len(rows)
    bad = sum(row.bad for row in rows)
    expected = math.fsum(row.probability for row in rows) / count
    scores = [row.probability for row in rows]
    return Band(min(scores), max(scores), count, expected, bad / count, wilson(bad, count))


def wilson(hits: int, count: int) -> tuple[float, float]:
    """The 95 % interval of a share (Wilson's, without correction)."""
    share, square = hits / count, Z * Z
    middle = (share + square / (2 * count)) / (1 + square / count)
    reach = (
        Z
        / (1 + square / count)
        * math.sqrt(share * (1 - share) / count + square / (4 * count * count))
    )
    # The ends are exact where all or none are bad, which rounding would miss.
    return (middle - reach) if hits else 0.0, (middle + reach) if hits < count else 1.0
