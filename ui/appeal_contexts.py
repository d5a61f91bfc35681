"""What the page of an appeal is given, field by field; as ``ui.contexts``."""

from dataclasses import dataclass
from typing import Annotated, ClassVar

from ui.appeal_views import AppealForm, AppealView
from ui.frame import Shell


@dataclass(frozen=True, slots=True, kw_only=True)
class AppealPage:
    """Recording that an applicant contests a decision."""

    template: ClassVar[str] = "appeal.html"

    shell: Annotated[Shell, "Everything around the page."]
    appeal: Annotated[AppealView, "The case, and what recording an appeal will do."]
    form: Annotated[AppealForm, "What was typed; empty at first."]
    key: Annotated[str, "Key of this rendering of the form."]
