"""Errors of the ledger, the cases and the models, put as refusals a page can show.

The sentence is the error's own. Here a title is added and, where one form field is at fault, its
name, so that the page can point at it.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from decision_service.problems import status_of
from explain.errors import ExplainError
from overrides import errors
from ui.ports import Refused

NOT_RECORDED = "Nothing was recorded"

TITLES: dict[type[Exception], str] = {
    errors.UnknownCase: "Case not found",
    errors.StaleCase: "The case changed while you read it",
    errors.CaseClosed: "The case is closed",
    errors.NotAllowedNow: "Not possible at the moment",
    errors.ClaimHeld: "Someone else is working on this case",
    errors.ExcludedFromCase: "Another officer must decide this case",
    errors.UseOverride: "This would be an override",
    errors.NothingToOverride: "There is nothing to override",
    errors.AboveLimit: "Above your limit",
    errors.SamePerson: "A second person is needed",
    errors.NoAuthority: "Your role cannot do this",
    errors.NothingToApprove: "Nothing waits for approval",
    errors.KeyReused: "This form was sent before with other answers",
    errors.LedgerUnavailable: NOT_RECORDED,
}

FIELDS: dict[type[Exception], str] = {
    errors.UseOverride: "decision",
    errors.NothingToOverride: "decision",
    errors.CodeNotAllowed: "code",
    errors.EvidenceMissing: "evidence_reference",
    errors.NoteTooShort: "note",
    errors.AdverseReasonsMissing: "concepts",
    errors.UnknownConcept: "concepts",
}


def refused(error: Exception) -> Refused:
    """The refusal for an error; the one place where errors become what pages show."""
    text = str(error)
    at_fault = FIELDS.get(type(error))
    fields = {at_fault: text} if at_fault else {}
    return Refused(status_of(error), TITLES.get(type(error), "Please check"), text, fields)


@contextmanager
def refusing() -> Iterator[None]:
    """Let every error of the domain leave this block as ``Refused``."""
    try:
        yield
    except (errors.OverridesError, ExplainError) as error:
        raise refused(error) from error


def require(viewer_may: frozenset[str], act: str, *, text: str) -> None:
    """Refuse (403) when the viewer's role does not include ``act``."""
    if act not in viewer_may:
        raise Refused(403, "Not for your role", text)


Guarded = Callable[..., object]
