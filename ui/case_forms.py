"""The way of a form about a case: shown, sent, and shown again as it was filled when refused."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from fastapi import Request
from fastapi.responses import Response
from starlette.datastructures import FormData

from ui.frame import Fault, Shell
from ui.ports import Refused
from ui.views import ActForm, Notice, Viewer
from ui.visit import FORM_AGAIN, act_form, fault_of, go, key_for, office, shell


@dataclass(frozen=True, slots=True, kw_only=True)
class Filled:
    """How a form comes to be shown: with what was typed, why it came back, and what to tell."""

    form: ActForm | None = None  # None when it is shown for the first time
    fault: Fault | None = None
    notices: tuple[Notice, ...] = ()
    status: int = 200
    draft: str = ""  # address of the form, where what was typed earlier is shown again

    @property
    def typed(self) -> ActForm:
        """What was typed; nothing at first."""
        return self.form or ActForm()

    def shell(self, request: Request, viewer: Viewer, title: str) -> Shell:
        """What stands around a page about a case."""
        return shell(
            request,
            viewer,
            title,
            current="case",
            notices=self.notices,
            fault=self.fault,
            draft=self.draft,
        )

    def key(self, request: Request) -> str:
        """The key of this rendering."""
        return key_for(request, self.form, self.status)


OF_A_RENDERING = frozenset({"idempotency_key", "dwell_ms"})
"""Fields of one showing of a form; the next has its own."""

EMPTY = Filled()


@dataclass(frozen=True, slots=True)
class LeftForm:
    """What a person had typed into a form and not sent, and what to tell of it."""

    typed: FormData
    notices: tuple[Notice, ...]
    place: str = ""  # address of the form; empty where it was brought back by a log-in


NOTHING_LEFT = LeftForm(FormData(), ())


def left_form(request: Request, viewer: Viewer, place: str) -> LeftForm | None:
    """The draft of the form that is sent to ``place``, without the fields of one showing."""
    left = office(request).drafts.find(viewer, place)
    if left is None:
        return None
    said = f"This is what you had typed by {left.kept_words}. Nothing of it was recorded."
    typed = FormData([pair for pair in left.fields if pair[0] not in OF_A_RENDERING])
    return LeftForm(typed, (Notice(tone="note", text=said),), place)


Show = Callable[[Request, Viewer, str, Filled], Response]
Act = Callable[[Viewer, str, ActForm], str]  # of the desk; says what was recorded


@dataclass(frozen=True, slots=True)
class CaseForm:
    """A form about a case: the page it stands on, and the ids of its inputs by field."""

    show: Show
    fields: Mapping[str, str]

    def opened(self, request: Request, viewer: Viewer, case_id: str, place: str) -> Response:
        """The page with the form that is sent to ``place``: empty, or as this person left it."""
        left = left_form(request, viewer, place)
        if left is None:
            return self.show(request, viewer, case_id, EMPTY)
        filled = Filled(form=act_form(left.typed), notices=left.notices, draft=place)
        return self.show(request, viewer, case_id, filled)

    def sent(
        self, request: Request, viewer: Viewer, case_id: str, typed: FormData, act: Act
    ) -> Response:
        """Act, and see the case next; refused, the form again."""
        form = act_form(typed)
        try:
            done = act(viewer, case_id, form)
        except Refused as refused:
            return self.refused(request, viewer, case_id, form, refused)
        office(request).drafts.drop(viewer, request.url.path)
        return go(f"/cases/{case_id}", done)

    def refused(
        self, request: Request, viewer: Viewer, case_id: str, form: ActForm, refused: Refused
    ) -> Response:
        """The form as it was filled, with what is wrong; other refusals are raised as they are."""
        if refused.status not in FORM_AGAIN:
            raise refused
        fault = fault_of(refused, self.fields)
        again = Filled(form=form, fault=fault, status=refused.status)
        return self.show(request, viewer, case_id, again)

    def again(
        self,
        request: Request,
        viewer: Viewer,
        parts: tuple[str, ...],
        typed: FormData,
        notices: tuple[Notice, ...],
    ) -> Response:
        """The form as it was filled when the log-in ran out (``ui.kept``)."""
        return self.show(request, viewer, parts[0], Filled(form=act_form(typed), notices=notices))
