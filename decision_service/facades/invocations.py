"""MLflow's scoring server: ``POST /invocations`` with rows in one of four forms."""

from collections.abc import Mapping, Sequence
from typing import Any

from decision_service.facades.asking import (
    Asked,
    Table,
    counted,
    members_of,
    parameters_in,
    refuse,
    rows_from_columns,
    rows_from_list,
)
from decision_service.facades.telling import Told, number
from decision_service.problems import pointer
from decision_service.score_addresses import MLFLOW
from explain.declared.contract import Contract

FORMS = ("dataframe_split", "dataframe_records", "instances", "inputs")
MEMBERS = frozenset({*FORMS, "params"})


def asked(body: Any) -> Asked:
    """What is asked; raises InvalidRequest naming each fault."""
    members = members_of(body, MEMBERS)
    named = [form for form in FORMS if form in members]
    if len(named) != 1:
        refuse("", f"Give exactly one of {', '.join(FORMS)}.")
    form = named[0]
    return Asked(
        protocol=MLFLOW,
        read=lambda contract: _rows(form, members[form], contract),
        parameters=parameters_in(members, "params"),
    )


def answer(_question: Asked, told: Sequence[Told]) -> Mapping[str, Any]:
    """A prediction for each row, in order."""
    return {"predictions": [number(row["probability"]) for row in told]}


def _rows(form: str, given: Any, contract: Contract | None) -> Table:
    """The rows, and where their fields stand."""
    if form == "dataframe_split":
        return _split(given)
    if isinstance(given, dict) and form == "inputs":
        return _by_column(given)
    return rows_from_list(given, contract, form)


def _split(given: Any) -> Table:
    """A table as pandas splits it; its index says nothing."""
    if not isinstance(given, dict) or not {"columns", "data"} <= given.keys():
        refuse("/dataframe_split", "Give an object with columns and data.")
    columns = given["columns"]
    rows = rows_from_columns(columns, given["data"], "/dataframe_split")

    def place(row: int, name: str) -> str:
        known = columns.index(name) if name in columns else name
        return pointer("dataframe_split", "data", row, known)

    return rows, place


def _by_column(given: Mapping[str, Any]) -> Table:
    """A list of values for each field."""
    lengths = set()
    for name, values in given.items():
        if not isinstance(values, list):
            refuse(pointer("inputs", name[:64]), "Give a list, with a value for each row.")
        lengths.add(len(values))
    if len(lengths) != 1:
        refuse("/inputs", "Give equally long lists, one for each field.")
    rows = [dict(zip(given, values, strict=True)) for values in zip(*given.values(), strict=True)]
    counted(rows, "/inputs")
    return tuple(rows), lambda row, name: pointer("inputs", name, row)
