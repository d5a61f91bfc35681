"""What a policy's changes must not say: against the contract, the codebook, or each other."""

from collections import Counter
from collections.abc import Sequence
from decimal import Decimal

from .codebook import Concept
from .contract import NUMERIC, Contract, Field
from .policy_schema import Bounded, ChangeSpec, ChangesSpec, Follows, NoHeavier, Relation

VALUES_MAX = 2000
"""So many values of one field are looked at, at most."""

NOBODY = "no"
NEVER = (NOBODY, "time")
"""Concepts that no applicant can change, or only time can."""

YES_OR_NO = {"true": 1.0, "false": 0.0}


def change_problems(
    spec: ChangesSpec, contract: Contract, concepts: Sequence[Concept]
) -> list[str]:
    """Each as a sentence that names file, field and cure; none where all of it can be met."""
    told = [one.field for one in spec.fields]
    found = [f"{name} is listed twice" for name, count in Counter(told).items() if count > 1]
    of_field = {name: concept for concept in concepts for name in concept.features}
    for one in spec.fields:
        problem = _scored(one.field, contract) or _of_change(one, contract[one.field])
        concept = of_field.get(one.field)
        if not problem and concept and concept.actionable in NEVER:
            problem = (
                f"concept {concept.id} says {concept.actionable}, so that nobody can change it: "
                "leave the field out, or say otherwise in codebook.yaml"
            )
        if problem:
            found.append(f"{one.field}: {problem}")
    if not found:
        for relation in spec.relations:
            found += _of_relation(relation, contract, told)
            if isinstance(relation, Follows):
                concept = of_field.get(relation.field)
                if concept and concept.actionable == NOBODY:  # with time, some follow by themselves
                    found.append(
                        f"{relation.field}: concept {concept.id} says {NOBODY}, so "
                        "that it cannot follow what is changed: leave the relation out, or say "
                        "otherwise in codebook.yaml"
                    )
        follow = Counter(one.field for one in spec.relations if isinstance(one, Follows))
        found += [f"{name} follows two fields" for name, count in follow.items() if count > 1]
    return [f"policy.yaml: changes: {problem}" for problem in found]


def limits_of(one: ChangeSpec, field: Field) -> tuple[Decimal | None, Decimal | None]:
    """From where to where a number may be changed; None where nobody says."""
    low = _decimal(one.minimum, field.minimum)
    high = _decimal(one.maximum, field.maximum)
    return low, high


def _decimal(told: str | None, otherwise: float | None) -> Decimal | None:
    """What the policy says, or else the contract."""
    if told is not None:
        return Decimal(told)
    return None if otherwise is None else Decimal(repr(otherwise))


def _scored(name: str, contract: Contract) -> str:
    """Why a field cannot be changed to any effect, or may not be named at all; "" when it can."""
    if name not in contract:
        return "the contract has no such field"
    role = contract[name].role
    return "" if role == "feature" else f"it is {role}, and only scored fields may be named"


def _of_change(one: ChangeSpec, field: Field) -> str:
    """What a change of this field lacks, or has too much of."""
    if field.type in NUMERIC:
        return _of_number(one, field)
    if one.step or one.minimum or one.maximum:
        return "step, minimum and maximum are for numbers: name the levels in to"
    known = field.levels or YES_OR_NO
    strange = [level for level in one.to if level not in known]
    if strange:
        return f"to: the contract has no level {strange[0]}"
    return "" if one.to else "to: name the levels that it may become"


def _of_number(one: ChangeSpec, field: Field) -> str:
    """The same for a number."""
    low, high = limits_of(one, field)
    step = Decimal(one.step or "0")
    told = {
        "to is for categories: give step, minimum and maximum": bool(one.to),
        "give a step above 0": step <= 0,
        "give minimum and maximum: the contract has no bounds for it": low is None or high is None,
    }
    if problem := next((words for words, broken in told.items() if broken), ""):
        return problem
    assert low is not None
    assert high is not None
    outside = [n for n in (low, high) if not field.takes(float(n))]
    told = {
        "minimum must be below maximum": low >= high,
        f"{outside[0] if outside else ''} is nothing that the contract takes": bool(outside),
        "give a whole step: the contract takes whole numbers": (
            field.type == "integer" and step != int(step)
        ),
        f"more than {VALUES_MAX} values: give a larger step or nearer bounds": (
            (high - low) / step > VALUES_MAX
        ),
    }
    return next((words for words, broken in told.items() if broken), "")


def _of_relation(relation: Relation, contract: Contract, told: Sequence[str]) -> list[str]:
    """What a relation names that it cannot."""
    named: list[str] = []
    match relation:
        case Follows(field=name, of=leader):
            named = [name, leader]
            if leader not in told:
                return [f"{name} follows {leader}, which is not among the fields"]
            if name in told:
                return [f"{name} follows {leader}, so it cannot be changed by itself too"]
        case Bounded(field=name, times=times):
            named = [name, *times]
        case NoHeavier(field=name, over=over):
            named = [name, over]
            if over in contract and not (contract[over].minimum or 0) > 0:
                return [f"{name} over {over}: the contract must take {over} above 0 only"]
    found = [f"{one}: {problem}" for one in named if (problem := _scored(one, contract))]
    return found or [
        f"{one}: a relation is between numbers"
        for one in named
        if contract[one].type not in NUMERIC
    ]
