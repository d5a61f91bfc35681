"""Recorded observations of a loan in the form that labels are worked out from."""

from collections.abc import Iterable

from overrides.labels import Observation
from overrides.reading import OutcomeRow
from overrides.values import OutcomeKind


def observations(rows: Iterable[OutcomeRow]) -> tuple[Observation, ...]:
    """What the books said, in the order of ``rows``."""
    return tuple(
        Observation(
            kind=OutcomeKind(row.kind),
            value=row.value,
            observed_at=row.observed_at,
            months_on_book=row.months_on_book,
            seq=row.seq,
            account=row.account,
        )
        for row in rows
    )
