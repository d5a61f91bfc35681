"""What was measured of a bundle's reasons, as ``measured.yaml`` keeps it and the card shows it."""

from collections.abc import Mapping
from typing import Annotated, Literal, NamedTuple, Self

from pydantic import Field as Limit
from pydantic import model_validator

from .policy_schema import DecimalText, Strict

NEAR = 0.005
"""How far a number may lie from what is measured again: half of the last place shown."""


class Measure(NamedTuple):
    """Something that can be measured, in words, and the least it must be, if anything."""

    words: str
    least: float | None = None


MEASURES: Mapping[str, Measure] = {
    "similarity_same_first": Measure(
        "Applicants whose first reason is the same by tree_path_dependent and tree_interventional"
    ),
    "similarity_same_four": Measure("Applicants whose first four reasons are the same by both"),
    "similarity_jaccard": Measure(
        "Reasons that both give, as a share of those either gives, on average", 0.80
    ),
    "fidelity_named": Measure(
        "Refused applicants who would pass with values of somebody at the cut-off in what their "
        "reasons name"
    ),
    "fidelity_drawn": Measure("The same for as many concepts drawn by lot"),
    "fidelity_gap": Measure("How many more the first are than the second", 0.10),
    "stability_same_first": Measure(
        "Applicants whose first reason stays with 1 % of noise on every number"
    ),
    "stability_same_four": Measure("Applicants whose first four reasons stay"),
    "stability_jaccard": Measure(
        "Reasons with and without noise, as a share of those in either, on average", 0.80
    ),
}
"""By the name they are kept under. Two draws of 30 background rows already have 0.81 of their
reasons in common: a method that has less is another method. Reasons by which refusals hang no more
than by a lot explain nothing."""

MeasureName = Literal[
    "similarity_same_first",
    "similarity_same_four",
    "similarity_jaccard",
    "fidelity_named",
    "fidelity_drawn",
    "fidelity_gap",
    "stability_same_first",
    "stability_same_four",
    "stability_jaccard",
]


class Measured(Strict):
    """One number, and over how many rows it was taken."""

    id: MeasureName
    value: DecimalText
    rows: Annotated[int, Limit(ge=1)]

    @property
    def kept(self) -> bool:
        """Whether it is at least what it must be."""
        least = MEASURES[self.id].least
        return least is None or float(self.value) >= least

    def __str__(self) -> str:
        """In words, with what it must be."""
        words, least = MEASURES[self.id]
        bound = "" if least is None else f" (at least {least:.2f})"
        return f"{words}: {float(self.value):.3f}{bound}, over {self.rows} rows"


class MeasuredSheet(Strict):
    """``measured.yaml``: each measure once."""

    format: Literal["1"]
    measured: tuple[Measured, ...]

    @model_validator(mode="after")
    def _once(self) -> Self:
        """Two answers to one question are refused."""
        if len({told.id for told in self.measured}) != len(self.measured):
            msg = "a measure is listed twice"
            raise ValueError(msg)
        return self
