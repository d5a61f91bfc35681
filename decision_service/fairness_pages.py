"""Disparity of overrides by protected attributes, for compliance alone and in sums alone.

The attributes lie in a slot of their own (``monitor``), which no other page opens. They are joined
to decisions here, in memory, and leave as counts.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from decision_service.access import Permission
from decision_service.errors import NoChampion
from decision_service.fairness_words import attribute_section, method_section
from decision_service.party_parts import MONITOR, PARTY_SLOTS, whole
from decision_service.people_gate import acting_person
from decision_service.refusals import refusing
from decision_service.services import Services
from explain.declared.contract import NUMERIC, Field
from overrides.analysis.fairness import Treated, disparities
from overrides.analysis.oversight import advised
from overrides.reading import BoardFact
from overrides.statistics import quantile
from ui.views import BoardSection, BoardView, Viewer

Stated = Mapping[str, object]

_BATCH = 500
_YES_OR_NO: Mapping[float | None, str] = {1.0: "yes", 0.0: "no"}


@dataclass(frozen=True, slots=True)
class FairnessPages:
    """Joins protected attributes to overrides and counts."""

    services: Services

    def fairness(self, viewer: Viewer, bundle: str) -> BoardView:
        """Every monitor-only attribute of a model's contract, the champion's by default."""
        actor = acting_person(self.services, viewer, Permission.FAIRNESS)
        with refusing():
            self.services.viewings.note(actor, "protected attributes")
            return self.report(bundle)

    def report(self, bundle: str = "") -> BoardView:
        """The same for whoever may see it. Raises ``UnknownBundle`` or ``NoChampion``."""
        services = self.services
        standings = services.registry.standings()
        name = bundle or standings.champion
        if not name:
            raise NoChampion
        name = standings.standing(name).name
        fields = [
            field
            for field in services.registry.loaded(name).bundle.contract.fields
            if field.role == "monitor_only"
        ]
        at = services.clock()
        closed = services.cases.feedback_facts(at, bundle=name)
        events = {each.fact.case_ref: (each.fact, each.decision.event_id) for each in closed}
        looked = advised(fact for fact, _ in events.values())
        stated = self._stated([events[fact.case_ref][1] for fact in looked])
        cases = [(fact, stated.get(events[fact.case_ref][1], {})) for fact in looked]
        return BoardView(
            bundle=name,
            bundles=tuple(standing.name for standing in standings.all()),
            as_of=at,
            simulated=any(fact.simulated for fact, _ in cases),
            sections=(*(_section(field, cases) for field in fields), method_section()),
        )

    def _stated(self, event_ids: Sequence[str]) -> Mapping[str, Stated]:
        """The attributes of applications by decision; none once they are erased."""
        found: dict[str, Stated] = {}
        for start in range(0, len(event_ids), _BATCH):
            batch = event_ids[start : start + _BATCH]
            opened = self.services.ledger.open_many(batch, (MONITOR, *PARTY_SLOTS))
            for event_id, parts in opened.items():
                kept = whole(parts).get(MONITOR)
                fields = kept.get("fields") if isinstance(kept, Mapping) else None
                found[event_id] = fields if isinstance(fields, Mapping) else {}
        return found


def _section(field: Field, cases: list[tuple[BoardFact, Stated]]) -> BoardSection:
    """One attribute."""
    grouped = _grouping(field, [stated.get(field.name) for _, stated in cases])
    named = [(fact, grouped(stated.get(field.name))) for fact, stated in cases]
    treated = [Treated(group, fact) for fact, group in named if group]
    unknown = len(cases) - len(treated)
    return attribute_section(field.label, disparities(treated), unknown, len(cases))


def _grouping(field: Field, values: list[object]) -> Callable[[object], str]:
    """How a value becomes a group: levels by their words, numbers by thirds; "" where unknown."""
    if field.type == "boolean":
        return lambda value: _YES_OR_NO.get(_number(value), "")
    if field.type not in NUMERIC:
        return lambda value: "" if value is None else str(field.levels.get(str(value), value))
    numbers = [number for number in map(_number, values) if number is not None]
    first, second = quantile(numbers, 1 / 3), quantile(numbers, 2 / 3)

    def third(value: object) -> str:
        number = _number(value)
        if number is None or first is None or second is None:
            return ""
        if number <= first:
            return f"up to {first:g}"
        return f"above {first:g}, up to {second:g}" if number <= second else f"above {second:g}"

    return third


def _number(value: object) -> float | None:
    """A recorded number; None for none."""
    try:
        return None if value is None else float(str(value))
    except ValueError:
        return None
