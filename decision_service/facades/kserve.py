"""The first protocol of KServe, which TensorFlow Serving began: ``:predict`` and ``:explain``."""

from collections.abc import Mapping, Sequence
from typing import Any

from decision_service.facades.asking import (
    Asked,
    members_of,
    parameters_in,
    refuse,
    rows_from_list,
)
from decision_service.facades.telling import Told, explanation, number
from decision_service.score_addresses import KSERVE

ROWS = ("instances", "inputs")  # clients have either
MEMBERS = frozenset({*ROWS, "parameters", "signature_name"})


def asked(body: Any, *, explained: bool) -> Asked:
    """What is asked; raises InvalidRequest naming each fault."""
    members = members_of(body, MEMBERS)
    named = [name for name in ROWS if name in members]
    if len(named) != 1:
        refuse("/instances", "Give the rows as instances.")
    name = named[0]
    return Asked(
        protocol=KSERVE,
        read=lambda contract: rows_from_list(members[name], contract, name),
        explained=explained,
        parameters=parameters_in(members, "parameters"),
    )


def answer(question: Asked, told: Sequence[Told]) -> Mapping[str, Any]:
    """A prediction for each row, in order; for ``:explain`` with an explanation each."""
    predictions = {"predictions": [number(row["probability"]) for row in told]}
    if not question.explained:
        return predictions
    return {**predictions, "explanations": [explanation(row) for row in told]}
