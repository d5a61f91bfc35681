"""Cases over HTTP: lists, one case, acts on it, and the feed of changes."""

from collections.abc import Callable
from http import HTTPStatus
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from fastapi.responses import Response

from decision_service.act_requests import (
    read_approval,
    read_first_view,
    read_override,
    read_rescore,
    read_review,
    read_withdrawal,
)
from decision_service.acting import Acting
from decision_service.api_decisions import count
from decision_service.case_json import (
    blind_object,
    case_object,
    case_objects,
    change_objects,
    receipt_object,
)
from decision_service.casework import cases_of_application
from decision_service.letter_desk import LetterDesk
from decision_service.outlook_json import outlook_of
from decision_service.queries import refuse_parameter
from decision_service.recording_views import record_first_view
from decision_service.resubmissions import linked_objects
from decision_service.services import Services
from decision_service.taking_back import told_outside
from decision_service.visits import actor_of, body_of, json_answer, key_of, services_of
from overrides.journal import OnceOnly, Receipt
from overrides.reading import CaseFilter, CaseRow
from overrides.values import APPROVING_ROLES, Actor, CaseStatus, Role

router = APIRouter(prefix="/v1", tags=["cases"])

PAGE_ROWS = 50
CHANGES_MAX = 200
ID_CHARS_MAX = 200
SEQ_MAX = 2**53

Record = Callable[[Acting, Actor, OnceOnly | None], Receipt]


@router.get("/cases")
def list_cases(
    request: Request,
    status: Annotated[str, Query(max_length=40)] = "",
    queue: Annotated[str, Query(max_length=64)] = "",
    application_id: Annotated[str, Query(max_length=ID_CHARS_MAX)] = "",
    cursor: Annotated[str, Query(max_length=500)] = "",
) -> Response:
    """Cases the caller may see, the most urgent first; without a status, the open ones."""
    services, actor = services_of(request), actor_of(request)
    if status and status not in set(CaseStatus):
        refuse_parameter("status", f"Choose one of: {', '.join(CaseStatus)}.")
    if application_id:
        rows, following = _of_application(services, application_id), ""
        rows = tuple(row for row in rows if status in ("", row.status))
    else:
        rows, following = _listed(services, actor, status, queue, cursor)
    acting = Acting(services)
    mine = [row for row in rows if acting.sees(actor, row)]
    hidden = acting.blindness.hidden(actor, mine)
    if queue:  # its name says what the model makes of a case
        mine = [row for row in mine if row.case_ref not in hidden]
    cases = case_objects(services, mine, services.clock(), hidden)
    return json_answer({"cases": cases, "next": following or None})


@router.get("/cases/{case_id}")
def show_case(request: Request, case_id: str) -> Response:
    """One case with its decision, all contributions and every act."""
    services, actor = services_of(request), actor_of(request)
    acting = Acting(services)
    file = acting.file(actor, case_id, unseen=True)
    row = file.row
    judging = row.status is CaseStatus.WAITING_APPROVAL and actor.role in APPROVING_ROLES
    # The page records what it showed to whoever judges; here no other entry says that they read it.
    look = services.viewings.record if judging else services.viewings.note
    look(actor, "case", case=row.case_ref)
    if acting.blindness.of(actor, row):
        return json_answer(blind_object(services, row))
    linked = [one for one in services.cases.linked(row.case_ref) if acting.sees(actor, one)]
    body = case_object(services, file, actor)
    return json_answer({**body, "linked": linked_objects(services, linked, row.opened_at)})


@router.get("/cases/{case_id}/letter")
def show_letter(request: Request, case_id: str) -> Response:
    """The letter that the case calls for: as it was drafted, or as a draft would be in English."""
    return json_answer(LetterDesk(services_of(request)).shown(actor_of(request), case_id))


@router.get("/cases/{case_id}/what-would-change")
def what_would_change(request: Request, case_id: str) -> Response:
    """The smallest changes that would turn the recommendation; how far the score can be trusted."""
    services, actor = services_of(request), actor_of(request)
    file = Acting(services).file(actor, case_id)
    services.viewings.note(actor, "what_would_change", case=file.case.case_ref)
    return json_answer(outlook_of(services, file))


@router.post("/cases/{case_id}/claim", status_code=201)
def claim(request: Request, case_id: str) -> Response:
    """Take the lease; 409 names who has it."""
    return act(request, case_id, "claim", lambda a, who, once: a.claim(who, case_id, once))


@router.delete("/cases/{case_id}/claim", status_code=204)
def release(request: Request, case_id: str) -> Response:
    """Give the lease back."""
    Acting(services_of(request)).release(actor_of(request), case_id)
    return Response(status_code=HTTPStatus.NO_CONTENT)


