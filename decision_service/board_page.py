"""The shared board of one bundle, for the page, the interface and the report."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cache
from typing import TYPE_CHECKING

from decision_service.access import Permission
from decision_service.board import board_sections
from decision_service.board_promises import promises_section
from decision_service.board_reviews import reviews_section
from decision_service.errors import NoChampion
from decision_service.people_gate import acting_person
from decision_service.refusals import refusing
from decision_service.services import Services
from decision_service.watch_words import watch_section
from overrides.analysis.verdicts import Terms
from overrides.labels import OutcomeDefinition
from ui.views import BoardSection, BoardView, Viewer

if TYPE_CHECKING:
    from decision_service.case_columns import CaseColumns


@dataclass(frozen=True, slots=True)
class BoardPage:
    """Counts the cases and words the numbers."""

    services: Services

    def board(self, viewer: Viewer, bundle: str) -> BoardView:
        """The shared numbers of a bundle, of the champion when none is named."""
        acting_person(self.services, viewer, Permission.BOARD)
        with refusing():
            return self.numbers(bundle)

    def numbers(
        self, bundle: str = "", *, as_of: datetime | None = None, since: datetime | None = None
    ) -> BoardView:
        """The same for whoever may see it. Raises ``UnknownBundle`` or ``NoChampion``.

        Without ``as_of`` and ``since`` it may be a kept count, as ``KeptCounts`` says; then it
        raises ``NotReady`` too.
        """
        services = self.services
        standings = services.registry.standings()
        name = bundle or standings.champion
        if not name:
            raise NoChampion
        name = standings.standing(name).name
        bundles = tuple(standing.name for standing in standings.all())
        if as_of or since:
            view = self._counted(name, as_of or services.clock(), since)
        else:
            size = services.ledger.head().size
            view = services.counts.view("board", name, size, lambda: self.now(name))
        today = () if as_of else self._of_today(name, services.clock())
        return replace(view, bundles=bundles, sections=(*view.sections, *today))

    def now(self, name: str) -> BoardView:
        """What is counted of a bundle's cases as they stand, and never a kept count.

        The list of bundles and what is of today are left out. Raises as ``numbers`` does.
        """
        with cases_now(self.services, name) as columns:
            return self._worded(name, columns)

    def _counted(self, name: str, at: datetime, since: datetime | None) -> BoardView:
        """The same as it was on a day."""
        from decision_service.case_columns import CaseColumns

        definition = outcome_definitions(self.services)(name)
        facts = self.services.cases.board_facts(at, bundle=name, since=since)
        return self._worded(name, CaseColumns.of(facts, definition, at))

    def _worded(self, name: str, columns: "CaseColumns") -> BoardView:
        """The numbers of a bundle's cases."""
        from decision_service.board_appeals import appeals_section
        from decision_service.board_counts import board_of
        from decision_service.board_drift import drift_section
        from decision_service.board_vintages import vintages_section

        loaded = self.services.registry.loaded(name)
        counted = board_of(columns)
        kpis = {kpi.id: kpi for kpi in loaded.bundle.kpis}
        spec = loaded.bundle.outcome_spec.value
        terms = Terms(float(spec.margin), float(spec.loss_given_default)) if spec else None
        return BoardView(
            bundle=name,
            bundles=(),
            as_of=columns.as_of,
            simulated=counted.simulated.count > 0,
            sections=(
                *board_sections(
                    counted, kpis, {code.code: code.label for code in loaded.rules.justifications}
                ),
                appeals_section(counted.contested, counted.changed_on_appeal),
                vintages_section(columns, terms),
                drift_section(columns),
                promises_section(counted, kpis),
            ),
        )

    def _of_today(self, name: str, at: datetime) -> tuple[BoardSection, ...]:
        """What is told of this day and of no earlier one."""
        return (
            reviews_section(self.services.reviews.known(), name, at),
            watch_section(self.services.watches.known().held(name)),
        )


@contextmanager
def cases_now(services: Services, name: str) -> Iterator["CaseColumns"]:
    """A bundle's cases as they stand. Raises ``BundleUnavailable``."""
    definition = outcome_definitions(services)(name)
    with services.columns.now(
        name, definition, services.cases, services.ledger, services.clock()
    ) as columns:
        yield columns


def outcome_definitions(services: Services) -> Callable[[str], OutcomeDefinition]:
    """Each bundle's definition of good and bad; raises ``BundleUnavailable``."""

    @cache
    def definition(name: str) -> OutcomeDefinition:
        spec = services.registry.told(name).outcome_spec
        return OutcomeDefinition(
            id=spec.id,
            window_months=spec.performance_window_months,
            bad_days=spec.bad_dpd,
            indeterminate_days=spec.indeterminate_dpd,
            bad_kinds=frozenset(spec.bad_kinds),
            excluded_kinds=frozenset(spec.excluded_kinds),
        )

    return definition
