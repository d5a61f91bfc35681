"""The interface described: what FastAPI knows of its routes, and the routes it does not know."""

from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi

PROBLEM = "#/components/schemas/Problem"
DECISION = "#/components/schemas/Decision"
APPLICATION = "#/components/schemas/Application"
KEY_HEADER = {
    "name": "Idempotency-Key",
    "in": "header",
    "required": True,
    "schema": {"type": "string", "pattern": "^[!-~]{1,255}$"},
    "description": "Visible ASCII without blanks, taken as it stands: quotes are part of the key. "
    "The same caller and key act once; kept 30 days.",
}

TEXT = {"type": "string"}
TEXT_OR_NULL = {"type": ["string", "null"]}
TIME = {"type": "string", "format": "date-time"}

SCHEMAS: dict[str, Any] = {
    "Problem": {
        "type": "object",
        "description": "RFC 9457",
        "required": ["type", "title", "status", "detail"],
        "properties": {
            "type": TEXT,
            "title": TEXT,
            "status": {"type": "integer"},
            "detail": TEXT,
            "instance": TEXT,
            "errors": {
                "type": "array",
                "items": {
                    "type": "object",
                    "properties": {"pointer": TEXT, "detail": TEXT, "code": TEXT},
                },
            },
        },
    },
    "Application": {
        "type": "object",
        "required": ["application_id", "fields"],
        "additionalProperties": False,
        "properties": {
            "application_id": {"type": "string", "minLength": 1, "maxLength": 128},
            "bundle": TEXT,
            "fields": {"type": "object"},
            "fields_meta": {"type": "object"},
            "received_at": TIME,
            "completed_at": TIME,
            "branch": TEXT,
            "channel": TEXT,
            "product": TEXT,
            "jurisdiction": TEXT,
            "amount": {
                "type": "object",
                "required": ["minor", "currency"],
                "properties": {"minor": {"type": "integer", "minimum": 0}, "currency": TEXT},
            },
            "parties": {
                "type": "array",
                "maxItems": 10,
                "items": {
                    "type": "object",
                    "required": ["ref", "role"],
                    "properties": {
                        "ref": TEXT,
                        "role": {"enum": ["applicant", "co-applicant", "guarantor"]},
                        "fields": {"type": "array", "items": TEXT},
                    },
                },
            },
        },
    },
    "Decision": {
        "type": "object",
        "required": ["decision_id", "case_id", "recommendation", "status", "routing", "reasons"],
        "properties": {
            "decision_id": TEXT,
            "case_id": TEXT,
            "application_id": TEXT_OR_NULL,
            "supersedes": TEXT_OR_NULL,
            "model": {"type": "object"},
            "policy": {"type": "object"},
            "codebook": {"type": "object"},
            "score": {"type": ["object", "null"]},
            "cutoffs": {"type": ["object", "null"]},
            "recommendation": {"enum": ["approve", "refer", "decline"]},
            "status": {"enum": ["decided", "in_review"]},
            "routing": {"type": "object"},
            "reasons": {"type": "object"},
            "ledger": {"type": "object"},
        },
    },
}


def schema_of(app: FastAPI) -> dict[str, Any]:
    """The whole description, made at the first request for it."""
    if app.openapi_schema is None:
        described = get_openapi(
            title="Countermand",
            version=app.version,
            summary="Decisions on scored applications, and the people who answer for them",
            routes=app.routes,
        )
        described["paths"] |= _paths()
        components = described.setdefault("components", {})
        components.setdefault("schemas", {}).update(SCHEMAS)
        components["securitySchemes"] = {"key": {"type": "http", "scheme": "bearer"}}
        described["security"] = [{"key": []}]
        app.openapi_schema = described
    return app.openapi_schema


def _paths() -> dict[str, Any]:
    """The routes that are no FastAPI routes."""
    return {
        "/v1/decisions": {
            "post": {
                "operationId": "decide",
                "tags": ["decisions"],
                "summary": "Score, explain and route one application",
                "parameters": [KEY_HEADER],
                "requestBody": _content("application/json", APPLICATION),
                "responses": {
                    "201": _content("application/json", DECISION, "Recorded now"),
                    "200": _content("application/json", DECISION, "Recorded before, same request"),
                    **_problems(400, 401, 403, 404, 409, 413, 415, 422, 503, 507),
                },
            }
        },
        "/v1/decisions/batch": {
            "post": {
                "operationId": "decide_batch",
                "tags": ["decisions"],
                "summary": "One application per line, each with its idempotency_key",
                "requestBody": _content("application/x-ndjson", APPLICATION),
                "responses": {
                    "200": _content("application/x-ndjson", DECISION, "A line for each line"),
                    **_problems(401, 403, 415),
                },
            }
        },
    }


def _content(media: str, ref: str, description: str = "") -> dict[str, Any]:
    """A body of one kind."""
    body: dict[str, Any] = {"content": {media: {"schema": {"$ref": ref}}}}
    return {"description": description, **body} if description else {"required": True, **body}


def _problems(*statuses: int) -> dict[str, Any]:
    """Refusals."""
    return {
        str(status): _content("application/problem+json", PROBLEM, "Refused") for status in statuses
    }
