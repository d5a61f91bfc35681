"""Changing an open case's application on purpose: other terms, or a wrong value corrected.

The server scores the changed application under the version that scored the case, and writes the
new decision together with the act of the person who changed it, or neither. Both scores stay.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from decimal import Decimal

from decision_service.applications import Application
from decision_service.decision_record import Prepared
from decision_service.errors import Fault, InvalidRequest
from decision_service.occasions import SAME_VERSION, occasion
from decision_service.registry import InUse
from decision_service.rescoring import Rescoring
from decision_service.services import Services
from decision_service.standings import parts_of
from explain.declared.change_rules import limits_of
from explain.declared.contract import NUMERIC, Contract, Field
from explain.declared.policy_schema import ChangeSpec, PolicySpec
from overrides.acts import case_of
from overrides.cases import Case
from overrides.change_errors import NothingChanged, RescoreFirst
from overrides.correcting import (
    CorrectionForm,
    check_correction,
    check_knockouts,
    check_own_values,
    decide_correction,
)
from overrides.countering import (
    Offered,
    OfferForm,
    check_offer,
    decide_offer,
    preview_offer,
    rescored,
)
from overrides.errors import StaleCase
from overrides.journal import Decided, Draft, OnceOnly, Receipt, State
from overrides.reading import CaseFile
from overrides.urgency import limit_days
from overrides.values import Actor, Decision, Money, Rules

Values = Mapping[str, object]  # a field's name: its value as JSON has it


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """Other values of the fields that may be offered otherwise; ``amount`` where it is named."""

    values: Values
    amount: Money | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Tried:
    """What the changed application would be scored as; nothing of it is recorded."""

    scored: Case
    offered: Offered | None = None  # of other terms: what offering them would be


@dataclass(frozen=True, slots=True)
class Changing:
    """The acts. Whoever calls has looked whether the actor may see the case."""

    services: Services

    def offer(
        self,
        actor: Actor,
        file: CaseFile,
        terms: Terms,
        form: OfferForm,
        rules: Rules,
        once: OnceOnly | None,
    ) -> Receipt:
        """Offer other terms, or propose to; ``form.fields`` and ``form.days`` are found here.

        Raises InvalidRequest naming each value that may not be offered, ContractBroken,
        NothingChanged, RescoreFirst, FieldsErased, NotScored, OwnValues, and what the decider
        raises.
        """
        prepared, form = self._of_terms(actor, file, terms, form)

        def find(state: State) -> Case:
            case = self._standing(file, state, form.fields)
            check_offer(case, actor, form.seen_version, state.now, self._name)
            self.services.training.check(state, actor, rules)
            return case

        def then(case: Case, made: Draft) -> Decided:
            scored = self._own(rescored(case, made), actor)
            now, new_id = self.services.clock(), self.services.new_id
            return decide_offer(case, scored, actor, form, rules, now, new_id)

        return self.services.decisions.change(prepared, once, find, then)

    def try_offer(
        self, actor: Actor, file: CaseFile, terms: Terms, form: OfferForm, rules: Rules
    ) -> Tried:
        """What offering these terms would be; raises as ``offer`` does."""
        now = self.services.clock()
        check_offer(file.case, actor, form.seen_version, now, self._name)
        self.services.training.check_now(actor, rules, now)
        prepared, form = self._of_terms(actor, file, terms, form)
        self._check_same(file, form.fields)
        scored = self._own(self._tried(file, prepared), actor)
        offered = preview_offer(file.case, scored, actor, form, rules, now.date())
        return Tried(scored=scored, offered=offered)

    def correct(
        self,
        actor: Actor,
        file: CaseFile,
        values: Values,
        form: CorrectionForm,
        rules: Rules,
        once: OnceOnly | None,
    ) -> Receipt:
        """Correct wrong values; ``form.fields`` is found here.

        Raises as ``offer`` does, and KnockOutLifted.
        """
        prepared, form = self._of_correction(actor, file, values, form)

        def find(state: State) -> Case:
            case = self._standing(file, state, form.fields)
            check_correction(case, actor, form, state.now, self._name)
            self.services.training.check(state, actor, rules)
            return case

        def then(case: Case, made: Draft) -> Decided:
            scored = rescored(case, made)
            check_knockouts(file.decision.knockouts, made.data["knockouts"])
            return decide_correction(case, scored, actor, form, self.services.new_id)

        return self.services.decisions.change(prepared, once, find, then)

    def try_correction(
        self, actor: Actor, file: CaseFile, values: Values, form: CorrectionForm
    ) -> Tried:
        """What the corrected application would be scored as; raises as ``correct`` does."""
        prepared, form = self._of_correction(actor, file, values, form)
        self._check_same(file, form.fields)
        check_correction(file.case, actor, form, self.services.clock(), self._name)
        made = self.services.decisions.tried(prepared)
        scored = rescored(file.case, made)
        check_knockouts(file.decision.knockouts, made.data["knockouts"])
        return Tried(scored=scored)

    def _of_terms(
        self, actor: Actor, file: CaseFile, terms: Terms, form: OfferForm
    ) -> tuple[Prepared, OfferForm]:
        """The application on the offered terms, and the form with what differs."""
        used, spec, contract = self._used(file)
        check_terms(terms.values, spec, contract)
        application = Rescoring(self.services).application(file, used)
        field = spec.defaults.amount_field
        if terms.amount is not None or field in terms.values:
            application = replace(application, amount=terms.amount)
        prepared, fields = self._changed(actor, file, used, application, terms.values)
        if prepared.amount != file.case.amount and field not in fields:
            fields = (*fields, "amount")
        place = prepared.jurisdiction
        days = limit_days(spec.offer_days, dict(spec.offer_days_in), place)
        return prepared, replace(form, fields=fields, days=days)

    def _of_correction(
        self, actor: Actor, file: CaseFile, values: Values, form: CorrectionForm
    ) -> tuple[Prepared, CorrectionForm]:
        """The corrected application, and the form with what differs."""
        used, spec, contract = self._used(file)
        kept_apart = [n for n in values if n in contract and contract[n].role == "monitor_only"]
        if kept_apart:
            advice = "Leave it out: it is scored by nobody, and kept apart."
            raise InvalidRequest(tuple(Fault(f"/fields/{name}", advice) for name in kept_apart))
        application = Rescoring(self.services).application(file, used)
        if spec.defaults.amount_field in values:
            application = replace(application, amount=None)
        source = f"corrected: {', '.join(item.type for item in form.evidence)}"
        meta = {**(application.fields_meta or {}), **{name: {"source": source} for name in values}}
        application = replace(application, fields_meta=meta)
        prepared, fields = self._changed(actor, file, used, application, values)
        return prepared, replace(form, fields=fields)

    def _changed(
        self, actor: Actor, file: CaseFile, used: InUse, application: Application, values: Values
    ) -> tuple[Prepared, tuple[str, ...]]:
        """The application with these values, ready to be scored, and which of them differ."""
        preparer, simulated = self.services.decisions.preparer, file.decision.simulated
        before = preparer.prepare(application, used, actor, simulated=simulated)
        fields = {**application.fields, **values}
        changed = replace(application, fields=fields)
        after = preparer.prepare(changed, used, actor, simulated=simulated)
        return after, tuple(name for name in values if _value(after, name) != _value(before, name))

    def _used(self, file: CaseFile) -> tuple[InUse, PolicySpec, Contract]:
        """The version in force; raises RescoreFirst where it cannot be read."""
        registry = self.services.registry
        used = registry.in_use(file.case.bundle)
        if used.loaded is None:
            raise RescoreFirst(file.case.case_ref)
        return used, used.loaded.policy.spec, used.loaded.bundle.contract

    def _standing(self, file: CaseFile, state: State, fields: tuple[str, ...]) -> Case:
        """The case inside the transaction, if it is still the one that was read.

        All of it is asked here, since a repeated request is answered before it gets here.
        """
        case = case_of(state, file.case.case_ref)
        if case.decision_id != file.case.decision_id:
            raise StaleCase(case.case_ref, file.case.version, case.version)
        self._check_same(file, fields)
        Rescoring(self.services).check_kept(state, file)
        standings = self.services.registry.standings_in(state)
        return replace(case, stopped=standings.stops(case.bundle, parts_of(file.decision)))

    def _check_same(self, file: CaseFile, fields: tuple[str, ...]) -> None:
        """Refuse under another version than the one that scored the case, or without a change.

        Raises RescoreFirst and NothingChanged.
        """
        registry = self.services.registry
        used = registry.in_use(file.case.bundle)
        if occasion(file.decision, registry.standings(fresh=True), used) != SAME_VERSION:
            raise RescoreFirst(file.case.case_ref)
        if not fields:
            raise NothingChanged

    def _tried(self, file: CaseFile, prepared: Prepared) -> Case:
        """The case as the changed application's score would leave it."""
        return rescored(file.case, self.services.decisions.tried(prepared))

    def _own(self, scored: Case, actor: Actor) -> Case:
        """The case on other terms, unless they pass with values that the actor changed.

        Raises OwnValues: accepted terms are an approval, and nobody looks at it again.
        """
        acts = self.services.cases.acts(scored.case_ref)
        return check_own_values(acts, scored, actor, Decision.APPROVE)

    def _name(self, person: str) -> str:
        """A person's name."""
        return self.services.people.names([person])[person]


