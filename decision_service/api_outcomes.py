"""Outcomes over HTTP: a list of records, a result for each."""

from fastapi import APIRouter, Request
from fastapi.responses import Response

from decision_service.acting import Acting
from decision_service.api_cases import recorded
from decision_service.errors import Fault, InvalidRequest
from decision_service.outcome_import import OutcomeImport
from decision_service.visits import actor_of, body_of, key_of, services_of
from overrides.errors import OutcomeRefused
from overrides.outcome_lines import OutcomeLine, read_record

router = APIRouter(prefix="/v1", tags=["outcomes"])

RECORDS_MAX = 1_000


@router.post("/outcomes", status_code=201)
def record_outcomes(request: Request) -> Response:
    """Take in what became of loans; each record is recorded, corrected, unchanged or refused."""
    services, actor, body = services_of(request), actor_of(request), body_of(request)
    lines = read_records(body)
    once = Acting(services).once(actor, "outcomes", key_of(request), body)
    receipt = OutcomeImport(services).records(lines, actor, once=once)
    results = [{"index": place, **found} for place, found in enumerate(receipt.answer["results"])]
    return recorded(receipt, {"results": results})


def read_records(body: object) -> list[OutcomeLine]:
    """Records from a list, or from ``{"outcomes": [...]}``; raises ``InvalidRequest``."""
    records = body.get("outcomes") if isinstance(body, dict) and len(body) == 1 else body
    if not isinstance(records, list) or not 1 <= len(records) <= RECORDS_MAX:
        raise InvalidRequest((Fault("", f"Send a list of 1 to {RECORDS_MAX} outcome records."),))
    return [_line(place, record) for place, record in enumerate(records)]


def _line(place: int, record: object) -> OutcomeLine:
    """One record, or what is wrong with it."""
    if not isinstance(record, dict):
        return OutcomeLine(place, None, "the record is no JSON object")
    try:
        return OutcomeLine(place, read_record(record))
    except OutcomeRefused as refused:
        return OutcomeLine(place, None, refused.problem)
