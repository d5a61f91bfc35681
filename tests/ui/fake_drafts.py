"""Drafts of forms, kept in memory."""

from dataclasses import dataclass, field

from ui.ports import Refused
from ui.views import DraftView, Viewer

Key = tuple[str, str]


@dataclass
class FakeDrafts:
    """By person and address of the form."""

    kept: dict[Key, DraftView] = field(default_factory=dict)
    trouble: Refused | None = None  # raised by the next keeping
    sent: set[Key] = field(default_factory=set)

    def keep(
        self, viewer: Viewer, case_id: str, place: str, fields: tuple[tuple[str, str], ...]
    ) -> str:
        """Keep it."""
        assert case_id in place
        if self.trouble is not None:
            raise self.trouble
        if (viewer.person_ref, place) in self.sent:
            raise Refused(409, "Not kept", "The form was sent.")
        self.kept[viewer.person_ref, place] = DraftView(
            place=place, fields=fields, kept_words="2026-11-22, 09:41 UTC"
        )
        return "09:41 UTC"

    def find(self, viewer: Viewer, place: str) -> DraftView | None:
        """What this person has there."""
        return self.kept.get((viewer.person_ref, place))

    def drop(self, viewer: Viewer, place: str) -> None:
        """Forget it."""
        self.kept.pop((viewer.person_ref, place), None)
        self.sent.add((viewer.person_ref, place))
