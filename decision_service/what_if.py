"""Trying other values of an application: scored in the same way, kept on record, changing nothing.

Only fields that the policy declares as open to change may be tried, each in its declared steps and
within its bounds, and never a field that is about another party than the applicant.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from decision_service import wording
from decision_service.case_errors import NothingToTry
from decision_service.decimals import decimal_text, recorded
from decision_service.dossier import ERASED, Dossier, Payload, readable
from decision_service.errors import Fault, InvalidRequest
from decision_service.outlook_words import WHY_NOT
from decision_service.outlooks import NOT_DECLARED, OTHER_VERSION, SAME, UNAVAILABLE, Stated, stated
from decision_service.services import Services
from explain.changes.axes import Axis, Room, room_of
from explain.declared.contract import NUMERIC, Contract
from explain.errors import ExplainError
from explain.values import Explanation, Row, Scalar, probability_of
from overrides.reading import ActRow
from overrides.values import Recommendation
from ui.question_views import Try, TryField
from ui.words import score_words

TRIES_MAX = 20
"""So many sets of values one person may try on one decision: a look, not a search for a pass."""

CHOICES_MAX = 40
"""More values than these are typed instead of chosen from a list."""

ADVICE_WORDS = {
    Recommendation.APPROVE: "model and policy would recommend approving",
    Recommendation.REFER: "model and policy would leave it to a person",
    Recommendation.DECLINE: "model and policy would recommend declining",
}


@dataclass(frozen=True, slots=True)
class Ground:
    """An application as it was scored, and where it may go."""

    told: Stated
    room: Room

    @property
    def contract(self) -> Contract:
        """What the fields mean."""
        return self.told.loaded.bundle.contract


def ground_of(dossier: Dossier) -> Ground:
    """Where tries start; raises ``NothingToTry`` saying why there are none."""
    told = stated(dossier.loaded, dossier.file, dossier.inputs)
    if isinstance(told, str):
        raise _nothing(dossier, told)
    spec = told.loaded.bundle.policy_spec.changes
    if spec is None:
        raise _nothing(dossier, NOT_DECLARED)
    room = room_of(told.row, spec, told.loaded.bundle.contract, told.loaded.policy.allows)
    own = tuple(axis for axis in room.axes if not dossier.fields_apart & set(axis.names))
    if not own:
        raise _nothing(dossier, NOT_DECLARED)
    return Ground(told, replace(room, axes=own))


def _nothing(dossier: Dossier, why: str) -> NothingToTry:
    """That nothing can be tried, and why."""
    return NothingToTry(case_id=dossier.file.case.case_ref, why=WHY_NOT[why].rstrip("."))


def read_changes(ground: Ground, given: Mapping[str, object]) -> Row:
    """The application with what was given instead; raises ``InvalidRequest`` naming each fault.

    A value must be one of the declared steps; the declared relations between fields must hold.
    """
    axes = {axis.field: axis for axis in ground.room.axes}
    faults = [
        Fault(f"/changes/{name[:64]}", "Leave it out: the policy does not let this field be tried.")
        for name in given
        if name not in axes
    ]
    moved: list[tuple[Axis, int]] = []
    for name, value in given.items():
        if name in axes:
            place = _place(axes[name], value)
            if place is None:
                faults.append(Fault(f"/changes/{name}", _steps_words(ground.contract, axes[name])))
            elif place != axes[name].stated:
                moved.append((axes[name], place))
    if not faults and not moved:
        faults.append(
            Fault("/changes", "Change at least one field to a value that was not stated.")
        )
    if faults:
        raise InvalidRequest(tuple(faults))
    chosen, places = [axis for axis, _ in moved], [place for _, place in moved]
    row = ground.room.changed(chosen, places)
    if not ground.room.holds(chosen, row):
        names = ", ".join(ground.contract[axis.field].label.lower() for axis in chosen)
        detail = f"The policy ties these fields together, and {names} do not fit like this."
        raise InvalidRequest((Fault(f"/changes/{chosen[0].field}", detail),))
    return row


def _place(axis: Axis, value: object) -> int | None:
    """The setting that a given value names; None where it is no declared step."""
    for place, setting in enumerate(axis.settings):
        if _means(setting[0], value):
            return place
    return None


def _means(known: Scalar, value: object) -> bool:
    """Whether what was sent or typed is this value."""
    if isinstance(value, bool):
        return known == float(value)
    if isinstance(known, float):
        try:
            return float(str(value)) == known
        except ValueError:
            return False
    return isinstance(value, str) and value == known


def _steps_words(contract: Contract, axis: Axis) -> str:
    """Which values of a field may be tried."""
    words = [contract[axis.field].in_words(axis.settings[place][0]) for place in axis.others]
    if len(words) <= CHOICES_MAX:
        return f"Choose one of: {', '.join(words)}."
    return f"Give one of the {len(words)} declared steps from {words[0]} to {words[-1]}."


def score_try(ground: Ground, row: Row) -> dict[str, Any]:
    """What comes of other values, as it is put on record; raises ``NothingToTry``.

    The stated application is explained beside it: where that does not give the recorded score, the
    model is not the one that made the decision and nothing is said.
    """
    told, bundle = ground.told, ground.told.loaded.bundle
    again, other = bundle.explain([told.row, row])
    case_id = told.decision.case_ref
    if not isinstance(again, Explanation) or not isinstance(other, Explanation):
        assert isinstance(again, ExplainError) or isinstance(other, ExplainError)
        raise NothingToTry(case_id=case_id, why=WHY_NOT[UNAVAILABLE].rstrip("."))
    noted = float(told.decision.raw or 0.0)
    if not abs(again.attribution.score - noted) <= SAME * max(1.0, abs(noted)):
        raise NothingToTry(case_id=case_id, why=WHY_NOT[OTHER_VERSION].rstrip("."))
    probability = decimal_text(probability_of(other.attribution.score, bundle.scale))
    advice, rules = told.loaded.policy.advice({**told.fields, **row}, probability)
    return {
        "changes": [
            [field.name, recorded(told.row[field.name]), recorded(row[field.name])]
            for field in ground.contract.features
            if row[field.name] != told.row[field.name]
        ],
        "probability": probability,
        "raw": decimal_text(other.attribution.score),
        "recommendation": advice.value,
        "knockouts": list(rules),
        "method": other.method,
        "sum_error": decimal_text(other.attribution.residual),
    }


def tries_by(acts: Sequence[ActRow], person: str, decision_id: str) -> int:
    """How many sets of values a person has tried on a decision."""
    return sum(
        act.type == "what_if_tried"
        and act.actor == person
        and act.data["decision_id"] == decision_id
        for act in acts
    )


def tries_of(services: Services, dossier: Dossier) -> tuple[tuple[ActRow, Payload | None], ...]:
    """The tries on the decision that stands with what was shown, newest first; None once erased."""
    decision_id = dossier.file.decision.decision_id
    acts = [
        act
        for act in reversed(dossier.acts)
        if act.type == "what_if_tried" and act.data["decision_id"] == decision_id
    ]
    opened = services.ledger.open_many([act.event_id for act in acts], ("shown",)) if acts else {}
    return tuple((act, readable(opened.get(act.event_id, {}).get("shown"))) for act in acts)


def try_view(dossier: Dossier, act: ActRow, shown: Payload | None) -> Try:
    """One try as the page shows it."""
    who = dossier.name(act.actor)
    if shown is None or dossier.loaded is None:
        return Try(at=act.at, who=who, changes=(), recommendation="", words=ERASED, seq=act.seq)
    contract = dossier.loaded.bundle.contract
    decision = dossier.file.decision
    cuts = [float(cut) for cut in (decision.approve_up_to, decision.decline_above) if cut]
    score, before = (
        score_words(float(text or 0.0), *cuts)
        for text in (shown["probability"], decision.probability)
    )
    advice = ADVICE_WORDS[Recommendation(shown["recommendation"])]
    rules = "".join(f" {dossier.loaded.policy.rule_text(rule)}" for rule in shown["knockouts"])
    return Try(
        at=act.at,
        who=who,
        changes=tuple(
            (contract[name].label, _in_words(contract, name, old), _in_words(contract, name, new))
            for name, old, new in shown["changes"]
        ),
        recommendation=shown["recommendation"],
        words=f"Probability of bad {score} instead of {before}: {advice}.{rules}",
        seq=act.seq,
    )


def _in_words(contract: Contract, name: str, value: str | None) -> str:
    """A recorded value in the contract's words."""
    field = contract[name]
    number = value is not None and (field.type in NUMERIC or field.type == "boolean")
    return field.in_words(float(value or 0.0) if number else value)


