"""How often the reasons of a model surprised the people who were shown them."""

from dataclasses import dataclass

from overrides.statistics import Share


@dataclass(frozen=True, slots=True)
class Surprise:
    """Of the times a reason was shown to somebody, how often it surprised them."""

    concept: str
    asked: Share


@dataclass(frozen=True, slots=True, kw_only=True)
class Surprises:
    """How often the reasons of a model surprised people, among ``times`` that some were shown.

    ``simulated`` says whether any of these times was played.
    """

    times: int
    simulated: bool
    by_concept: tuple[Surprise, ...]
