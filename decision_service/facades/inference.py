"""The Open Inference Protocol, version 2: tensors in, tensors out, and what the server is."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from decision_service.facades.asking import (
    NAME_CHARS_SHOWN,
    Asked,
    Table,
    Unnamed,
    counted,
    members_of,
    parameters_in,
    refuse,
)
from decision_service.facades.telling import Told, explanation, number
from decision_service.problems import pointer
from decision_service.score_addresses import OPEN_INFERENCE
from explain.declared.contract import NUMERIC, Contract, Field

MEMBERS = frozenset({"id", "inputs", "outputs", "parameters"})
NUMBERS = frozenset(
    {"FP16", "FP32", "FP64", "INT8", "INT16", "INT32", "INT64"}
    | {"UINT8", "UINT16", "UINT32", "UINT64"}
)
DATATYPES = NUMBERS | {"BOOL", "BYTES"}
PROBABILITY, RAW, EXPLANATION = "probability", "raw", "explanation"
OUTPUTS: Mapping[str, str] = {PROBABILITY: "FP64", RAW: "FP64", EXPLANATION: "BYTES"}
"""Tensors that can be asked for, with their type; the first is what is answered unasked."""

ID_CHARS_MAX = 128


def asked(body: Any) -> Asked:
    """What is asked; raises InvalidRequest naming each fault."""
    members = members_of(body, MEMBERS)
    tensors = members.get("inputs")
    if not isinstance(tensors, list) or not tensors:
        refuse("/inputs", "Give a list of tensors.")
    values = [_values(tensor, place) for place, tensor in enumerate(tensors)]
    outputs = _outputs(members.get("outputs"))
    return Asked(
        protocol=OPEN_INFERENCE,
        read=lambda contract: _table(tensors, values, contract),
        explained=EXPLANATION in outputs,
        parameters=parameters_in(members, "parameters"),
        outputs=outputs,
        request_id=_request_id(members.get("id")),
    )


def answer(
    question: Asked,
    told: Sequence[Told],
    *,
    model: str,
    version: str,
    parameters: Mapping[str, str],
) -> Mapping[str, Any]:
    """The tensors that were asked for; the probability of bad where none was."""
    return {
        "model_name": model,
        "model_version": version,
        **({"id": question.request_id} if question.request_id else {}),
        "parameters": dict(parameters),
        "outputs": [_tensor(name, told) for name in question.outputs or (PROBABILITY,)],
    }


def described(name: str, version: str, contract: Contract) -> Mapping[str, Any]:
    """What the protocol calls a model's metadata."""
    inputs = [
        {"name": spec.name, "datatype": _datatype(spec), "shape": [-1, 1]}
        for spec in contract.fields
    ]
    outputs = [{"name": n, "datatype": kind, "shape": [-1]} for n, kind in OUTPUTS.items()]
    return {
        "name": name,
        "versions": [version],
        "platform": "countermand",
        "inputs": inputs,
        "outputs": outputs,
    }


def _table(
    tensors: Sequence[Mapping[str, Any]],
    values: Sequence[Sequence[Any]],
    contract: Contract | None,
) -> Table:
    """The rows: of one tensor that holds all scored fields, or of a tensor for each field."""
    if len(tensors) > 1:
        return _columns(tensors, values)
    if contract is None:
        raise Unnamed  # it may be either
    if tensors[0]["name"] in contract:
        return _columns(tensors, values)
    return _matrix(tensors[0], values[0], contract)


def _tensor(name: str, told: Sequence[Told]) -> Mapping[str, Any]:
    """One tensor of the answer."""
    data = [_datum(name, row) for row in told]
    return {"name": name, "datatype": OUTPUTS[name], "shape": [len(told)], "data": data}


def _datum(name: str, row: Told) -> float | str:
    """What a tensor says of one row; an explanation is JSON in a text."""
    if name == EXPLANATION:
        return json.dumps(explanation(row), ensure_ascii=False, separators=(",", ":"))
    return number(row[name])


def _datatype(spec: Field) -> str:
    """The type in which a field is best sent."""
    if spec.type in NUMERIC:
        return "FP64"
    return "BOOL" if spec.type == "boolean" else "BYTES"


def _outputs(given: Any) -> tuple[str, ...]:
    """Names of the tensors that are asked for."""
    if given is None:
        return ()
    named: dict[str, None] = {}
    for place, one in enumerate(_listed(given)):
        name = one.get("name") if isinstance(one, dict) else None
        if not isinstance(name, str) or name not in OUTPUTS:
            advice = f"Ask for {', '.join(OUTPUTS)}, or leave outputs out."
            refuse(pointer("outputs", place, "name"), advice)
        named[name] = None
    return tuple(named)


