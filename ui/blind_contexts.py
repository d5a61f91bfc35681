"""What the page of a case whose score is hidden is given, field by field; as ``ui.contexts``."""

from dataclasses import dataclass
from typing import Annotated, ClassVar

from ui.blind_views import BlindView, FirstViewForm
from ui.frame import Shell


@dataclass(frozen=True, slots=True, kw_only=True)
class FirstViewPage:
    """A case whose score is hidden until the viewer has said what they think of it."""

    template: ClassVar[str] = "first_view.html"

    shell: Annotated[Shell, "Everything around the page."]
    case: Annotated[BlindView, "What was stated, and nothing of what the model makes of it."]
    form: Annotated[FirstViewForm, "What was typed so far."]
    key: Annotated[str, "Key of this rendering of the form."]
