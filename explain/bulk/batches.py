"""A model's answers to rows as Arrow has them: one pure function, wherever the rows are.

It needs nothing but a batch and a bundle, so it runs unchanged in a loop, under Spark's
``mapInArrow`` or Ray's ``map_batches``. Only the fields that a model scores are looked at; all
other columns stay where they are, monitor-only fields among them.
"""

from collections.abc import Callable, Iterator, Sequence
from difflib import get_close_matches
from functools import cache
from pathlib import Path
from typing import Any

from ..bundle import Bundle, load
from ..declared.contract import Contract, Field
from ..errors import ContractBroken, ExplainError, NotExplainable
from ..values import Explanation, Reason, Row

APPLICATION_ID = "application_id"
ROWS_AT_ONCE = 512
"""More would keep more objects alive at once, which costs more than it saves."""

CONTRIBUTION, ERROR = "contribution_", "error_"

Answer = Explanation | ExplainError


@cache
def bundle_at(directory: str | Path, model_hosts: str = "") -> Bundle:
    """The bundle in this folder, read and proven once in each process.

    A cluster sends a path about, not what a bundle becomes in memory. A model over HTTP is asked
    only at one of ``model_hosts``.
    """
    return load(Path(directory), model_hosts=model_hosts)


def explained(batch: Any, bundle: Bundle) -> Any:
    """For each row of an Arrow record batch or table its explanation, in order, in the same form.

    Columns are those of ``explained_schema``. A row that breaks the contract has them all empty but
    ``refused``, which names every field with its cure; one without a score or without reasons says
    why in ``problem``. Text in a column of numbers is read as the contract reads cells of a file.
    NotExplainable names scored fields that the batch has no column for: a field may be empty, but
    that a whole column is not there is rarely meant.
    """
    import pyarrow as pa

    contract = Contract(bundle.contract.features)
    refuse_missing_columns("the batch", batch.schema.names, contract)
    schema, found = explained_schema(bundle), []
    for start in range(0, batch.num_rows, ROWS_AT_ONCE):
        part = batch.slice(start, ROWS_AT_ONCE)
        rows = list(checked_rows(part, contract))
        answered = iter(bundle.explain([row for row in rows if not isinstance(row, ExplainError)]))
        answers = [row if isinstance(row, ExplainError) else next(answered) for row in rows]
        found.append(_batch(answers, _ids(part), schema))
    table = pa.Table.from_batches(found, schema).combine_chunks()
    if isinstance(batch, pa.Table):
        return table
    return (table.to_batches() or [pa.RecordBatch.from_pylist([], schema)])[0]


def explained_schema(bundle: Bundle) -> Any:
    """The Arrow schema of explanations by this bundle; its metadata say which one that is."""
    import pyarrow as pa

    number, text = pa.float64(), pa.string()
    features = [field.name for field in bundle.contract.features]
    reasons = pa.list_(pa.struct({"concept": text, "text": text}))
    refused = pa.list_(pa.struct({"field": text, "code": text, "cure": text}))
    fields = {APPLICATION_ID: text, "probability": number, "raw_score": number, "base": number}
    fields |= {CONTRIBUTION + name: number for name in features}
    if bundle.one_by_one:  # sampled: how far each contribution may lie from the exact one
        fields |= {ERROR + name: number for name in features}
    fields |= {"reasons_against": reasons, "reasons_for": reasons}
    fields |= {"reliable": pa.bool_(), "problem": text, "refused": refused}
    told = {
        "bundle": bundle.name,
        "bundle_sha256": bundle.sha256,
        "method": bundle.method,
        "scale": bundle.scale,
        "background_sha256": bundle.background_sha256 or "",
    }
    return pa.schema(list(fields.items()), metadata=told)


def refuse_missing_columns(what: str, names: Sequence[str], contract: Contract) -> None:
    """NotExplainable where a scored field has no column, or a column is there twice."""
    problems = []
    for name in (field.name for field in contract.features):
        if name not in names:
            near = [one for one in get_close_matches(name, names) if one not in contract]
            hint = f", or rename {near[0]}, which no field is called" if near else ""
            problems.append(f"it has no column {name}: add it, with empty cells if need be{hint}")
    problems += [
        f"it has {names.count(name)} columns {name}: keep one"
        for name in (APPLICATION_ID, *(field.name for field in contract.features))
        if names.count(name) > 1
    ]
    if problems:
        raise NotExplainable(what, tuple(problems))


def checked_rows(batch: Any, contract: Contract) -> Iterator[Row | ContractBroken]:
    """The scored fields of each row, checked, or what is wrong with them."""
    import pyarrow.types as kinds

    columns = {field.name: plain_column(batch.column(field.name)) for field in contract.features}
    cells = [name for name in columns if _holds_text(kinds, columns[name].type, contract[name])]
    values = [plain_values(column) for column in columns.values()]
    names = tuple(columns)
    for row in zip(*values, strict=True):
        fields = dict(zip(names, row, strict=True))
        if cells:
            texts = {name: fields.pop(name) for name in cells}
            fields |= contract.from_text(texts)
        try:
            yield contract.check(fields).features
        except ContractBroken as broken:
            yield broken


