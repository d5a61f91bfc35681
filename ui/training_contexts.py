"""What the page of the training register is given, field by field; as ``ui.contexts``."""

from dataclasses import dataclass
from typing import Annotated, ClassVar

from ui.frame import Shell
from ui.training_views import TrainingForm, TrainingView


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainingPage:
    """Who is trained, and the form that records it."""

    template: ClassVar[str] = "training.html"

    shell: Annotated[Shell, "Everything around the page."]
    training: Annotated[TrainingView, "The register on a day."]
    form: Annotated[TrainingForm, "What was typed; empty at first."]
    key: Annotated[str, "Key of this rendering of the form."]
