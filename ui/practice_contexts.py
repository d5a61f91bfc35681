"""What the page of practice cases is given, field by field; as ``ui.contexts``."""

from dataclasses import dataclass
from typing import Annotated, ClassVar

from ui.frame import Shell
from ui.practice_views import PracticeForm, PracticeView


@dataclass(frozen=True, slots=True, kw_only=True)
class PracticePage:
    """A past case to decide, and what came of those before it."""

    template: ClassVar[str] = "practice.html"

    shell: Annotated[Shell, "Everything around the page."]
    practice: Annotated[PracticeView, "The person's practice on one bundle."]
    form: Annotated[PracticeForm, "What was chosen; empty at first."]
    key: Annotated[str, "Key of this rendering of the form."]
