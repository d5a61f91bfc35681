"""The words this package thinks in. Every value checks itself once and never changes."""

import math
from collections.abc import Mapping
from dataclasses import dataclass

from .errors import NotFaithful

ADDITIVITY_TOLERANCE = 1e-9
"""How far base plus contributions may lie from the score, relative to max(1, |score|)."""

STRENGTHS = ("strong", "moderate", "slight")

Scalar = float | str | None
"""A field after the data contract: a number, a category level or text, or missing."""

Row = Mapping[str, Scalar]
"""One applicant's checked fields by name."""


@dataclass(frozen=True, slots=True)
class Contribution:
    """How far one feature moved the score, in log-odds of bad, and the value that did it."""

    feature: str
    amount: float
    value: Scalar


@dataclass(frozen=True, slots=True)
class Attribution:
    """A score taken apart: ``base`` plus all contributions is ``score`` (log-odds of bad).

    Raises NotFaithful when it is not, or when anything in it is not finite.
    """

    score: float
    base: float
    contributions: tuple[Contribution, ...]

    def __post_init__(self) -> None:
        """Refuse an explanation that explains some other number."""
        residual = self.residual
        tolerance = ADDITIVITY_TOLERANCE * max(1.0, abs(self.score))
        # Written so that a NaN anywhere is refused too.
        if not (math.isfinite(self.score) and residual <= tolerance):
            raise NotFaithful(residual, tolerance)

    @property
    def residual(self) -> float:
        """Distance between the score and what its parts add up to."""
        parts = [self.base, *(c.amount for c in self.contributions)]
        if not all(map(math.isfinite, parts)):
            return math.inf
        return abs(math.fsum(parts) - self.score)


@dataclass(frozen=True, slots=True)
class Reason:
    """One principal reason as the codebook words it, with the applicant's own values in it.

    ``contribution`` is the sum over the concept's features in log-odds of bad: above zero raises
    the risk, below zero lowers it. ``value`` is the applicant's value in words. A reason is
    ``counter_intuitive`` when an unusually good value counts against the applicant, or an unusually
    bad one for: a person should look.
    """

    concept: str
    title: str
    text: str
    contribution: float
    value: str
    strength: str
    features: tuple[str, ...]
    counter_intuitive: bool = False

    def __post_init__(self) -> None:
        """Refuse a reason without words or with an unknown strength."""
        if not (self.text and self.strength in STRENGTHS):
            msg = f"reason {self.concept} needs a text and a strength of {STRENGTHS}"
            raise ValueError(msg)


@dataclass(frozen=True, slots=True)
class Explanation:
    """A score with its reasons, worst first on the adverse side, best first on the other.

    ``probability`` is the probability of bad (higher is worse). Reasons are complete; a page
    shows the first few. Where ``reliable`` is false there are none and ``problem`` says why.
    """

    probability: float
    attribution: Attribution
    adverse: tuple[Reason, ...]
    favourable: tuple[Reason, ...]
    method: str
    background_sha256: str | None
    reliable: bool
    problem: str = ""

    def __post_init__(self) -> None:
        """Refuse a chance outside 0..1, and reasons that nobody can rely on."""
        if not 0.0 <= self.probability <= 1.0:
            msg = "a probability lies between 0 and 1"
            raise ValueError(msg)
        if self.reliable == bool(self.problem) or (not self.reliable and self.reasons):
            msg = "an unreliable explanation says why and gives no reasons"
            raise ValueError(msg)

    @property
    def reasons(self) -> tuple[Reason, ...]:
        """Both sides together."""
        return self.adverse + self.favourable


@dataclass(frozen=True, slots=True)
class VersionRef:
    """Which version of a model, policy or codebook: its name, number, date and content hash."""

    name: str
    version: str
    date: str
    sha256: str


def probability_of(raw: float) -> float:
    """Probability of bad for log-odds of bad, without overflow at either end."""
    if raw >= 0:
        return 1.0 / (1.0 + math.exp(-raw))
    odds = math.exp(raw)
    return odds / (1.0 + odds)