def _holds_text(kinds: Any, kind: Any, field: Field) -> bool:
    """Whether this is a column of cells that are still to be read; a category is one that is."""
    return not field.levels and (kinds.is_string(kind) or kinds.is_large_string(kind))


def plain_column(column: Any) -> Any:
    """A column without what is only a way to store it: dictionaries, decimals, views."""
    import pyarrow as pa
    from pyarrow import types

    kind = column.type
    if types.is_dictionary(kind):
        value_type = kind.value_type
        if value_type == pa.string_view():  # dictionaries of these cannot be cast themselves
            return pa.array(column.to_pylist(), pa.string())
        return plain_column(column.cast(value_type))
    if types.is_decimal(kind):
        return column.cast(pa.float64())
    return column.cast(pa.string()) if kind == pa.string_view() else column


def plain_values(column: Any) -> list[Any]:
    """Python's own values; what is null, NaN or an empty text is missing."""
    from pyarrow import types

    try:
        values = column.to_pylist()
    except UnicodeDecodeError:  # of one cell; as bytes it is refused by its field's name
        values = [_as_it_is(value) for value in column]
    if types.is_floating(column.type):
        return [None if value != value else value for value in values]  # noqa: PLR0124 # NaN
    return [None if value == "" else value for value in values]


def _as_it_is(value: Any) -> Any:
    """A value, or its bytes where they are no text."""
    try:
        return value.as_py()
    except UnicodeDecodeError:
        return value.as_buffer().to_pybytes()


def _ids(batch: Any) -> list[str | None]:
    """What each application is called, where there is such a column."""
    if APPLICATION_ID not in batch.schema.names:
        return [None] * int(batch.num_rows)
    values = plain_values(plain_column(batch.column(APPLICATION_ID)))
    return [None if value is None else str(value) for value in values]


def _batch(answers: Sequence[Answer], ids: Sequence[str | None], schema: Any) -> Any:
    """Answers as columns."""
    import pyarrow as pa

    whole = [one if isinstance(one, Explanation) else None for one in answers]
    columns: dict[str, list[Any]] = {APPLICATION_ID: list(ids)}

    def put(name: str, told: Callable[[Explanation], Any]) -> None:
        columns[name] = [None if one is None else told(one) for one in whole]

    put("probability", lambda one: one.probability)
    put("raw_score", lambda one: one.attribution.score)
    # Of what does not add up nothing but the score is known.
    put("base", lambda one: one.attribution.base if one.reliable else None)
    put("reasons_against", lambda one: _told(one.adverse))
    put("reasons_for", lambda one: _told(one.favourable))
    columns["reliable"] = [one is not None and one.reliable for one in whole]
    columns["problem"] = [_problem(one) for one in answers]
    columns["refused"] = [_refused(one) for one in answers]
    columns |= _by_feature(whole, schema.names)
    return pa.RecordBatch.from_arrays(
        [pa.array(columns[field.name], field.type) for field in schema], schema=schema
    )


def _by_feature(whole: Sequence[Explanation | None], names: Sequence[str]) -> dict[str, list[Any]]:
    """Contributions, and their errors where there are such columns."""
    found: dict[str, list[Any]] = {}
    for prefix in (CONTRIBUTION, ERROR):
        wanted = [name for name in names if name.startswith(prefix)]
        blank = [None] * len(wanted)
        lines: list[Sequence[Any]] = []
        for one in whole:
            parts = one.attribution if one is not None and one.reliable else None
            amounts = None
            if parts is not None:
                amounts = [part.amount for part in parts.contributions]
                amounts = amounts if prefix == CONTRIBUTION else list(parts.errors)
            lines.append(amounts or blank)
        found |= dict(zip(wanted, map(list, zip(*lines, strict=True)), strict=True))
    return found


def _told(reasons: Sequence[Reason]) -> list[dict[str, str]]:
    """Reasons as they are written down."""
    return [{"concept": reason.concept, "text": reason.text} for reason in reasons]


def _problem(answer: Answer) -> str | None:
    """Why a row has no score or no reasons; nothing where it was refused."""
    if isinstance(answer, Explanation):
        return answer.problem or None
    return None if isinstance(answer, ContractBroken) else str(answer)


def _refused(answer: Answer) -> list[dict[str, str]]:
    """What the contract has against a row."""
    problems = answer.problems if isinstance(answer, ContractBroken) else ()
    return [{"field": one.field, "code": one.code, "cure": one.detail} for one in problems]
