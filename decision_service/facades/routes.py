"""The addresses of three scoring servers: KServe V1, Open Inference Protocol V2, MLflow."""

import asyncio
import json
import math
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from http import HTTPStatus
from typing import Annotated, Any, NamedTuple

from fastapi import APIRouter, Path, Request
from fastapi.responses import Response

from countermand import __version__
from decision_service.answers import JSON_TYPE
from decision_service.applications import MEMBERS
from decision_service.body_guard import JSON_TYPE as JSON_BYTES
from decision_service.body_guard import checked_key, header, parse_text
from decision_service.errors import (
    BundleUnavailable,
    IdempotencyKeyMissing,
    InvalidRequest,
    Malformed,
    UnsupportedMedia,
)
from decision_service.facades import inference, invocations, kserve
from decision_service.facades.asking import APPLICATION, Asked, Row, Unnamed, refuse
from decision_service.facades.score_only import (
    UNVERIFIED,
    Scored,
    ScoreOnly,
    checked_rows,
    usable,
)
from decision_service.facades.telling import Told, told_of_decision
from decision_service.problems import pointer
from decision_service.registry import InUse
from decision_service.score_addresses import (
    EXPLAIN,
    INFER,
    INFER_VERSION,
    INVOCATIONS,
    PREDICT,
    refusal_in,
)
from decision_service.visits import actor_of, json_answer, services_of

router = APIRouter(tags=["scoring clients"])

Name = Annotated[str, Path(max_length=64)]
Read = Callable[[Any], Asked]
Tell = Callable[[Asked, Sequence[Told], str, Mapping[str, str]], Mapping[str, Any]]

JSON_BODY = {
    "requestBody": {"required": True, "content": {JSON_TYPE: {"schema": {"type": "object"}}}}
}
BINARY = b"inference-header-content-length"
BUNDLE = "bundle"
OTHER_VERSION = "{name} answers with version {active} and no other: ask for that, or for none."
UNSCORED = (
    "No score could be made. The application was taken in as decision {decision} of case {case},"
    " and a person decides."
)


class _Application(NamedTuple):
    """An application to decide: the bundle that the request names, "" for none, and its rows."""

    bundle: str
    rows: Sequence[Row]


@router.get("/v1/models")
def models(request: Request) -> Response:
    """Names of the bundles, the champion first."""
    standings = services_of(request).registry.standings(fresh=True)
    return json_answer({"models": [standing.name for standing in standings.all()]})


@router.get("/v1/models/{name}")
def model_ready(request: Request, name: Name) -> Response:
    """Whether a bundle would score now."""
    ready = _is_ready(request, name, "")
    status = HTTPStatus.OK if ready else HTTPStatus.SERVICE_UNAVAILABLE
    return json_answer({"name": name, "ready": ready}, status)


@router.post(PREDICT, openapi_extra=JSON_BODY)
async def predict(request: Request, name: Name) -> Response:
    """A probability of bad for each instance."""
    return await _kserve(request, name, explained=False)


@router.post(EXPLAIN, openapi_extra=JSON_BODY)
async def explain(request: Request, name: Name) -> Response:
    """The same, each with its explanation."""
    return await _kserve(request, name, explained=True)


async def _kserve(request: Request, name: str, *, explained: bool) -> Response:
    """Ask by the first protocol."""
    read = partial(kserve.asked, explained=explained)
    return await _ask(request, name, "", read, lambda q, told, *_: kserve.answer(q, told))


@router.get("/v2")
def server(_request: Request) -> Response:
    """What this server is."""
    return json_answer({"name": "countermand", "version": __version__, "extensions": []})


@router.get("/v2/health/live")
def live(_request: Request) -> Response:
    """The process answers."""
    return json_answer({"live": True})


@router.get("/v2/health/ready")
def ready(request: Request) -> Response:
    """Every model is loaded, proven and warm."""
    done = not request.app.state.readiness.waiting_for
    return json_answer({"ready": done}, HTTPStatus.OK if done else HTTPStatus.SERVICE_UNAVAILABLE)


@router.get("/v2/models/{name}/ready")
@router.get("/v2/models/{name}/versions/{version}/ready")
def version_ready(request: Request, name: Name) -> Response:
    """Whether a bundle would score now."""
    done = _is_ready(request, name, _version(request))
    status = HTTPStatus.OK if done else HTTPStatus.SERVICE_UNAVAILABLE
    return json_answer({"name": name, "ready": done}, status)


@router.get("/v2/models/{name}")
@router.get("/v2/models/{name}/versions/{version}")
def describe(request: Request, name: Name) -> Response:
    """A bundle's tensors: a field each, and what can be answered."""
    used = _in_use(request, name, _version(request))
    if used.loaded is None:
        raise BundleUnavailable(name=name, cause=UNVERIFIED)
    active, contract = used.version.model.version, used.loaded.bundle.contract
    return json_answer(inference.described(name, active, contract))


@router.post(INFER, openapi_extra=JSON_BODY)
@router.post(INFER_VERSION, openapi_extra=JSON_BODY)
async def infer(request: Request, name: Name) -> Response:
    """The tensors that are asked for, for every row."""

    def tell(
        question: Asked, told: Sequence[Told], active: str, said: Mapping[str, str]
    ) -> Mapping[str, Any]:
        return inference.answer(question, told, model=name, version=active, parameters=said)

    return await _ask(request, name, _version(request), inference.asked, tell)


@router.post(INVOCATIONS, openapi_extra=JSON_BODY)
async def invoke(request: Request) -> Response:
    """A probability of bad for each row, by the champion or the bundle that ``params`` names."""
    return await _ask(
        request, "", "", invocations.asked, lambda q, told, *_: invocations.answer(q, told)
    )


