"""The override report of one bundle, for the page and for the command line."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from decision_service.access import Permission
from decision_service.board_page import outcome_definitions
from decision_service.errors import NoChampion
from decision_service.override_ground import Ground
from decision_service.override_report import report_sections
from decision_service.oversight_words import note_section, oversight_section
from decision_service.people_gate import acting_person
from decision_service.refusals import refusing
from decision_service.services import Services
from overrides.analysis.boilerplate import fingerprint, repeated
from overrides.analysis.verdicts import Terms
from overrides.reading import BoardFact
from overrides.statistics import Share
from ui.tables import table_of
from ui.views import BoardView, Viewer

NOTES_READ_MAX = 500
"""Notes of the latest overrides that are held against each other: each has to be decrypted."""


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
        """Read the cases of a bundle and count them; the list of bundles is left out."""
        ground, _ = self.ground(name, as_of=as_of, since=since)
        return BoardView(
            bundle=name,
            bundles=(),
            as_of=ground.as_of,
            simulated=any(fact.simulated for fact in ground.every),
            sections=(
                *report_sections(ground),
                note_section(*self._notes(ground.decided())),
                oversight_section(ground),
            ),
        )

    def ground(
        self, bundle: str = "", *, as_of: datetime | None = None, since: datetime | None = None
    ) -> tuple[Ground, str]:
        """What the report counts, and the bundle's name. Raises as ``report`` does."""
        services, name = self.services, self._name(bundle)
        loaded = services.registry.loaded(name)
        at = as_of or services.clock()
        spec = loaded.bundle.outcome_spec.value
        cutoffs = loaded.rules.cutoffs
        found = Ground(
            every=tuple(services.cases.board_facts(at, bundle=name)),
            definition=outcome_definitions(services)(name),
            as_of=at,
            since=since,
            cutoffs=(float(cutoffs.approve_up_to), float(cutoffs.decline_above)),
            kpis={kpi.id: kpi for kpi in loaded.bundle.kpis},
            code_labels={code.code: code.label for code in loaded.rules.justifications},
            names=self._names,
            terms=Terms(float(spec.margin), float(spec.loss_given_default)) if spec else None,
        )
        return found, name

    def _names(self, refs: Iterable[str]) -> Mapping[str, str]:
        """Names of persons; who has none stays a reference."""
        return self.services.people.names(refs)

    def _notes(self, decided: Iterable[BoardFact]) -> tuple[Share, int]:
        """How many notes repeat an earlier one, and how many were erased.

        Notes are opened one by one, hashed with the installation's key, and forgotten.
        """
        against = [fact for fact in decided if fact.side is not None and fact.ending.at is not None]
        against.sort(key=lambda fact: (fact.ending.at, fact.case_ref))
        prints = []
        erased = 0
        for fact in against[-NOTES_READ_MAX:]:
            for act in self.services.cases.acts(fact.case_ref):
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
