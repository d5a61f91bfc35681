"""Feedback sets over HTTP: make one, look at it, fetch its files."""

import json
from http import HTTPStatus
from pathlib import Path
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import FileResponse, Response

from decision_service.acting import Acting
from decision_service.api_cases import recorded
from decision_service.errors import Fault, InvalidRequest
from decision_service.feedback_errors import UnknownSet
from decision_service.feedback_export import PURPOSE, FeedbackExport
from decision_service.feedback_files import MANIFEST
from decision_service.feedback_pages import FILE_NAME
from decision_service.protected_export import ProtectedExport
from decision_service.services import Services
from decision_service.visits import actor_of, body_of, json_answer, key_of, services_of
from overrides.errors import OutcomeRefused
from overrides.feedback_made import FeedbackExportRow
from overrides.instants import instant_text
from overrides.outcome_lines import read_instant

router = APIRouter(prefix="/v1", tags=["feedback"])

MEMBERS = frozenset({"bundle", "as_of", "format", "purpose"})
FORMATS = ("parquet", "csv")
PURPOSE_CHARS_MAX = 200
LISTED_MAX = 500
MEDIA = {
    "parquet": "application/vnd.apache.parquet",
    "csv": "text/csv",
    "json": "application/json",
    "yaml": "application/yaml",
    "md": "text/markdown",
    "py": "text/x-python",
}


@router.post("/feedback-sets", status_code=201)
def make_set(request: Request) -> Response:
    """Write a set into the data directory and record it; the answer is its manifest with its id.

    Members, all optional: ``bundle``, ``as_of``, ``format`` (parquet or csv), ``purpose``.
    """
    services, actor, body = services_of(request), actor_of(request), body_of(request)
    asked = _asked(body)
    once = Acting(services).once(actor, "feedback-sets", key_of(request), body or {})
    name = asked["bundle"] or "all"
    folder = f"{name}-{services.clock():%Y%m%dT%H%M%S%fZ}"
    _, receipt = FeedbackExport(services).write(
        services.settings.feedback / folder,
        actor,
        bundle=asked["bundle"],
        as_of=asked["as_of"],
        purpose=asked["purpose"],
        form=asked["form"],
        once=once,
    )
    return recorded(receipt, _set(services, str(receipt.answer["folder"])))


@router.get("/feedback-sets")
def list_sets(request: Request) -> Response:
    """Sets made so far, newest first; ``id`` only of those that lie here."""
    services = services_of(request)
    made = services.cases.feedback_exports(limit=LISTED_MAX)
    return json_answer({"feedback_sets": [_told(services, row) for row in made]})


@router.get("/feedback-sets/{set_id}")
def show_set(request: Request, set_id: str) -> Response:
    """One set: what was recorded of it, its manifest, and its files."""
    return json_answer(_set(services_of(request), set_id))


@router.get("/feedback-sets/{set_id}/files/{name}")
def set_file(request: Request, set_id: str, name: str) -> Response:
    """One file of a set."""
    path = _folder(services_of(request), set_id) / name
    if not FILE_NAME.fullmatch(name) or not path.is_file():
        raise UnknownSet(set_id=f"{set_id}/{name}"[:100])
    return FileResponse(path, media_type=MEDIA[name.rpartition(".")[2]])


@router.post("/protected-sets", status_code=201)
def protected_set(request: Request) -> Response:
    """Protected attributes beside decisions of one model, as CSV; the ledger says who had them.

    Members: ``bundle``, which is needed, and ``as_of``.
    """
    services, actor, body = services_of(request), actor_of(request), body_of(request)
    asked = _asked(body)
    if asked["bundle"] is None:
        raise InvalidRequest((Fault("/bundle", "Give the name of a model."),))
    once = Acting(services).once(actor, "protected-sets", key_of(request), body)
    content, receipt = ProtectedExport(services).rows(
        asked["bundle"], actor, as_of=asked["as_of"], once=once
    )
    status = HTTPStatus.OK if receipt.replayed else HTTPStatus.CREATED
    return Response(content, status, media_type="text/csv")


def _asked(body: Any) -> dict[str, Any]:
    """What is asked for; raises ``InvalidRequest`` that names the member."""
    given = {} if body is None else body
    if not isinstance(given, dict):
        raise InvalidRequest((Fault("", "Send a JSON object, or nothing."),))
    faults = [Fault(f"/{name}"[:60], "There is no such member.") for name in set(given) - MEMBERS]
    bundle, form = given.get("bundle"), given.get("format", "parquet")
    purpose, as_of = given.get("purpose", PURPOSE), given.get("as_of")
    if bundle is not None and not (isinstance(bundle, str) and bundle):
        faults.append(Fault("/bundle", "Give the name of a model, or leave it out for all."))
    if form not in FORMATS:
        faults.append(Fault("/format", "Give parquet or csv."))
    if not (isinstance(purpose, str) and 0 < len(purpose) <= PURPOSE_CHARS_MAX):
        faults.append(Fault("/purpose", f"Give 1 to {PURPOSE_CHARS_MAX} characters."))
    if as_of is not None:
        try:
            as_of = read_instant(as_of if isinstance(as_of, str) else "")
        except OutcomeRefused:
            faults.append(Fault("/as_of", "Give a time such as 2026-11-22T00:00:00Z."))
    if faults:
        raise InvalidRequest(tuple(faults))
    return {"bundle": bundle, "as_of": as_of, "purpose": purpose, "form": form}


def _folder(services: Services, set_id: str) -> Path:
    """The folder of a set that lies here; raises ``UnknownSet``."""
    return services.settings.feedback / _recorded(services, set_id).folder


def _recorded(services: Services, set_id: str) -> FeedbackExportRow:
    """What was recorded of a set that lies here."""
    for row in services.cases.feedback_exports(limit=LISTED_MAX):
        if row.folder == set_id and _here(services, row):
            return row
    raise UnknownSet(set_id=set_id[:100])


def _here(services: Services, row: FeedbackExportRow) -> bool:
    """Whether a set lies here under a name of one part."""
    path = services.settings.feedback / row.folder
    return path.parent == services.settings.feedback and path.is_dir()


def _told(services: Services, row: FeedbackExportRow) -> dict[str, Any]:
    """What was recorded of a set."""
    here = {"id": row.folder} if _here(services, row) else {}
    return {
        **here,
        "folder": row.folder,
        "made_at": instant_text(row.at),
        "as_of": row.as_of,
        "bundle": row.bundle or None,
        "purpose": row.purpose,
        "rows": row.rows,
        "label_status": dict(row.counts),
        "erasure_epoch": row.erasure_epoch,
        "manifest_sha256": row.manifest_sha256,
        "ledger": {"log": services.ledger.log, "seq": row.seq},
    }


def _set(services: Services, set_id: str) -> dict[str, Any]:
    """A set with its manifest and files."""
    row = _recorded(services, set_id)
    folder = services.settings.feedback / row.folder
    names = sorted(path.name for path in folder.iterdir() if FILE_NAME.fullmatch(path.name))
    path = folder / MANIFEST
    return {
        **_told(services, row),
        "manifest": json.loads(path.read_bytes()) if path.is_file() else None,
        "files": [{"name": n, "href": f"/v1/feedback-sets/{set_id}/files/{n}"} for n in names],
    }
