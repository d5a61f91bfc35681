"""Appropriate reliance on advice: on cases whose right answer is known, and nowhere else.

RAIR and RSR after Schemmer et al. (IUI 2023). A person first judges alone, then sees the advice,
then decides. Where nobody knows the right answer only movement towards the advice can be told.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from overrides.statistics import Share


@dataclass(frozen=True, slots=True)
class Judged:
    """One seeded case: the agreed reference, the first view, the advice, the final decision."""

    reference: bool
    first: bool
    advice: bool
    final: bool


@dataclass(frozen=True, slots=True)
class Reliance:
    """How advice was taken.

    ``rair``: wrong views that right advice put right; what is missing to 1 is under-reliance.
    ``rsr``: right views that were kept against wrong advice; what is missing is over-reliance.
    """

    rair: Share
    rsr: Share
    first_right: Share
    final_right: Share

    @property
    def under_reliance(self) -> float | None:
        """Share of right advice that was not taken by who needed it."""
        return None if self.rair.value is None else 1 - self.rair.value

    @property
    def over_reliance(self) -> float | None:
        """Share of wrong advice that was taken by who knew better."""
        return None if self.rsr.value is None else 1 - self.rsr.value


def reliance(cases: Iterable[Judged]) -> Reliance:
    """Appropriate reliance over seeded cases, each share with the cases that it can be seen on."""
    every = tuple(cases)
    helped = [c for c in every if c.first != c.reference == c.advice]
    misled = [c for c in every if c.first == c.reference != c.advice]
    return Reliance(
        rair=Share(sum(c.final == c.reference for c in helped), len(helped)),
        rsr=Share(sum(c.final == c.reference for c in misled), len(misled)),
        first_right=Share(sum(c.first == c.reference for c in every), len(every)),
        final_right=Share(sum(c.final == c.reference for c in every), len(every)),
    )
