"""Giving a share of the cases to an officer by chance, so that officers can be compared.

Whoever takes the most urgent case gets what comes; who decides what is then no accident. Of the
cases for a person a share goes to one officer drawn among all who may decide them, each as likely.
One number from 0 to below 1 decides both, and is recorded with the share and the officers, so that
anybody can draw again.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from overrides.authority import within_limit
from overrides.instants import instant_text
from overrides.journal import Json
from overrides.values import DECIDING_ROLES, Actor, Limits, Money


@dataclass(frozen=True, slots=True, kw_only=True)
class Assigned:
    """An officer who was drawn, and the draw. ``among`` are references, in order."""

    to: str
    until: datetime
    share: Decimal
    number: str  # the drawn number, as a decimal
    among: tuple[str, ...]

    @property
    def chance(self) -> str:
        """How likely the case was to be given to this officer."""
        return format((self.share / len(self.among)).normalize(), "f")

    def members(self) -> Mapping[str, Json]:
        """Members of the decision's entry, besides the drawn number."""
        return {
            "p_assigned": self.chance,
            "assigned": {
                "to": self.to,
                "until": instant_text(self.until),
                "share": format(self.share, "f"),
                "among": list(self.among),
            },
        }


def eligible(
    officers: Iterable[Actor], branch: str, amount: Money, limits: Limits
) -> tuple[str, ...]:
    """Who may decide a case alone, in the order of their references."""
    return tuple(
        sorted(
            actor.ref
            for actor in officers
            if actor.role in DECIDING_ROLES
            and actor.branch in ("", branch)
            and within_limit(actor, amount, limits)
        )
    )


def drawn(number: Decimal, share: Decimal, among: Sequence[str]) -> str | None:
    """Who gets the case; None where the draw leaves it in the queue or nobody may decide it.

    ``number`` is from 0 to below 1. Below the share it is spread over all of them alike.
    """
    if not among or number >= share:
        return None
    return among[int(number * len(among) / share)]
