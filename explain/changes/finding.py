"""Which search a model allows, and where its structure is not what it answers."""

from dataclasses import replace

from ..values import ADDITIVITY_TOLERANCE
from .answers import Answer
from .asking import search_by_asking
from .axes import Room
from .search import Ask, Limits, Verify, search
from .surfaces import Surface

ASKED_MAX = 2000
"""So many applications a model is asked about that can only be asked."""


def smallest_changes(
    room: Room, surface: Surface | None, ask: Ask, at_most: float, limits: Limits, verify: Verify
) -> Answer:
    """The smallest changes after which the raw score is ``at_most`` so high and ``verify`` says so.

    Raises what ``ask`` and ``verify`` raise.
    """
    if not room.axes:
        return Answer("none", (), 0, smallest=False)
    if surface is not None:
        scores, first = surface.around(room, limits.expired), room.axes[0]
        if scores is None:
            return Answer("stopped", (), 0, smallest=False)
        (score,) = ask([room.row])
        told = float(scores.grid((0,))[first.stated])
        near = ADDITIVITY_TOLERANCE * max(1.0, abs(score))
        if abs(told - score) <= near:
            return search(room, scores, at_most + 2 * near, limits, verify)
    asked = replace(limits, tries=min(limits.tries, ASKED_MAX))
    return search_by_asking(room, ask, at_most + ADDITIVITY_TOLERANCE, asked, verify)