def _listed(given: Any) -> list[Any]:
    """A list."""
    if not isinstance(given, list):
        refuse("/outputs", "Give a list of tensors by name.")
    return given


def _request_id(given: Any) -> str:
    """The client's own name for its request."""
    if given is None:
        return ""
    if not isinstance(given, str) or len(given) > ID_CHARS_MAX or not given.isprintable():
        refuse("/id", f"Give text of at most {ID_CHARS_MAX} characters that can be shown.")
    return given


def _values(tensor: Any, place: int) -> list[Any]:
    """A tensor's values one after another, as many as its shape says."""
    where = pointer("inputs", place)
    if not isinstance(tensor, dict) or not isinstance(tensor.get("name"), str):
        refuse(where, "Give a tensor with name, shape, datatype and data.")
    datatype = tensor.get("datatype")
    if not isinstance(datatype, str) or datatype not in DATATYPES:
        refuse(f"{where}/datatype", f"Use one of: {', '.join(sorted(DATATYPES))}.")
    shape, data = tensor.get("shape"), tensor.get("data")
    if (
        not isinstance(shape, list)
        or not all(type(n) is int and n >= 0 for n in shape)
        or len(shape) not in {1, 2}
    ):
        refuse(f"{where}/shape", "Give [rows], [rows, 1], or [rows, fields] for all in one.")
    if not isinstance(data, list):
        refuse(f"{where}/data", "Give a list: binary data are not taken.")
    flat = [one for row in data for one in (row if isinstance(row, list) else [row])]
    count = shape[0] * (shape[1] if len(shape) > 1 else 1)
    if len(flat) != count:
        refuse(f"{where}/data", f"Give the {count} values that its shape says, not {len(flat)}.")
    return [_number(one, datatype) for one in flat]


def _number(value: Any, datatype: str) -> Any:
    """A value by its tensor's type; what does not fit stays, to be named by the contract."""
    if datatype == "BOOL" and type(value) in {int, float} and value in {0, 1}:
        return bool(value)
    return value


def _matrix(tensor: Mapping[str, Any], flat: Sequence[Any], contract: Contract) -> Table:
    """All scored fields in one tensor, in the contract's order; categories by their place."""
    specs, shape = contract.features, tensor["shape"]
    if len(shape) != 2 or shape[1] != len(specs):  # noqa: PLR2004 - rows and fields
        order = ", ".join(spec.name for spec in specs)
        refuse("/inputs/0/shape", f"Give [rows, {len(specs)}], the fields in the order {order}.")
    width = len(specs)
    starts = range(0, len(flat), width)
    counted(starts, "/inputs/0/shape")
    numbers = tensor["datatype"] in NUMBERS
    rows = tuple(
        {
            spec.name: _level(spec, value) if numbers else value
            for spec, value in zip(specs, flat[start : start + width], strict=True)
        }
        for start in starts
    )
    places = {spec.name: place for place, spec in enumerate(specs)}
    nested = isinstance(tensor["data"][0], list)

    def place(row: int, name: str) -> str:
        if name not in places:
            return "/inputs"
        column = places[name]
        told = (row, column) if nested else (row * width + column,)
        return pointer("inputs", 0, "data", *told)

    return rows, place


def _level(spec: Field, value: Any) -> Any:
    """A category, or yes and no, from its number; anything else as it is."""
    whole = type(value) in {int, float} and value % 1 == 0  # false for NaN and infinities too
    if spec.type == "boolean" and whole and value in {0, 1}:
        return bool(value)
    levels = tuple(spec.levels)
    if levels and whole and 0 <= value < len(levels):
        return levels[int(value)]
    return value


def _columns(tensors: Sequence[Mapping[str, Any]], values: Sequence[Sequence[Any]]) -> Table:
    """A tensor for each field."""
    names = [tensor["name"] for tensor in tensors]
    for place, tensor in enumerate(tensors):
        if len(tensor["shape"]) > 1 and tensor["shape"][1] != 1:
            refuse(pointer("inputs", place, "shape"), "Give [rows] or [rows, 1] for one field.")
        if len(values[place]) != len(values[0]):
            refuse(pointer("inputs", place, "shape"), f"Give {len(values[0])} rows, as the first.")
        if names.index(tensor["name"]) != place:
            refuse(pointer("inputs", place, "name"), "Name each field once.")
    counted(values[0], "/inputs/0/shape")
    rows = tuple(dict(zip(names, row, strict=True)) for row in zip(*values, strict=True))

    def place_of(row: int, name: str) -> str:
        if name not in names:
            return pointer("inputs", name[:NAME_CHARS_SHOWN])
        return pointer("inputs", names.index(name), "data", row)

    return rows, place_of
