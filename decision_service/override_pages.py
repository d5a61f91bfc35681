"""The override report of one bundle, for the page and for the command line."""

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING

from decision_service.access import Permission
from decision_service.board_page import cases_now, outcome_definitions
from decision_service.errors import NoChampion
from decision_service.people_gate import acting_person
from decision_service.refusals import refusing
from decision_service.services import Services
from overrides.analysis.boilerplate import fingerprint, repeated
from overrides.analysis.verdicts import Terms
from overrides.statistics import Share
from ui.tables import table_of
from ui.views import BoardView, Viewer

if TYPE_CHECKING:
    from decision_service.case_columns import CaseColumns
    from decision_service.override_ground import Ground

NOTES_READ_MAX = 500
"""Notes of the latest overrides that are held against each other: each has to be decrypted."""

VIEWS_READ_MAX = 2000
"""First views, the latest, that are held against what was decided."""

NOTES = "notes of overrides"  # what is opened for the report, to count those that repeat others


@dataclass(frozen=True, slots=True)
class OverridePages:
    """Counts the overrides of a bundle and words them."""

    services: Services

    def overrides(self, viewer: Viewer, bundle: str) -> BoardView:
        """The report up to this moment, of the champion when no bundle is named."""
        actor = acting_person(self.services, viewer, Permission.OVERRIDES)
        with refusing():
            self.services.viewings.note(actor, NOTES)
            return self.report(bundle)

    def table(self, viewer: Viewer, bundle: str, name: str) -> bytes:
        """One table of it as CSV."""
        actor = acting_person(self.services, viewer, Permission.OVERRIDES)
        with refusing():
            self.services.viewings.note(actor, NOTES)
            return table_of(self.report(bundle), name)

    def report(
        self, bundle: str = "", *, as_of: datetime | None = None, since: datetime | None = None
    ) -> BoardView:
        """The same for whoever may see it. Raises ``UnknownBundle`` or ``NoChampion``.

        Without ``as_of`` and ``since`` it may be a kept count, as ``KeptCounts`` says; then it
        raises ``NotReady`` too.
        """
        services, name = self.services, self._name(bundle)
        if as_of or since:
            view = self._counted(name, as_of, since)
        else:
            size = services.ledger.head().size
            view = services.counts.view(
                "overrides", name, size, lambda: self._counted(name, None, None)
            )
        bundles = tuple(standing.name for standing in services.registry.standings().all())
        return replace(view, bundles=bundles)

    def _name(self, bundle: str) -> str:
        """Name of a bundle, of the champion when none is named."""
        standings = self.services.registry.standings()
        name = bundle or standings.champion
        if not name:
            raise NoChampion
        return standings.standing(name).name

    def _counted(self, name: str, as_of: datetime | None, since: datetime | None) -> BoardView:
        """Count the cases of a bundle; the list of bundles is left out."""
        from decision_service.override_report import report_sections
        from decision_service.oversight_words import (
            movement_section,
            note_section,
            oversight_section,
        )

        with self._ground(name, as_of, since) as ground:
            return BoardView(
                bundle=name,
                bundles=(),
                as_of=ground.as_of,
                simulated=bool(ground.every["simulated"].any()),
                sections=(
                    *report_sections(ground),
                    note_section(*self._notes(ground)),
                    oversight_section(ground),
                    movement_section(ground),
                ),
            )

    @contextmanager
    def ground(self, bundle: str = "") -> Iterator[tuple["Ground", str]]:
        """What the report counts now, and the bundle's name. Raises as ``report`` does."""
        name = self._name(bundle)
        with self._ground(name, None, None) as found:
            yield found, name

    @contextmanager
    def _ground(
        self, name: str, as_of: datetime | None, since: datetime | None
    ) -> Iterator["Ground"]:
        """The cases as they stood, with what the report says beside them."""
        from decision_service.case_columns import CaseColumns

        if as_of is None:
            with cases_now(self.services, name) as columns:
                yield self._beside(name, columns, since)
        else:
            facts = self.services.cases.board_facts(as_of, bundle=name)
            definition = outcome_definitions(self.services)(name)
            yield self._beside(name, CaseColumns.of(facts, definition, as_of), since)

    def _beside(self, name: str, columns: "CaseColumns", since: datetime | None) -> "Ground":
        """Cases with what their bundle declares."""
        from decision_service.override_ground import Ground

        loaded = self.services.registry.loaded(name)
        spec = loaded.bundle.outcome_spec.value
        cutoffs = loaded.rules.cutoffs
        return Ground(
            every=columns,
            since=since,
            cutoffs=(float(cutoffs.approve_up_to), float(cutoffs.decline_above)),
            kpis={kpi.id: kpi for kpi in loaded.bundle.kpis},
            code_labels={code.code: code.label for code in loaded.rules.justifications},
            names=self._names,
            terms=Terms(float(spec.margin), float(spec.loss_given_default)) if spec else None,
            views=self.services.cases.first_views(name, columns.as_of, limit=VIEWS_READ_MAX),
        )

    def _names(self, refs: Iterable[str]) -> Mapping[str, str]:
        """Names of persons; who has none stays a reference."""
        return self.services.people.names(refs)

    def _notes(self, ground: "Ground") -> tuple[Share, int]:
        """How many notes repeat an earlier one, and how many were erased.

        Notes are opened one by one, hashed with the installation's key, and forgotten.
        """
        prints = []
        erased = 0
        for case_ref in ground.latest_overrides(NOTES_READ_MAX):
            for act in self.services.cases.acts(case_ref):
                if act.type != "override_recorded" or "note" not in act.slots:
                    continue
                opened = self.services.ledger.open_slots(act.event_id, ("note",)).get("note")
                if isinstance(opened, Mapping):
                    said = " ".join(str(value) for value in opened.values())
                    found = fingerprint(said, self.services.vault.lookup_hash)
                    prints.append((act.actor, found))
                else:
                    erased += 1
        return repeated(prints), erased
