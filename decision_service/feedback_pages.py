"""Feedback sets as pages show them: what one would hold now, those made before, and their files."""

import re
from dataclasses import dataclass

from decision_service.access import Permission
from decision_service.acting import Acting
from decision_service.board import LABEL_WORDS
from decision_service.board_page import cases_now
from decision_service.errors import NoChampion
from decision_service.feedback_export import FeedbackExport
from decision_service.people_gate import acting_person
from decision_service.refusals import refusing
from decision_service.services import Services
from overrides.feedback import CAVEATS
from overrides.labels import LabelStatus
from ui.ports import Refused
from ui.views import FeedbackView, Viewer

FILE_NAME = re.compile(
    r"[A-Za-z0-9][A-Za-z0-9-]*(\.odcs)?\.(parquet|csv|json|yaml|md|py)", re.ASCII
)
SIMULATED = "Part of these cases is simulated; the column simulated says which."


@dataclass(frozen=True, slots=True)
class FeedbackPages:
    """Reads and makes feedback sets for people."""

    services: Services

    def feedback(self, viewer: Viewer, bundle: str) -> FeedbackView:
        """What an export of a model's cases would hold now, and the ones made before."""
        from decision_service.board_counts import labels_of

        acting_person(self.services, viewer, Permission.FEEDBACK)
        with refusing():
            name = self._bundle(bundle)
            with cases_now(self.services, name) as columns:
                labels, simulated = labels_of(columns), bool(columns["simulated"].any())
            made = self.services.cases.feedback_exports()
            names = self.services.people.names({row.actor for row in made})
            return FeedbackView(
                bundle=name,
                bundles=tuple(s.name for s in self.services.registry.standings().all()),
                counts=tuple(
                    (status.value, labels[status], LABEL_WORDS[status]) for status in LabelStatus
                ),
                total=labels.total(),
                exports=tuple((row.at, names[row.actor], row.rows, row.folder) for row in made),
                caveats=(*CAVEATS, *((SIMULATED,) if simulated else ())),
                files={row.folder: self._files(row.folder) for row in made},
            )

    def export_feedback(self, viewer: Viewer, bundle: str, key: str) -> str:
        """Write an export into the data directory; its folder name."""
        actor = acting_person(self.services, viewer, Permission.FEEDBACK_EXPORT)
        with refusing():
            name = self._bundle(bundle)
            once = Acting(self.services).once(actor, "feedback", key, {"bundle": name})
            folder = f"{name}-{self.services.clock():%Y%m%dT%H%M%S%fZ}"
            _, receipt = FeedbackExport(self.services).write(
                self.services.settings.feedback / folder, actor, bundle=name, once=once
            )
            return str(receipt.answer["folder"])

    def feedback_file(self, viewer: Viewer, folder: str, name: str) -> bytes:
        """One file of an export that was made here."""
        acting_person(self.services, viewer, Permission.FEEDBACK_EXPORT)
        known = {row.folder for row in self.services.cases.feedback_exports()}
        path = self.services.settings.feedback / folder / name
        if folder not in known or not FILE_NAME.fullmatch(name) or not path.is_file():
            raise Refused(404, "No such file", "Choose a file of one of the sets made here.")
        return path.read_bytes()

    def _files(self, folder: str) -> tuple[str, ...]:
        """Names of the files of a set that has a page's address; none for one made elsewhere."""
        path = self.services.settings.feedback / folder
        addressed = path.parent == self.services.settings.feedback and path.is_dir()
        names = (file.name for file in path.iterdir()) if addressed else ()
        return tuple(sorted(name for name in names if FILE_NAME.fullmatch(name)))

    def _bundle(self, name: str) -> str:
        """The model asked for, or the champion."""
        standings = self.services.registry.standings()
        wanted = name or standings.champion
        if not wanted:
            raise NoChampion
        return standings.standing(wanted).name
