"""What the model misses, proposed by its overrides and opened as findings that are tracked."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from decision_service.access import Permission
from decision_service.acting import Acting
from decision_service.override_pages import OverridePages
from decision_service.people_gate import acting_person
from decision_service.refusals import refusing
from decision_service.services import Services
from overrides.finding_register import MODEL_MISS
from overrides.findings import NOTE_PARTY, Opening, decide_proposal
from overrides.journal import Decided, State
from ui.finding_views import MissesView, MissLine
from ui.ports import Refused
from ui.views import Viewer

MISSING = "This stands no more: look at the list again."


@dataclass(frozen=True, slots=True)
class MissPages:
    """Fills ``ui.finding_ports.Misses``. Every error leaves it as ``Refused``."""

    services: Services

    def misses(self, viewer: Viewer, bundle: str) -> MissesView:
        """What stands of a bundle just now, and whether it is tracked already."""
        acting_person(self.services, viewer, Permission.OVERRIDES)
        with refusing():
            name, openings = self._standing(bundle)
            keys = self.services.findings.known(fresh=True).keys
            standings = self.services.registry.standings().all()
            return MissesView(
                bundle=name,
                bundles=tuple(standing.name for standing in standings),
                lines=tuple(
                    MissLine(clue=clue, said=one.told["text"], finding_id=keys.get(one.key, ""))
                    for clue, one in openings.items()
                ),
            )

    def track(self, viewer: Viewer, bundle: str, clue: str, key: str) -> str:
        """Open it as a finding; its id."""
        actor = acting_person(self.services, viewer, Permission.OVERRIDES)
        new_id = self.services.new_id
        with refusing():
            name, openings = self._standing(bundle)
            if clue not in openings:
                raise Refused(409, "Nothing was recorded", MISSING)

            def decide(state: State) -> Decided:
                register = self.services.findings.within(state)
                return decide_proposal(register, actor, openings[clue], new_id)

            once = Acting(self.services).once(actor, "miss", key, [name, clue])
            receipt = self.services.journal.submit(decide, once=once).result()
            self.services.findings.known(fresh=True)
        answer: Mapping[str, Any] = receipt.answer
        return str(answer["finding"])

    def _standing(self, bundle: str) -> tuple[str, dict[str, Opening]]:
        """The bundle's name, and what stands of it by its clue."""
        from decision_service.override_ground import books_of
        from decision_service.override_misses import found_misses, miss_row

        with OverridePages(self.services).ground(bundle) as (ground, name):
            stands = [miss for miss in found_misses(books_of(ground.every)) if miss.stands]
        found = {}
        for miss in stands:
            label, of, without, gain, ends, finding = miss_row(miss, ground.code_labels)
            said = (
                f"{label}: {finding}. Of 100 loans {gain} fewer went bad than at equal score"
                f" (95 %: {ends}; {of} loans with it, {without} without)."
            )
            found[miss.clue.name] = Opening(
                kind=MODEL_MISS,
                key=self.services.vault.lookup_hash("finding", f"{name}\0{miss.clue.name}"),
                subject=NOTE_PARTY,
                told={"text": said},
                bundle=name,
                slot="note",
            )
        return name, found