@router.post("/cases/{case_id}/review", status_code=201)
def review(request: Request, case_id: str) -> Response:
    """Agree with the recommendation, or decide a referred case."""
    form = read_review(body_of(request))
    return act(request, case_id, "review", lambda a, who, once: a.review(who, case_id, form, once))


@router.post("/cases/{case_id}/override", status_code=201)
def override(request: Request, case_id: str) -> Response:
    """Decide against the recommendation, or propose to where a second person is needed."""
    form = read_override(body_of(request))
    return act(
        request, case_id, "override", lambda a, who, once: a.override(who, case_id, form, once)
    )


@router.post("/cases/{case_id}/first-view", status_code=201)
def first_view(request: Request, case_id: str) -> Response:
    """What the caller thinks of the case before its score is shown to them."""
    form = read_first_view(body_of(request))

    def record(acting: Acting, actor: Actor, once: OnceOnly | None) -> Receipt:
        return record_first_view(acting, actor, case_id, form, once)

    return act(request, case_id, "first-view", record)


@router.post("/cases/{case_id}/approval", status_code=201)
def approval(request: Request, case_id: str) -> Response:
    """Uphold, return or reject another person's override."""

    def record(acting: Acting, actor: Actor, once: OnceOnly | None) -> Receipt:
        current = acting.file(actor, case_id).case.version
        form = read_approval(body_of(request), current)
        return acting.approval(actor, case_id, form, once)

    return act(request, case_id, "approval", record)


@router.post("/cases/{case_id}/rescore", status_code=201)
def rescore(request: Request, case_id: str) -> Response:
    """Score an open case again under the version in force; the decision object of the new score."""
    actor, acting = actor_of(request), Acting(services_of(request))
    seen = read_rescore(body_of(request))
    once = acting.once(actor, "rescore", key_of(request), {"case": case_id, "seen": seen})
    answer = acting.rescore(actor, case_id, seen, once)
    count(request.app.state.measures, answer)
    replayed = {"Idempotency_Replayed": "true"} if answer.replayed else {}
    return json_answer(answer.body, answer.status, **replayed)


@router.post("/cases/{case_id}/withdrawal", status_code=201)
def withdrawal(request: Request, case_id: str) -> Response:
    """The application goes no further."""
    form = read_withdrawal(body_of(request))
    return act(
        request, case_id, "withdrawal", lambda a, who, once: a.withdraw(who, case_id, form, once)
    )


@router.get("/changes")
def changes(
    request: Request,
    after: Annotated[int, Query(ge=-1, le=SEQ_MAX)] = -1,
    limit: Annotated[int, Query(ge=1, le=CHANGES_MAX)] = CHANGES_MAX,
) -> Response:
    """What changed in the caller's cases after a ledger place, in order; ``next`` goes on.

    It ends before the first decision that whoever made it may still undo.
    """
    services, actor = services_of(request), actor_of(request)
    found = services.cases.changes(after, limit=limit)
    found = told_outside(found, services.clock())
    following = found[-1].seq if found else after
    if actor.role is Role.SERVICE:
        acting = Acting(services)
        senders = {ref: acting.sent_by(ref) for ref in {row.case_ref for row in found}}
        found = tuple(row for row in found if senders[row.case_ref] == actor.ref)
    return json_answer({"changes": change_objects(services, found), "next": following})


def act(request: Request, case_id: str, route: str, record: Record) -> Response:
    """Record an act once, and say what it did."""
    actor, acting = actor_of(request), Acting(services_of(request))
    said = {"case": case_id, "body": body_of(request)}
    receipt = record(acting, actor, acting.once(actor, route, key_of(request), said))
    return recorded(receipt, receipt_object(receipt))


def recorded(receipt: Receipt, body: dict[str, Any]) -> Response:
    """201 for what was written now; 200 and a header for what the same request wrote before."""
    if receipt.replayed:
        return json_answer(body, HTTPStatus.OK, Idempotency_Replayed="true")
    return json_answer(body, HTTPStatus.CREATED)


def _of_application(services: Services, application_id: str) -> tuple[CaseRow, ...]:
    """Cases of an application's id."""
    files = [services.cases.case(ref) for ref in cases_of_application(services, application_id)]
    return tuple(file.row for file in files if file is not None)


def _listed(
    services: Services, actor: Actor, status: str, queue: str, cursor: str
) -> tuple[tuple[CaseRow, ...], str]:
    """A page of cases of the caller's branch, and where the next one starts."""
    statuses = frozenset({CaseStatus(status)} if status else ())
    wanted = CaseFilter(statuses=statuses, branch=actor.branch or None, queue=queue or None)
    try:
        page = services.cases.rows(wanted, services.clock(), cursor=cursor, limit=PAGE_ROWS)
    except ValueError:
        refuse_parameter("cursor", "Use the cursor of the page before, or none.")
    return page.rows, page.next_cursor
