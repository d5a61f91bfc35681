"""What the pages of reconciliation and findings are given, field by field; as ``ui.contexts``."""

from dataclasses import dataclass
from typing import Annotated, ClassVar

from ui.finding_views import (
    BookedForm,
    FindingForm,
    FindingsView,
    FindingView,
    MissesView,
    ReconciliationView,
    RunView,
)
from ui.frame import Shell


@dataclass(frozen=True, slots=True, kw_only=True)
class ReconciliationPage:
    """The form that takes a file, what is open, and earlier runs."""

    template: ClassVar[str] = "reconciliation.html"

    shell: Annotated[Shell, "Everything around the page."]
    view: Annotated[ReconciliationView, "Runs and what is open."]
    form: Annotated[BookedForm, "What was declared; the usual at first."]
    key: Annotated[str, "Key of this rendering of the form."]


@dataclass(frozen=True, slots=True, kw_only=True)
class RunPage:
    """One run: rates by branch, findings by kind, lines that could not be read."""

    template: ClassVar[str] = "reconciliation_run.html"

    shell: Annotated[Shell, "Everything around the page."]
    run: Annotated[RunView, "The run."]


@dataclass(frozen=True, slots=True, kw_only=True)
class FindingsPage:
    """A list of findings, narrowed."""

    template: ClassVar[str] = "findings.html"

    shell: Annotated[Shell, "Everything around the page."]
    view: Annotated[FindingsView, "A page of the list."]
    csv: Annotated[str, "Address of the whole list as a file."]
    earlier: Annotated[str, "Address of the page before, empty on the first."]
    later: Annotated[str, "Address of the page after, empty on the last."]


@dataclass(frozen=True, slots=True, kw_only=True)
class FindingPage:
    """One finding, who has it, and how it is closed."""

    template: ClassVar[str] = "finding.html"

    shell: Annotated[Shell, "Everything around the page."]
    finding: Annotated[FindingView, "The finding."]
    form: Annotated[FindingForm, "What was typed; empty at first."]
    key: Annotated[str, "Key of this rendering of the forms."]


@dataclass(frozen=True, slots=True, kw_only=True)
class MissesPage:
    """What a model misses, and what of it is tracked."""

    template: ClassVar[str] = "misses.html"

    shell: Annotated[Shell, "Everything around the page."]
    view: Annotated[MissesView, "What stands of one model."]
    key: Annotated[str, "Key of this rendering of the forms."]
