"""The page on which the four owners review a bundle's month."""

from typing import Annotated
from urllib.parse import urlencode

from fastapi import APIRouter, Query, Request
from fastapi.responses import Response
from starlette.datastructures import FormData

from ui.frame import Fault
from ui.kept import shows_again
from ui.ports import Refused
from ui.render import page
from ui.review_contexts import ReviewPage
from ui.review_views import ReviewForm
from ui.views import Notice, Viewer
from ui.visit import FORM_AGAIN, Doer, Reader, Typed, fault_of, go, new_key, office, shell, text

router = APIRouter(include_in_schema=False)

EMPTY = ReviewForm()
TYPED = (
    *("act", "month", "seen", "owner", "due", "action", "done", "kpi", "says", "until"),
    *("cost", "amount", "currency", "note", "idempotency_key"),
)
AT_FAULT = ("owner", "due", "done", "says", "until", "cost", "amount", "currency", "note")


def _typed(typed: FormData) -> ReviewForm:
    """What was typed."""
    return ReviewForm(**{name: text(typed, name) for name in TYPED})


def review_page(
    request: Request,
    viewer: Viewer,
    bundle: str,
    *,
    month: str = "",
    form: ReviewForm = EMPTY,
    fault: Fault | None = None,
    notices: tuple[Notice, ...] = (),
    status: int = 200,
) -> Response:
    """A month's review, with what was typed in the form that was sent."""
    review = office(request).reviews.review(viewer, bundle, month)
    title = f"Review of {review.month_words}: {review.title}"
    context = ReviewPage(
        shell=shell(request, viewer, title, current="board", notices=notices, fault=fault),
        review=review,
        form=form,
        key=new_key(request),
    )
    return page(request, context, status=status)


@shows_again("/models/{}/review")
def _again(
    request: Request,
    viewer: Viewer,
    parts: tuple[str, ...],
    typed: FormData,
    notices: tuple[Notice, ...],
) -> Response:
    """The form as it was filled when the log-in ran out."""
    form = _typed(typed)
    return review_page(request, viewer, parts[0], month=form.month, form=form, notices=notices)


@router.get("/models/{name}/review")
def show_review(
    request: Request, viewer: Reader, name: str, month: Annotated[str, Query()] = ""
) -> Response:
    """The review of a month."""
    return review_page(request, viewer, name, month=month)


@router.post("/models/{name}/review")
def act_on_review(request: Request, viewer: Doer, typed: Typed, name: str) -> Response:
    """Do what one of the page's forms asks; refused, the form again."""
    form = _typed(typed)
    try:
        said = office(request).reviews.act(viewer, name, form)
        return go(f"/models/{name}/review?{urlencode({'month': form.month})}", said)
    except Refused as refused:
        if refused.status not in FORM_AGAIN:
            raise
        fault = fault_of(refused, {name: f"{form.act}-{name}" for name in AT_FAULT})
        return review_page(
            request,
            viewer,
            name,
            month=form.month,
            form=form,
            fault=fault,
            status=refused.status,
        )
