"""A witness for other ledgers over HTTP, as C2SP tlog-witness has it.

Whoever asks is known by the key that signed the checkpoint they show, and by nothing else.
"""

from collections.abc import Mapping

from fastapi import APIRouter, Request
from fastapi.responses import PlainTextResponse, Response
from starlette.concurrency import run_in_threadpool

from decision_service.visits import services_of
from overrides.witness_post import Answer, Outcome, WitnessPost

router = APIRouter(prefix="/witness", tags=["witness"])

SIZE_TYPE = "text/x.tlog.size"
BODY_MAX = 32 * 1024  # a proof, a checkpoint, and the signatures of some witnesses
STATUS: Mapping[Outcome, int] = {
    Outcome.COSIGNED: 200,
    Outcome.UNREADABLE: 400,
    Outcome.UNKNOWN: 404,
    Outcome.UNSIGNED: 403,
    Outcome.BACKWARDS: 400,
    Outcome.BEHIND: 409,
    Outcome.FORKED: 409,
    Outcome.UNPROVEN: 422,
}
TEXT_BODY = {
    "requestBody": {"required": True, "content": {"text/plain": {"schema": {"type": "string"}}}}
}


@router.post("/add-checkpoint", response_class=PlainTextResponse, openapi_extra=TEXT_BODY)
async def add_checkpoint(request: Request) -> Response:
    """Show this witness a checkpoint, as C2SP tlog-witness has it; it answers with its signatures.

    400 unreadable, 403 not signed by the ledger's key, 404 not witnessed here, 409 with the size
    that was signed last (``text/x.tlog.size``), 422 not shown to continue it.
    """
    body = await request.body()
    return _http(await run_in_threadpool(_answer, request, body))


def _answer(request: Request, body: bytes) -> Answer:
    """What the witness says to it."""
    if len(body) > BODY_MAX:
        return Answer(Outcome.UNREADABLE, f"It has more than {BODY_MAX // 1024} KiB.")
    services = services_of(request)
    post = WitnessPost(services.settings.witness, services.clock)
    try:
        text = body.decode()
    except UnicodeDecodeError:
        return Answer(Outcome.UNREADABLE, "It is no text.")
    return post.add_checkpoint(text)


def _http(answer: Answer) -> Response:
    """The answer as the specification has it: signature lines, a size, or a sentence."""
    status = STATUS[answer.outcome]
    if answer.outcome in (Outcome.BEHIND, Outcome.FORKED):
        # Its type has no charset: clients compare it whole.
        return Response(f"{answer.size}\n", status, headers={"Content-Type": SIZE_TYPE})
    return PlainTextResponse(answer.lines or f"{answer.said}\n", status)
