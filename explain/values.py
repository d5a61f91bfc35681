"""The words this package thinks in. Every value checks itself once and never changes."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, NamedTuple

from .errors import NotFaithful

ADDITIVITY_TOLERANCE = 1e-9
"""How far base plus contributions may lie from the score, relative to max(1, |score|)."""

Scale = Literal["log-odds-of-bad", "probability-of-bad"]
"""What raw scores and contributions are numbers of; both rise with the risk."""

LOG_ODDS: Scale = "log-odds-of-bad"
PROBABILITY: Scale = "probability-of-bad"

SCALE_WORDS: Mapping[Scale, str] = {LOG_ODDS: "log-odds", PROBABILITY: "probability"}
"""The scales as records, pages and cards name them."""

STRENGTHS = ("strong", "moderate", "slight")

Scalar = float | str | None
"""A field after the data contract: a number, a category level or text, or missing."""

Row = Mapping[str, Scalar]
"""One applicant's checked fields by name."""


class Contribution(NamedTuple):
    """How far one feature moved the raw score, and the value that did it."""

    feature: str
    amount: float
    value: Scalar


class Push(NamedTuple):
    """How far one concept moved the raw score: above zero raises the risk."""

    concept: str
    amount: float


@dataclass(frozen=True, slots=True)
class Attribution:
    """A score taken apart: ``base`` plus all contributions is ``score``, on the model's scale.

    ``residual`` is how far they miss it. ``errors`` are the standard errors of contributions that
    were sampled. Raises NotFaithful when the residual is more than rounding, or when anything is
    not finite.
    """

    score: float
    base: float
    contributions: tuple[Contribution, ...]
    errors: tuple[float, ...] = ()
    residual: float = field(init=False, compare=False)

    def __post_init__(self) -> None:
        """Refuse an explanation that explains some other number."""
        parts = [self.base]
        parts += [amount for _, amount, _ in self.contributions]
        finite = all(map(math.isfinite, [*parts, *self.errors]))
        residual = abs(math.fsum(parts) - self.score) if finite else math.inf
        object.__setattr__(self, "residual", residual)
        tolerance = ADDITIVITY_TOLERANCE * max(1.0, abs(self.score))
        # Written so that a NaN anywhere is refused too.
        if not (math.isfinite(self.score) and residual <= tolerance):
            raise NotFaithful(residual, tolerance)


@dataclass(frozen=True, slots=True)
class Reason:
    """One principal reason as the codebook words it, with the applicant's own values in it.

    ``contribution`` is the sum over the concept's features on the model's scale: above zero raises
    the risk, below zero lowers it. ``value`` is the applicant's value in words. A reason is
    ``counter_intuitive`` when an unusually good value counts against the applicant, or an unusually
    bad one for: a person should look. Where contributions were sampled, ``error`` is the most that
    the standard error can be, and a reason is ``tied`` with the one before it if error bars do not
    support which of the two weighs more.
    """

    concept: str
    title: str
    text: str
    contribution: float
    value: str
    strength: str
    features: tuple[str, ...]
    counter_intuitive: bool = False
    error: float = 0.0
    tied: bool = False

    def __post_init__(self) -> None:
        """Refuse a reason without words or with an unknown strength."""
        if not (self.text and self.strength in STRENGTHS):
            msg = f"reason {self.concept} needs a text and a strength of {STRENGTHS}"
            raise ValueError(msg)


@dataclass(frozen=True, slots=True)
class Explanation:
    """A score with its principal reasons, worst first on the adverse side, best on the other.

    ``probability`` is the probability of bad (higher is worse). ``pushes`` are complete: every
    concept that counts, the strongest first; ``surprises`` names those that run against what their
    value would let one expect. Where ``reliable`` is false there are none of these and ``problem``
    says why.
    """

    probability: float
    attribution: Attribution
    adverse: tuple[Reason, ...]
    favourable: tuple[Reason, ...]
    method: str
    background_sha256: str | None
    reliable: bool
    problem: str = ""
    pushes: tuple[Push, ...] = ()
    surprises: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        """Refuse a chance outside 0..1, and reasons that nobody can rely on."""
        if not 0.0 <= self.probability <= 1.0:
            msg = "a probability lies between 0 and 1"
            raise ValueError(msg)
        told = self.reasons or self.pushes
        if self.reliable == bool(self.problem) or (told and not self.reliable):
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


def raw_of(probability: float, scale: Scale = LOG_ODDS) -> float:
    """The raw score of a probability of bad strictly between 0 and 1."""
    return probability if scale == PROBABILITY else math.log(probability / (1.0 - probability))


def probability_of(raw: float, scale: Scale = LOG_ODDS) -> float:
    """Probability of bad for a raw score, without overflow at either end.

    What lies outside 0..1 by no more than rounding is taken for its end; ValueError beyond.
    """
    if scale == PROBABILITY:
        held = min(max(raw, 0.0), 1.0)
        if abs(held - raw) > ADDITIVITY_TOLERANCE:
            msg = "a probability lies between 0 and 1"
            raise ValueError(msg)
        return held
    if raw >= 0:
        return 1.0 / (1.0 + math.exp(-raw))
    odds = math.exp(raw)
    return odds / (1.0 + odds)
