"""Scoring an open case again on purpose: its own application, under the version in force.

Nothing is asked of the applicant: fields, parties and times are those of the decision that stands,
opened from the record. The case keeps its bundle, since that is what its application id belongs
to; what changes is the version of it.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from decision_service.applications import Application, Party
from decision_service.decision_record import Prepared
from decision_service.dossier import Payload, readable
from decision_service.errors import FieldsErased, NothingToRescore
from decision_service.occasions import Occasion, occasion
from decision_service.party_parts import whole
from decision_service.pipeline import Answer
from decision_service.registry import InUse
from decision_service.services import Services
from decision_service.wording import NO_CURRENCY
from explain.declared.contract import Contract
from overrides.acts import case_of
from overrides.cases import Case
from overrides.change_errors import OfferLies
from overrides.desk import check_rescore
from overrides.errors import SlotErased, StaleCase
from overrides.instants import instant_text
from overrides.journal import OnceOnly, State
from overrides.reading import CaseFile, DecisionRow
from overrides.values import Actor


@dataclass(frozen=True, slots=True)
class Rescoring:
    """The act. Whoever calls has looked whether the actor may see the case."""

    services: Services

    def rescore(
        self, actor: Actor, file: CaseFile, seen: int | None, once: OnceOnly | None
    ) -> Answer:
        """Make the new decision of the case; ``seen`` is the version of it that the actor read.

        Raises NothingToRescore, FieldsErased, ContractBroken where the version in force wants to
        be told more, and what every act on a case raises; then nothing was recorded.
        """
        registry, case = self.services.registry, file.case
        if case.offer is not None:
            raise OfferLies(case.case_ref, instant_text(case.offer.until))
        standings = registry.standings(fresh=True)
        used = registry.in_use(case.bundle)
        why = occasion(file.decision, standings, used)

        # All of it inside the transaction: a repeated request is answered before it gets here.
        def find(state: State) -> Case:
            now = case_of(state, case.case_ref)
            check_rescore(now, actor, seen, state.now, self._name)
            if now.decision_id != case.decision_id:
                raise StaleCase(case.case_ref, case.version, now.version)
            if not isinstance(why, Occasion):
                raise NothingToRescore(case_id=case.case_ref, why=why)
            self.check_kept(state, file)
            return now

        return self.services.decisions.rescore(self.prepared(actor, file, used), once, find)

    def check_kept(self, state: State, file: CaseFile) -> None:
        """Raise FieldsErased for an application that has been erased.

        What was erased meanwhile is not written down again, be it in this very transaction.
        """
        left = self.services.erasures.within(state).parts_named(
            [(file.decision.event_id, "inputs")]
        )
        if not any(part.epoch for part in left):  # a part whose key is gone is in no epoch
            raise FieldsErased(case_id=file.case.case_ref)

    def prepared(
        self, actor: Actor, file: CaseFile, used: InUse, told: Mapping[str, object] | None = None
    ) -> Prepared:
        """The case's own application, checked by the version in force.

        ``told`` are fields that the applicant gave since; they take the place of earlier ones.
        """
        application = self.application(file, used, told)
        preparer = self.services.decisions.preparer
        return preparer.prepare(application, used, actor, simulated=file.decision.simulated)

    def application(
        self, file: CaseFile, used: InUse, told: Mapping[str, object] | None = None
    ) -> Application:
        """The case's own application as it was sent, but for ``told``; raises FieldsErased."""
        told = told or {}
        decision = file.decision
        _, parts = self._opened(file)
        opened = whole(parts)
        inputs, monitor = opened["inputs"], opened.get("monitor")
        assert inputs is not None, "it was just read"
        contract = used.loaded.bundle.contract if used.loaded else None
        amount = decision.amount if decision.amount.currency != NO_CURRENCY else None
        if used.loaded and used.loaded.policy.spec.defaults.amount_field in told:
            amount = None  # it is read from the field, so that what is scored is what is granted
        return Application(
            application_id=inputs["application_id"],
            fields={**_fields(inputs, monitor, contract), **told},
            bundle=decision.bundle,
            fields_meta={
                name: about for name, about in _meta(inputs, contract).items() if name not in told
            },
            received_at=decision.received_at,
            completed_at=decision.completed_at,
            branch=decision.branch,
            channel=decision.channel,
            product=decision.product,
            jurisdiction=decision.jurisdiction,
            amount=amount,
            parties=_parties(decision, opened),
        )

    def _opened(
        self, file: CaseFile, *slots: str
    ) -> tuple[Payload, Mapping[str, Payload | SlotErased]]:
        """The inputs of the decision that stands, and its parts; raises FieldsErased."""
        opened = self.services.ledger.open_slots(file.decision.event_id, slots)
        inputs = readable(opened.get("inputs"))
        if inputs is None:
            raise FieldsErased(case_id=file.case.case_ref)
        return inputs, opened

    def _name(self, person: str) -> str:
        """A person's name."""
        return self.services.people.names([person])[person]


def _fields(
    inputs: Payload, monitor: Payload | None, contract: Contract | None
) -> Mapping[str, object]:
    """The fields as they were sent, as far as the contract knows them.

    Protected attributes go from one sealed part to the other and are seen by nobody. Where no
    contract can be read, all are kept as they are recorded.
    """
    stored = {**(monitor or {}).get("fields", {}), **inputs["context"], **inputs["fields"]}
    if contract is None:
        return stored
    known = {name: text for name, text in stored.items() if name in contract}
    blank = {name: text for name, text in known.items() if text == ""}
    return {**blank, **contract.from_text({n: _plain(contract, n, t) for n, t in known.items()})}


def _plain(contract: Contract, name: str, recorded: str | None) -> str | None:
    """A recorded value as a file would spell it: a yes or no is recorded as a number."""
    if contract[name].type == "boolean" and recorded in ("0.0", "1.0"):
        return recorded[0]
    return recorded


def _meta(inputs: Payload, contract: Contract | None) -> Mapping[str, Mapping[str, str]]:
    """Where values came from, for the fields that are kept."""
    found: Mapping[str, Mapping[str, str]] = inputs["fields_meta"]
    return {name: about for name, about in found.items() if contract is None or name in contract}


def _parties(decision: DecisionRow, opened: Mapping[str, Payload | None]) -> tuple[Party, ...]:
    """The parties whose parts can still be read, with the fields that are about them."""
    found = [(opened.get(slot), role) for slot, role in decision.parties]
    return tuple(
        Party(party["ref"], role, tuple(party.get("application", {}).get("names", ())))
        for party, role in found
        if party is not None
    )
