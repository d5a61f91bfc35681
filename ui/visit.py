"""One visit to one page: who is here, what was left to tell them, and what they sent."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import zip_longest
from typing import Annotated
from urllib.parse import quote, unquote

from fastapi import Depends, Request
from fastapi.responses import RedirectResponse
from starlette.datastructures import FormData

from ui.frame import Fault, NavItem, Shell
from ui.ports import Office, Refused
from ui.render import NOTICE_COOKIE, PAGE_HEADERS
from ui.views import ActForm, EvidenceTyped, Notice, Viewer

SESSION_COOKIE = "countermand_session"
TEXT_CHARS_MAX = 10_000  # of one field; longer texts are cut before anyone works on them
NOTICE_CHARS_MAX = 900
LOG_IN_FIRST = "Log in to see this page."
KEPT = "kept"  # the log-in page's field with what was typed elsewhere
RUN_OUT = "Your log-in has run out. Nothing was recorded."
EARLIER_LOG_IN = "This form was opened before your last log-in. Nothing was recorded."
FORM_AGAIN = frozenset({400, 403, 409, 422, 503})  # refusals that bring the filled form back
DWELL_MS_MAX = 24 * 3600 * 1000

# address, words, permission, name of the shortcut's target
NAVIGATION: tuple[tuple[str, str, str, str], ...] = (
    ("/desk", "Desk", "desk", "desk"),
    ("/approvals", "Approvals", "approvals", "approvals"),
    ("/team", "Team", "team", "team"),
    ("/letters", "Letters", "letters", "letters"),
    ("/training", "Training", "training", "training"),
    ("/reconciliation", "Reconciliation", "reconcile", "reconciliation"),
    ("/findings", "Findings", "findings", "findings"),
    ("/ledger", "Ledger", "ledger", "ledger"),
    ("/ledger/verify", "Verify", "verify", "verify"),
    ("/erasures", "Erasures", "erasures", "erasures"),
    ("/board", "Board", "board", "board"),
    ("/overrides", "Overrides", "overrides", "overrides"),
    ("/fairness", "Fairness", "fairness", "fairness"),
    ("/feedback", "Feedback sets", "feedback", "feedback"),
    ("/models", "Models", "models", "models"),
    ("/admin", "People", "admin", "admin"),
)


@dataclass(eq=False)
class SignInNeeded(Exception):
    """{why}.

    ``kept`` is what was typed into a form, to be brought back after log-in.
    """

    why: str
    kept: tuple[tuple[str, str], ...] = ()


@dataclass(eq=False)
class FormKept(Exception):
    """A form that came too late, brought back by the log-in page to be shown to {viewer.name}."""

    viewer: Viewer
    typed: FormData


def office(request: Request) -> Office:
    """The application behind the pages."""
    found: Office = request.app.state.office
    return found


def visitor(request: Request) -> Viewer | None:
    """Who is logged in, if anyone."""
    known: Viewer | None = getattr(request.state, "viewer", None)
    if known is not None:
        return known
    token = request.cookies.get(SESSION_COOKIE, "")
    return office(request).people.viewer(token) if token else None


def signed_in(request: Request) -> Viewer:
    """Who is logged in; raises ``SignInNeeded``."""
    viewer = visitor(request)
    if viewer is None:
        raise SignInNeeded(LOG_IN_FIRST)
    return viewer


async def _typed(request: Request) -> FormData:
    return await request.form(max_files=0, max_fields=200)


Reader = Annotated[Viewer, Depends(signed_in)]
Typed = Annotated[FormData, Depends(_typed)]


def signed_in_to_act(request: Request, typed: Typed) -> Viewer:
    """Who is logged in and sent a form made for them.

    Raises ``SignInNeeded`` with what was typed, ``FormKept`` when that comes back after the log-in,
    or ``Refused`` when the form is someone else's.
    """
    viewer = visitor(request)
    if viewer is None:
        raise SignInNeeded(RUN_OUT, kept_fields(typed))
    if KEPT in typed:
        raise FormKept(viewer, unpack_kept(str(typed[KEPT])))
    if text(typed, "person") != viewer.person_ref:
        raise Refused(
            409,
            "This form was opened by someone else",
            f"You are logged in as {viewer.name}, but the form belongs to another person. "
            "Nothing was recorded. Open the page again.",
        )
    if viewer.csrf and text(typed, "csrf") != viewer.csrf:
        raise SignInNeeded(EARLIER_LOG_IN, kept_fields(typed))
    return viewer


Doer = Annotated[Viewer, Depends(signed_in_to_act)]


def text(typed: FormData, name: str) -> str:
    """One field as text, without blanks around it and without characters no field can hold."""
    return _clean(typed.get(name, ""))


def _clean(found: object) -> str:
    if not isinstance(found, str):
        return ""
    clean = found.replace("\r\n", "\n").replace("\x00", "")
    return clean.encode("utf-8", "replace").decode().strip()[:TEXT_CHARS_MAX]


def kept_fields(typed: FormData) -> tuple[tuple[str, str], ...]:
    """Every typed field that may be shown again: no passwords, no token of the old log-in."""
    if KEPT in typed:  # brought back by a log-in that has ended already
        typed = unpack_kept(str(typed[KEPT]))
    return tuple(
        (name, value[:TEXT_CHARS_MAX])
        for name, value in typed.multi_items()
        if isinstance(value, str) and name not in {"password", "csrf"}
    )


def pack_kept(kept: tuple[tuple[str, str], ...]) -> str:
    """Typed fields as one hidden field of the log-in page; "" when there are none."""
    return json.dumps(kept, ensure_ascii=False) if kept else ""


def unpack_kept(packed: str) -> FormData:
    """The typed fields again; empty when the hidden field is no such list."""
    try:
        pairs = json.loads(packed) if packed else []
        return FormData([(str(name), str(value)) for name, value in pairs])
    except (ValueError, TypeError):
        return FormData()


def act_form(typed: FormData) -> ActForm:
    """What an officer typed, in the shape the acts take."""
    dwell, version = text(typed, "dwell_ms"), text(typed, "seen_version")
    return ActForm(
        decision=text(typed, "decision"),
        code=text(typed, "code"),
        note=text(typed, "note"),
        evidence=tuple(filter(None, _evidence(typed))),
        concepts=tuple(dict.fromkeys(str(item) for item in typed.getlist("concepts"))),
        verdict=text(typed, "verdict"),
        review_on=text(typed, "review_on"),
        hints=tuple(str(item) for item in typed.getlist("hints")),
        seen_version=int(version) if version.isdecimal() and len(version) < 10 else 0,  # noqa: PLR2004
        idempotency_key=text(typed, "idempotency_key"),
        dwell_ms=min(int(dwell), DWELL_MS_MAX) if dwell.isdecimal() and len(dwell) < 12 else None,  # noqa: PLR2004
    )


def _evidence(typed: FormData) -> Iterator[EvidenceTyped]:
    """Each piece of evidence: the fields of one name belong together by their order."""
    named = (typed.getlist(f"evidence_{part}") for part in ("type", "reference", "sha256"))
    for kind, reference, sha256 in zip_longest(*named):
        yield EvidenceTyped(
            kind=_clean(kind), reference=_clean(reference), sha256=_clean(sha256).lower()
        )


def new_key(request: Request) -> str:
    """A key for one rendering of one form, so that sending it twice does it once."""
    made: str = request.app.state.new_key()
    return made


def key_for(request: Request, form: ActForm | None, status: int) -> str:
    """The key for a form that is shown again.

    Where the act may have been recorded after all, or never arrived, sending the same form with
    the same key is safe; a form that was refused for its content will be a different act.
    """
    unchanged = form is not None and status not in {409, 422}
    return (form.idempotency_key if form and unchanged else "") or new_key(request)


def fault_of(refused: Refused, order: Mapping[str, str]) -> Fault:
    """A refusal as the summary at the head of the form.

    ``order`` maps the form's field names to the ids of their inputs, first to last. A fault of a
    field the form does not show is told without a link.
    """
    known = [(order[name], refused.fields[name]) for name in order if name in refused.fields]
    loose = [("", said) for name, said in refused.fields.items() if name not in order]
    return Fault(title=refused.title, text=str(refused), fields=(*known, *loose))


def shell(
    request: Request,
    viewer: Viewer | None,
    title: str,
    *,
    current: str = "",
    notices: tuple[Notice, ...] = (),
    fault: Fault | None = None,
    draft: str = "",
) -> Shell:
    """What every page shows around its own content."""
    may = viewer.may if viewer else frozenset()
    items = tuple(
        NavItem(href=href, words=words, current=name == current)
        for href, words, permission, name in NAVIGATION
        if permission in may
    )
    return Shell(
        title=title,
        viewer=viewer,
        navigation=items,
        may=may,
        notices=(*_left_notice(request), *notices),
        fault=fault,
        current=current,
        draft=draft,
    )


def _left_notice(request: Request) -> tuple[Notice, ...]:
    tone, _, said = unquote(request.cookies.get(NOTICE_COOKIE, "")).partition(":")
    return (Notice(tone=tone, text=said),) if said and tone in {"done", "note", "problem"} else ()


def go(address: str, said: str = "", tone: str = "done") -> RedirectResponse:
    """See another page next, with a notice on it. The notice travels in a cookie read once."""
    answer = RedirectResponse(address, 303, headers=dict(PAGE_HEADERS))
    if said:
        packed = quote(f"{tone}:{said[:NOTICE_CHARS_MAX]}", safe="")
        answer.set_cookie(NOTICE_COOKIE, packed, max_age=60, httponly=True, samesite="lax")
    return answer


def own_address(address: str) -> str:
    """An address on this host to go on to, or the first page when it is none."""
    plain = address.startswith("/") and not address.startswith("//") and address.isprintable()
    return address if plain and "\\" not in address else "/"
