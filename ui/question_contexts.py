"""What each page that asks about a score is given, field by field; as ``ui.contexts``."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, ClassVar

from ui.frame import Shell
from ui.question_views import ReasonEvidence, WhatIf


@dataclass(frozen=True, slots=True, kw_only=True)
class ReasonPage:
    """What lies under one reason, and the form that says it surprises."""

    template: ClassVar[str] = "reason.html"

    shell: Annotated[Shell, "Everything around the page."]
    evidence: Annotated[ReasonEvidence, "The reason with the fields under it."]
    note: Annotated[str, "What was typed; empty at first."]
    key: Annotated[str, "Key of this rendering of the form."]


@dataclass(frozen=True, slots=True, kw_only=True)
class WhatIfPage:
    """Other values to try, and what came of those that were tried."""

    template: ClassVar[str] = "what_if.html"

    shell: Annotated[Shell, "Everything around the page."]
    what_if: Annotated[WhatIf, "What may be tried, and what was."]
    typed: Annotated[Mapping[str, str], "What was typed, by field; empty at first."]
    key: Annotated[str, "Key of this rendering of the form."]