def offerable(spec: PolicySpec, contract: Contract) -> tuple[tuple[Field, ChangeSpec | None], ...]:
    """The fields that may be offered otherwise: the amount, and what policy lets change.

    Which way and in which steps the policy has a machine look is no matter here: a person may
    offer a longer term as well as a shorter one. How far, and to which levels, binds people too.
    """
    told = {one.field: one for one in spec.changes.fields} if spec.changes else {}
    names = dict.fromkeys((spec.defaults.amount_field, *told))
    return tuple((contract[name], told.get(name)) for name in names if name in contract)


def narrowed(field: Field, one: ChangeSpec | None) -> Field:
    """The field with those of its values alone that policy lets be offered."""
    if one is None:
        return field
    if field.type in NUMERIC:
        low, high = (None if end is None else float(end) for end in limits_of(one, field))
        return replace(field, minimum=low, maximum=high)
    offered = {level: words for level, words in field.levels.items() if level in one.to}
    return replace(field, levels=offered or field.levels)


def check_terms(values: Values, spec: PolicySpec, contract: Contract) -> None:
    """Raise InvalidRequest naming each value that is none of those that may be offered."""
    known = {field.name: (field, one) for field, one in offerable(spec, contract)}
    faults = []
    for name, value in values.items():
        if name not in known:
            advice = f"Only these may be offered otherwise: {', '.join(known)}."
            faults.append(Fault(f"/terms/{name[:64]}", advice))
        elif advice := _advice(value, *known[name]):
            faults.append(Fault(f"/terms/{name}", advice))
    if faults:
        raise InvalidRequest(tuple(faults))


def _advice(value: object, field: Field, one: ChangeSpec | None) -> str:
    """What to give instead of a value that policy does not allow; "" where it does."""
    if one is None:
        return ""
    if field.type in NUMERIC:
        low, high = limits_of(one, field)
        inside = type(value) in (int, float) and (low or 0) <= Decimal(repr(value)) <= (high or 0)
        return "" if inside else f"Give a number from {low} to {high}: policy offers no other."
    stated = {True: "true", False: "false"}.get(value, value) if value in (True, False) else value
    return "" if stated in one.to else f"Use one of: {', '.join(one.to)}."


def _value(prepared: Prepared, name: str) -> object:
    """The value of a field as it is scored or shown; None where there is none."""
    checked = prepared.checked
    assert checked is not None, "the version in force could be read"
    return {**checked.context, **checked.features}.get(name)
