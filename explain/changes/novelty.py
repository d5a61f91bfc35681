"""How far an applicant is from those the model was made with: by field, and as a whole.

Nothing is trained. A field is compared with the pinned applicants' values of it. As a whole, the
distance to the nearest pinned applicant is ranked among the distances that these have to their own
nearest: an applicant who is farther away than all but a few of them is unlike them (the nearest
neighbour detector of R. Laxhammar and G. Falkman, Conformal prediction for distribution-independent
anomaly detection, 2010).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple

from ..declared.contract import NUMERIC, Contract, Field
from ..declared.policy_schema import NoveltySpec
from ..values import Row, Scalar
from .likeness import Likeness

ROUNDING = 1e-12
"""Distances no farther apart than this are equal."""

Strangeness = Literal["outside", "unseen", "rare"]


class FieldNovelty(NamedTuple):
    """A value that hardly any pinned applicant has.

    ``outside`` the range of all of them, ``unseen`` a level (or a gap) that none has, ``rare``
    otherwise. ``alike`` is how many have this level, or a number as far out or farther.
    """

    field: str
    kind: Strangeness
    alike: int


@dataclass(frozen=True, slots=True)
class Novelty:
    """What is unusual about an applicant, among ``of`` pinned ones.

    ``nearest`` is the distance to the nearest of them; ``farther`` is how many of them are as far
    from their own nearest, or farther. With ``far`` these are so few that the policy calls the
    applicant unlike them.
    """

    fields: tuple[FieldNovelty, ...]
    nearest: float
    farther: int
    of: int
    far: bool

    @property
    def any(self) -> bool:
        """Whether there is anything to say."""
        return bool(self.fields) or self.far


def novelty_of(row: Row, contract: Contract, pinned: Likeness, spec: NoveltySpec) -> Novelty:
    """How far this applicant is from the pinned ones."""
    count = len(pinned.rows)
    fields = [
        found
        for field in contract.features
        if (found := _of_field(field, row[field.name], pinned.rows, float(spec.rare)))
    ]
    nearest = float(pinned.to_pinned(row).min())
    farther = int((pinned.apart >= nearest - ROUNDING).sum())
    return Novelty(tuple(fields), nearest, farther, count, farther <= float(spec.far) * count)


def _of_field(field: Field, value: Scalar, rows: Sequence[Row], rare: float) -> FieldNovelty | None:
    """What is unusual about one value; None where nothing is."""
    others = [row[field.name] for row in rows]
    if isinstance(value, float) and field.type in NUMERIC:
        known = [other for other in others if isinstance(other, float)]
        count = min(sum(one <= value for one in known), sum(one >= value for one in known))
    else:
        count = sum(other == value for other in others)
    if count == 0:
        numeric = value is not None and field.type in NUMERIC
        return FieldNovelty(field.name, "outside" if numeric else "unseen", 0)
    return FieldNovelty(field.name, "rare", count) if count < rare * len(rows) else None
