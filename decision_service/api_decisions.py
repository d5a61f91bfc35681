"""Deciding applications over HTTP: one, many, and one read back."""

from typing import Annotated

from fastapi import APIRouter, Path, Request
from fastapi.responses import Response

from decision_service.blindness import Blindness
from decision_service.measures import Measures
from decision_service.pipeline import Answer
from decision_service.queries import refuse_unknown
from decision_service.visits import actor_of, body_of, json_answer, key_of, services_of

router = APIRouter(prefix="/v1", tags=["decisions"])

ID_CHARS_MAX = 64
MICRO_PER_MILLI = 1000


async def decide(request: Request) -> Response:
    """``POST /v1/decisions``: 201 with the decision object, 200 when it was made before."""
    refuse_unknown(request)
    pipeline = services_of(request).decisions
    answer = await pipeline.decide(body_of(request), actor_of(request), key_of(request))
    count(request.app.state.measures, answer)
    headers = {"location": f"/v1/decisions/{answer.body['decision_id']}"}
    if answer.replayed:
        headers["idempotency_replayed"] = "true"
    if answer.timings_us:
        headers["server_timing"] = server_timing(answer)
    return json_answer(answer.body, answer.status, **headers)


@router.get("/decisions/{decision_id}")
def show_decision(
    request: Request, decision_id: Annotated[str, Path(max_length=ID_CHARS_MAX)]
) -> Response:
    """The decision with all contributions. A service sees its own, people those of their branch."""
    services, actor = services_of(request), actor_of(request)
    Blindness(services).check_decision(actor, decision_id)
    found = services.decisions.reader.shown(decision_id, actor)
    services.viewings.note(actor, "decision", case=found["case_id"])
    return json_answer(found)


def count(measures: Measures, answer: Answer) -> None:
    """Count what was recorded, not what was told again."""
    if not answer.replayed:
        scored = answer.body["score"] is not None
        advice = answer.body["recommendation"] if scored else "unscored"
        measures.decision(answer.body["model"]["bundle"], advice)


def server_timing(answer: Answer) -> str:
    """The parts of the path in milliseconds, as browsers and proxies read them."""
    return ", ".join(
        f"{name};dur={micro / MICRO_PER_MILLI:.3f}" for name, micro in answer.timings_us.items()
    )
