"""What each page about overrides as a whole is given, field by field; as ``ui.contexts``."""

from dataclasses import dataclass
from typing import Annotated, ClassVar

from ui.frame import PlottedSection, Shell
from ui.views import BoardView


@dataclass(frozen=True, slots=True, kw_only=True)
class OverridesPage:
    """How often people decide against the model, and whether they were right."""

    template: ClassVar[str] = "overrides.html"

    shell: Annotated[Shell, "Everything around the page."]
    report: Annotated[BoardView, "The report on one model."]
    sections: Annotated[tuple[PlottedSection, ...], "The groups of numbers with their pictures."]


@dataclass(frozen=True, slots=True, kw_only=True)
class FairnessPage:
    """Whether groups are overridden alike at equal scores."""

    template: ClassVar[str] = "fairness.html"

    shell: Annotated[Shell, "Everything around the page."]
    report: Annotated[BoardView, "The sums of one model."]
    sections: Annotated[tuple[PlottedSection, ...], "One for each protected attribute."]
