"""Typed contexts in, HTML out: whole pages, or one block of the same page."""

import gzip
from collections.abc import Mapping
from dataclasses import Field, fields
from datetime import date, datetime
from functools import cache
from hashlib import sha256
from http import HTTPStatus
from pathlib import Path
from typing import Any, ClassVar, Protocol

from fastapi import Request
from fastapi.responses import HTMLResponse, Response
from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup
from starlette.datastructures import Headers
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

from ui import pictures, qr, words
from ui.note_hints import hint_lines

STATIC = Path(__file__).parent / "static"
PACKED = frozenset({"app.css", "app.js", "queue.js", "vendor/htmx/htmx.min.js"})
NOTICE_COOKIE = "countermand_notice"

# What a page may load and where it may send: its own host, nothing inline, nothing evaluated.
SECURITY_HEADERS: Mapping[str, str] = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
        "connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'; "
        "worker-src 'self'"
    ),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "X-Frame-Options": "DENY",
}
PAGE_HEADERS: Mapping[str, str] = {
    **SECURITY_HEADERS,
    "Cache-Control": "no-store",
    "Vary": "HX-Request, HX-Request-Type, HX-History-Restore-Request",
}


class PageContext(Protocol):
    """A dataclass that says which template it is for."""

    template: ClassVar[str]
    __dataclass_fields__: ClassVar[dict[str, Field[Any]]]


def _asset(name: str) -> str:
    """The address of a static file; it changes when the file does, so browsers may keep it."""
    return f"/static/{name}?v={_fingerprint(name)}"


@cache
def _fingerprint(name: str) -> str:
    return sha256((STATIC / name).read_bytes()).hexdigest()[:12]


def _instant(at: datetime) -> Markup:
    return Markup('<time datetime="{}">{}</time>').format(
        at.isoformat(timespec="seconds"), words.instant_words(at)
    )


def _day(at: date) -> Markup:
    day = at.date() if isinstance(at, datetime) else at
    return Markup('<time datetime="{}">{}</time>').format(day.isoformat(), words.day_words(at))


def _environment() -> Environment:
    made = Environment(
        loader=PackageLoader("ui", "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.filters.update(
        asset=_asset,
        instant=_instant,
        day=_day,
        due=words.due_words,
        since=lambda at, now: words.span_words(now - at),
        count=words.count_words,
        score_words=words.score_words,
        hint_lines=hint_lines,
        tie_lines=lambda reasons: words.tie_lines((r.title, r.tied) for r in reasons),
        push=words.push_words,
        tight=words.tight,
        push_bar=pictures.push_bar,
        qr=qr.picture,
    )
    return made


ENV = _environment()


def wants_block(request: Request) -> bool:
    """Whether htmx asked for part of a page. Going back in history always gets a whole page."""
    asked = request.headers
    return (
        asked.get("HX-Request") == "true"
        and asked.get("HX-Request-Type", "partial") == "partial"
        and "HX-History-Restore-Request" not in asked
    )


def page(
    request: Request, context: PageContext, *, block: str = "", status: int = 200
) -> HTMLResponse:
    """The page, or only ``block`` of it when that is all that was asked for.

    A whole page uses up the notice that an earlier answer left in a cookie.
    """
    template = ENV.get_template(context.template)
    given = {field.name: getattr(context, field.name) for field in fields(context)}
    if block and wants_block(request):
        html = "".join(template.blocks[block](template.new_context(given)))
        return HTMLResponse(html, status, headers=dict(PAGE_HEADERS))
    answer = HTMLResponse(template.render(given), status, headers=dict(PAGE_HEADERS))
    if NOTICE_COOKIE in request.cookies:
        answer.delete_cookie(NOTICE_COOKIE, httponly=True, samesite="lax")
    return answer


class KeptFiles(StaticFiles):
    """Static files, packed when the browser can unpack; a named one may be kept for good.

    Only these are packed. A page that holds a secret beside what others typed never is: its packed
    length would tell of the secret.
    """

    async def get_response(self, path: str, scope: Scope) -> Response:
        """The file, and how long the browser may keep it."""
        answer = await super().get_response(path, scope)
        accepted = Headers(scope=scope).get("accept-encoding", "")
        if answer.status_code == HTTPStatus.OK and "gzip" in accepted and path in PACKED:
            answer = Response(_packed(path), media_type=answer.media_type, headers=_kept(answer))
            answer.headers["Content-Encoding"] = "gzip"
        named = scope.get("query_string", b"").startswith(b"v=")
        kept = "public, max-age=31536000, immutable" if named else "no-cache"
        answer.headers["Cache-Control"] = kept
        answer.headers["X-Content-Type-Options"] = "nosniff"
        answer.headers["Vary"] = "Accept-Encoding"
        return answer


@cache
def _packed(path: str) -> bytes:
    return gzip.compress((STATIC / path).read_bytes(), mtime=0)


def _kept(answer: Response) -> dict[str, str]:
    """The headers that are true of the packed file, too."""
    return {name: answer.headers[name] for name in ("last-modified",) if name in answer.headers}
