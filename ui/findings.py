"""Booked loans held against decisions, and what is found until it is closed."""

from typing import Annotated
from urllib.parse import urlencode

from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import Response
from starlette.datastructures import FormData, UploadFile

from ui.finding_contexts import FindingPage, FindingsPage, ReconciliationPage, RunPage
from ui.finding_views import BookedForm, FindingFilter, FindingForm
from ui.frame import Fault
from ui.kept import shows_again
from ui.ports import Refused
from ui.render import page
from ui.tables import csv_of, table_file
from ui.views import Notice, Viewer
from ui.visit import (
    FORM_AGAIN,
    Doer,
    Reader,
    Typed,
    fault_of,
    go,
    new_key,
    office,
    shell,
    signed_in_to_act,
    text,
)

router = APIRouter(include_in_schema=False)

USUAL = BookedForm()
DECLARED = {
    name: name
    for name in (
        *("file", "currency", "dates", "decimal", "encoding", "columns"),
        *("products", "renewals", "tolerance", "days_apart", "unbooked_days"),
    )
}
EMPTY = FindingForm()
TYPED = {name: name for name in ("owner", "due", "reason", "note")}
PAGES_MAX = 10_000


async def _uploaded(request: Request) -> tuple[FormData, bytes]:
    """The form with its one file, and the file's bytes."""
    typed = await request.form(max_files=1, max_fields=50)
    file = typed.get("file")
    content = await file.read() if isinstance(file, UploadFile) else b""
    await typed.close()
    return typed, content


Uploaded = Annotated[tuple[FormData, bytes], Depends(_uploaded)]


def _declared(typed: FormData) -> BookedForm:
    """What was declared of the file."""
    names = (*(name for name in DECLARED if name != "file"), "idempotency_key")
    return BookedForm(**{name: text(typed, name) for name in names})


def reconciliation_page(
    request: Request,
    viewer: Viewer,
    *,
    form: BookedForm = USUAL,
    fault: Fault | None = None,
    notices: tuple[Notice, ...] = (),
    status: int = 200,
) -> Response:
    """Runs so far, and the form with what was declared."""
    around = shell(
        *(request, viewer, "Reconciliation"),
        current="reconciliation",
        notices=notices,
        fault=fault,
    )
    view = office(request).findings.reconciliation(viewer)
    context = ReconciliationPage(shell=around, view=view, form=form, key=new_key(request))
    return page(request, context, status=status)


@shows_again("/reconciliation")
def _declared_again(
    request: Request,
    viewer: Viewer,
    parts: tuple[str, ...],
    typed: FormData,
    notices: tuple[Notice, ...],
) -> Response:
    """The form as it was filled when the log-in ran out; the file has to be chosen again."""
    assert not parts
    return reconciliation_page(request, viewer, form=_declared(typed), notices=notices)


@router.get("/reconciliation")
def show_reconciliation(request: Request, viewer: Reader) -> Response:
    """Earlier runs and a form for the next."""
    return reconciliation_page(request, viewer)


@router.post("/reconciliation")
def reconcile(request: Request, uploaded: Uploaded) -> Response:
    """Hold a file against the decisions; refused, the form again."""
    typed, content = uploaded
    viewer = signed_in_to_act(request, typed)
    form = _declared(typed)
    try:
        run_id, said = office(request).findings.reconcile(viewer, form, content)
    except Refused as refused:
        if refused.status not in FORM_AGAIN:
            raise
        fault = fault_of(refused, DECLARED)
        return reconciliation_page(request, viewer, form=form, fault=fault, status=refused.status)
    return go(f"/reconciliation/{run_id}", said)


@router.get("/reconciliation/{run_id}")
def show_run(request: Request, viewer: Reader, run_id: str) -> Response:
    """One run."""
    around = shell(request, viewer, "Reconciliation run", current="reconciliation")
    run = office(request).findings.run(viewer, run_id)
    return page(request, RunPage(shell=around, run=run))


def _asked(
    state: Annotated[str, Query()] = "open",
    kind: Annotated[str, Query()] = "",
    branch: Annotated[str, Query()] = "",
    number: Annotated[int, Query(alias="page", ge=1, le=PAGES_MAX)] = 1,
) -> FindingFilter:
    """What the list is narrowed to."""
    return FindingFilter(state=state, kind=kind, branch=branch, page=number)


Asked = Annotated[FindingFilter, Depends(_asked)]


def _address(path: str, asked: FindingFilter, number: int = 1) -> str:
    """The same list at another page, or as a file."""
    named = {"state": asked.state, "kind": asked.kind, "branch": asked.branch}
    named |= {"page": str(number)} if number > 1 else {}
    return f"{path}?{urlencode({name: value for name, value in named.items() if value})}"


@router.get("/findings")
def show_findings(request: Request, viewer: Reader, asked: Asked) -> Response:
    """Findings that the viewer answers for."""
    view = office(request).findings.findings(viewer, asked)
    context = FindingsPage(
        shell=shell(request, viewer, "Findings", current="findings"),
        view=view,
        csv=_address("/findings.csv", view.asked),
        earlier=_address("/findings", view.asked, view.page - 1) if view.page > 1 else "",
        later=_address("/findings", view.asked, view.page + 1) if view.page < view.pages else "",
    )
    return page(request, context)


@router.get("/findings.csv")
def findings_file(request: Request, viewer: Reader, asked: Asked) -> Response:
    """The same list whole, as CSV."""
    return table_file(csv_of(office(request).findings.listed(viewer, asked)), "findings")


def finding_page(
    request: Request,
    viewer: Viewer,
    finding_id: str,
    *,
    form: FindingForm = EMPTY,
    fault: Fault | None = None,
    notices: tuple[Notice, ...] = (),
    status: int = 200,
) -> Response:
    """One finding with what was typed in its forms."""
    context = FindingPage(
        shell=shell(request, viewer, "Finding", current="findings", notices=notices, fault=fault),
        finding=office(request).findings.finding(viewer, finding_id),
        form=form,
        key=new_key(request),
    )
    return page(request, context, status=status)


def _typed(typed: FormData) -> FindingForm:
    """What was typed."""
    return FindingForm(**{name: text(typed, name) for name in (*TYPED, "act", "idempotency_key")})


@shows_again("/findings/{}")
def _typed_again(
    request: Request,
    viewer: Viewer,
    parts: tuple[str, ...],
    typed: FormData,
    notices: tuple[Notice, ...],
) -> Response:
    """The form as it was filled when the log-in ran out."""
    return finding_page(request, viewer, parts[0], form=_typed(typed), notices=notices)


@router.get("/findings/{finding_id}")
def show_finding(request: Request, viewer: Reader, finding_id: str) -> Response:
    """One finding."""
    return finding_page(request, viewer, finding_id)


@router.post("/findings/{finding_id}")
def act_on_finding(request: Request, viewer: Doer, finding_id: str, typed: Typed) -> Response:
    """Give it to an owner or close it; refused, the form again."""
    form = _typed(typed)
    try:
        said = office(request).findings.act(viewer, finding_id, form)
    except Refused as refused:
        if refused.status not in FORM_AGAIN:
            raise
        fault = fault_of(refused, TYPED)
        status = refused.status
        return finding_page(request, viewer, finding_id, form=form, fault=fault, status=status)
    return go(f"/findings/{finding_id}", said)