async def _ask(request: Request, name: str, version: str, read: Read, tell: Tell) -> Response:
    """Read, score, write down, answer: as a decision where an application is named."""
    content = await request.body()
    key = header(request.headers.raw, b"idempotency-key")
    given = checked_key(key.decode("latin-1")) if key is not None else ""
    path: ScoreOnly = request.app.state.score_only
    question, answer = await path.apart(_answer, request, name, version, read, content, given)
    if isinstance(answer, _Application):
        return await _decided(request, question, answer, given, tell)
    said = {"record": answer.reference, "seq": str(answer.seq)}
    again = {"idempotency_replayed": "true"} if answer.replayed else {}
    return json_answer(
        tell(question, answer.rows, answer.version, said),
        HTTPStatus.OK,
        countermand_record=answer.reference,
        countermand_seq=str(answer.seq),
        **again,
    )


def _answer(
    request: Request, name: str, version: str, read: Read, content: bytes, key: str
) -> tuple[Asked, "Scored | _Application"]:
    """What is asked, with the scores that are recorded of it, or the application to decide."""
    body, odd = _parsed(request, content)
    if not name and isinstance(body, dict) and isinstance(body.get("params"), dict):
        name = body["params"].pop(BUNDLE, "")
        if not isinstance(name, str):
            refuse(pointer("params", BUNDLE), "Give a bundle's name.")
    try:
        question = read(body)
    except InvalidRequest:
        _in_use(request, name, version)  # a bundle that is none is told first
        raise
    path: ScoreOnly = request.app.state.score_only
    actor, words = actor_of(request), f"{request.url.path}\0{content.decode()}"
    alone = question.application is None
    if alone and key and odd is None and (before := path.before(actor, key, words)):
        return question, before
    used = _in_use(request, name, version)
    contract = used.loaded.bundle.contract if used.loaded else None
    if contract is None and alone:
        usable(used)
    try:
        table = question.read(contract)
    except Unnamed:
        raise BundleUnavailable(name=used.version.name, cause=UNVERIFIED) from None
    checked = checked_rows(table, contract) if contract else []
    if odd is not None:
        raise odd
    if not alone:
        return question, _Application(name, table[0])
    return question, path.record(question, checked, used, actor, key=key, content=words)


async def _decided(
    request: Request, question: Asked, application: _Application, key: str, tell: Tell
) -> Response:
    """An application, decided like any other."""
    if len(application.rows) != 1:
        refuse(pointer(question.parameters_name, APPLICATION), "One application has one row.")
    if not key:
        raise IdempotencyKeyMissing
    said = {k: v for k, v in question.parameters.items() if k not in {BUNDLE, "fields"}}
    if unknown := sorted(said.keys() - MEMBERS):
        refuse(pointer(question.parameters_name, unknown[0][:64]), "Leave it out.")
    named = {BUNDLE: application.bundle} if application.bundle else {}
    body = {**said, **named, "fields": dict(application.rows[0])}
    services, actor = services_of(request), actor_of(request)
    made = (await services.decisions.decide(body, actor, key)).body
    decision, case = made["decision_id"], made["case_id"]
    headers = {
        "location": f"/v1/decisions/{decision}",
        "countermand_decision": decision,
        "countermand_case": case,
    }
    if made["score"] is None:
        words = UNSCORED.format(decision=decision, case=case)
        status = HTTPStatus.SERVICE_UNAVAILABLE
        return json_answer(refusal_in(question.protocol, status, words), status, **headers)
    shown = await asyncio.to_thread(services.decisions.reader.shown, decision, actor)
    about = {
        "decision": decision,
        "case": case,
        "recommendation": made["recommendation"],
        "status": made["status"],
    }
    told = [told_of_decision(shown)]
    return json_answer(tell(question, told, made["model"]["version"], about), **headers)


def _version(request: Request) -> str:
    """The version that the address names; "" where it names none."""
    return str(request.path_params.get("version", ""))


def _in_use(request: Request, name: str, version: str) -> InUse:
    """The version that answers for a bundle; raises InvalidRequest where another is wanted."""
    used = services_of(request).registry.in_use(name)
    active = used.version.model.version
    if version not in {"", active}:
        refuse("", OTHER_VERSION.format(name=used.version.name, active=active))
    return used


def _is_ready(request: Request, name: str, version: str) -> bool:
    """Whether a bundle would score now; raises UnknownBundle or InvalidRequest."""
    try:
        usable(_in_use(request, name, version))
    except BundleUnavailable:
        return False
    return True


def _parsed(request: Request, content: bytes) -> tuple[Any, Malformed | None]:
    """The body's one meaning, or a body with NaN and infinities in it, and why it is refused.

    So that they can be named by row and field first.
    """
    headers = request.headers.raw
    kind = (header(headers, b"content-type") or JSON_BYTES).partition(b";")[0].strip().lower()
    packed = header(headers, b"content-encoding") not in {None, b"identity"}
    if kind != JSON_BYTES or packed or header(headers, BINARY) is not None:
        raise UnsupportedMedia(expected=JSON_TYPE)
    try:
        return parse_text(content, len(content)), None
    except Malformed as refused:
        body = _leniently(content)
        if body is None:
            raise
        return body, refused


def _leniently(content: bytes) -> Any:
    """The body with what is no finite number in it; None for one that has none, or is no JSON."""
    odd: list[str] = []

    def number(word: str) -> float:
        value = float(word)
        if not math.isfinite(value):
            odd.append(word)
        return value

    try:
        body = json.loads(content, parse_constant=number, parse_float=number)
    except (ValueError, RecursionError):
        return None
    return body if odd else None
