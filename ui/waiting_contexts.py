"""What the pages of asking, reopening and approving are given, field by field."""

from dataclasses import dataclass
from typing import Annotated, ClassVar

from ui.approval_views import InboxView
from ui.changing_views import ChangeForm, ChangeView
from ui.frame import Shell
from ui.views import Consequence
from ui.waiting_views import AnswerForm, AnswerView, AskForm, AskView, ReopenForm, ReopenView


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestPage:
    """Asking the applicant for what is missing or unclear."""

    template: ClassVar[str] = "information_request.html"

    shell: Annotated[Shell, "Everything around the page."]
    asking: Annotated[AskView, "What may be asked for, and until when."]
    form: Annotated[AskForm, "What was typed; empty at first."]
    key: Annotated[str, "Key of this rendering of the form."]


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangePage:
    """Offering other terms, or correcting a value, and the step that confirms it."""

    template: ClassVar[str] = "change.html"

    shell: Annotated[Shell, "Everything around the page."]
    change: Annotated[ChangeView, "What may be changed."]
    kind: Annotated[str, "Last step of the form's address: counter-offer or correction."]
    form: Annotated[ChangeForm, "What was typed; empty at first."]
    key: Annotated[str, "Key of this rendering of the form."]
    consequence: Annotated[Consequence | None, "What recording it would do, in the second step."]


@dataclass(frozen=True, slots=True, kw_only=True)
class AnswerPage:
    """Recording what the applicant answered."""

    template: ClassVar[str] = "information.html"

    shell: Annotated[Shell, "Everything around the page."]
    asked: Annotated[AnswerView, "What was asked for."]
    form: Annotated[AnswerForm, "What was typed; empty at first."]
    key: Annotated[str, "Key of this rendering of the form."]


@dataclass(frozen=True, slots=True, kw_only=True)
class ReopenPage:
    """Opening a closed case again."""

    template: ClassVar[str] = "reopening.html"

    shell: Annotated[Shell, "Everything around the page."]
    reopening: Annotated[ReopenView, "The case, and the reasons to choose from."]
    form: Annotated[ReopenForm, "What was typed; empty at first."]
    key: Annotated[str, "Key of this rendering of the form."]


@dataclass(frozen=True, slots=True, kw_only=True)
class InboxPage:
    """Proposed overrides that wait for a second person."""

    template: ClassVar[str] = "approvals.html"

    shell: Annotated[Shell, "Everything around the page."]
    inbox: Annotated[InboxView, "One page of proposals."]
    more: Annotated[str, "Address of the next page; empty at the end."]
    first: Annotated[str, "Address of the first page; empty on it."]
