"""What models there are, what each wants to be told, and which codes it knows."""

from typing import Annotated, Any

from fastapi import APIRouter, Path, Request
from fastapi.responses import Response

from decision_service.loading import Loaded
from decision_service.standings import Standing, Standings, Version, parts_of
from decision_service.visits import json_answer, services_of
from explain.declared.contract import Field
from overrides.instants import instant_text
from overrides.journal import VersionStamp

router = APIRouter(prefix="/v1", tags=["bundles"])

NAME_CHARS_MAX = 64


@router.get("/bundles")
def list_bundles(request: Request) -> Response:
    """Every registered bundle, the champion first."""
    standings = services_of(request).registry.standings(fresh=True)
    return json_answer({"bundles": [_line(standing, standings) for standing in standings.all()]})


@router.get("/bundles/{name}")
def show_bundle(
    request: Request, name: Annotated[str, Path(max_length=NAME_CHARS_MAX)]
) -> Response:
    """One bundle: contract by field, cut-offs, codes, and one valid application."""
    registry = services_of(request).registry
    standings = registry.standings(fresh=True)
    return json_answer(_line(standings.standing(name), standings) | _whole(registry.loaded(name)))


def _line(standing: Standing, standings: Standings) -> dict[str, Any]:
    """One bundle in the list."""
    active = standing.active
    return {
        "name": standing.name,
        "version": active.model.version,
        "status": standing.status,
        "champion": standing.champion,
        "sha256": active.sha256,
        "model": _stamp(active.model),
        "policy": _stamp(active.policy),
        "codebook": _stamp(active.codebook),
        "registered_at": instant_text(active.registered_at),
        "versions": [
            _version(version) | {"suspended": standings.stops(standing.name, parts_of(version))}
            for version in standing.versions
        ],
    }


def _version(version: Version) -> dict[str, Any]:
    """One registered version."""
    return {"version": version.model.version, "sha256": version.sha256}


def _stamp(stamp: VersionStamp) -> dict[str, str]:
    """Version and hash of one of the three parts."""
    return {"version": stamp.version, "sha256": stamp.sha256}


def _whole(loaded: Loaded) -> dict[str, Any]:
    """Everything a sender, or a screen of the lender's own, needs to know of a bundle."""
    bundle, policy = loaded.bundle, loaded.bundle.policy_spec
    return {
        "title": bundle.title,
        "description": bundle.description,
        "note": bundle.note,
        "contract": {"fields": [_field(field) for field in bundle.contract.fields]},
        "cutoffs": {
            "approve_up_to": policy.approve_up_to,
            "decline_above": policy.decline_above,
            "near_cutoff": policy.near_cutoff,
        },
        "automation": policy.automation,
        "defaults": policy.defaults.model_dump(),
        "knockouts": [rule.model_dump() for rule in policy.knockouts],
        "concepts": [{"concept": c.id, "title": c.title} for c in bundle.concepts],
        "justification_codes": [
            {
                "code": code.code,
                "label": code.label,
                "direction": code.direction.value,
                "evidence_required": code.evidence_required,
                "evidence": code.evidence,
                "evidence_types": list(code.evidence_types),
                "second_approver": code.second_approver.value,
                "note_min_chars": code.note_min_chars,
                "review_days": code.review_days,
                "group": code.group,
                "description": code.description,
            }
            for code in loaded.rules.justifications
        ],
        "example": bundle.example,
    }


def _field(field: Field) -> dict[str, Any]:
    """One field of the contract."""
    return {
        "name": field.name,
        "label": field.label,
        "type": field.type,
        "role": field.role,
        "required": field.required,
        "missing": field.missing,
        "minimum": field.minimum,
        "maximum": field.maximum,
        "levels": dict(field.levels),
        "unit": field.unit,
        "owner": field.owner,
        "source": field.source,
        "freshness_days_max": field.freshness_days_max,
    }