def stands_words(dossier: Dossier) -> str:
    """The case's own score, which no try changes."""
    decision = dossier.file.decision
    cuts = [float(cut) for cut in (decision.approve_up_to, decision.decline_above) if cut]
    probability = float(decision.probability) if decision.probability else None
    if probability is None:
        return "There is no score for this application."
    return f"Probability of bad {wording.band(probability, *cuts)} as stated."


def try_fields(ground: Ground) -> tuple[TryField, ...]:
    """The form: each field with the values that may be tried."""
    spec = ground.told.loaded.bundle.policy_spec.changes
    steps = {one.field: one.step or "" for one in spec.fields} if spec else {}
    return tuple(
        _field(ground.contract, axis, steps.get(axis.field, "")) for axis in ground.room.axes
    )


def _field(contract: Contract, axis: Axis, step: str) -> TryField:
    """One field of the form."""
    field = contract[axis.field]
    others = [axis.settings[place][0] for place in axis.others]
    typed = len(others) > CHOICES_MAX
    first, last = field.in_words(others[0]), field.in_words(others[-1])
    return TryField(
        name=field.name,
        label=field.label,
        stated=field.in_words(axis.settings[axis.stated][0]),
        choices=() if typed else tuple((str(recorded(v)), field.in_words(v)) for v in others),
        number=typed,
        minimum=_plain(others[0]) if typed else "",
        maximum=_plain(others[-1]) if typed else "",
        step=step if typed else "",
        hint=f"From {first} to {last} in steps of {step}. Empty: as stated." if typed else "",
    )


def _plain(value: Scalar) -> str:
    """A number as an input holds it."""
    return f"{value:.12g}" if isinstance(value, float) else str(value)


def room_object(ground: Ground) -> list[dict[str, Any]]:
    """What may be tried, as the interface gives it."""
    return [
        {
            "field": axis.field,
            "stated": recorded(axis.settings[axis.stated][0]),
            "values": [recorded(axis.settings[place][0]) for place in axis.others],
        }
        for axis in ground.room.axes
    ]


def try_object(act: ActRow, shown: Payload | None, by: str) -> dict[str, Any]:
    """One try, as the interface gives it."""
    body: dict[str, Any] = {"event_id": act.event_id, "seq": act.seq, "by": by, "erased": not shown}
    if shown:
        body |= {
            **{key: shown[key] for key in ("probability", "raw", "recommendation", "knockouts")},
            "changes": [{"field": n, "from": old, "to": new} for n, old, new in shown["changes"]],
        }
    return body
