"""Eight numbers side by side as one value of compiled code, and pointers to where they lie.

numba leaves it to its compiler to find loops that may run side by side, and the compiler must
assume that arrays overlap. These operations say it instead: each is one instruction on processors
of 512 bits, and two or four on others. Pointers skip the counting of owners that arrays do on every
call; whoever takes a pointer keeps its array alive.

Compiled code caches what it makes of this module too, without noticing when only this one changes.
"""

# ruff: noqa: ARG001 # numba tells whoever builds instructions more than most need

import operator
from collections.abc import Callable
from typing import Any

from llvmlite import ir  # type: ignore[import-untyped]
from numba import types
from numba.extending import intrinsic, models, overload, register_model

from .forest import LANES

_NUMBERS = ir.VectorType(ir.DoubleType(), LANES)
_CHOICES = ir.VectorType(ir.IntType(1), LANES)
_WHOLE = ir.VectorType(ir.IntType(64), LANES)
_PLACES = ir.VectorType(ir.IntType(32), LANES)
_ALIGNMENT = 8
"""What may be taken for granted of an address, in bytes."""


_operation: Callable[[Callable[..., Any]], Any] = intrinsic
"""Marks what builds one operation out of the processor's instructions."""


class _LanesType(types.Type):
    """numba's type of eight float64."""

    def __init__(self) -> None:
        super().__init__(name=f"Lanes{LANES}")


_lanes = _LanesType()


@register_model(_LanesType)
class _LanesModel(models.PrimitiveModel):
    """They are held in one vector register, or as many as the processor needs."""

    def __init__(self, manager: Any, numba_type: Any) -> None:
        super().__init__(manager, numba_type, _NUMBERS)  # type: ignore[no-untyped-call]


@_operation
def address(typing: Any, array: Any) -> Any:
    """Pointer to the first item of an array."""

    def build(context: Any, builder: Any, signature: Any, given: Any) -> Any:
        return context.make_array(signature.args[0])(context, builder, given[0]).data

    pointer = types.CPointer(array.dtype)  # type: ignore[no-untyped-call]
    return pointer(array), build


@_operation
def ahead(typing: Any, pointer: Any, count: Any) -> Any:
    """Pointer to the item this many further on."""

    def build(context: Any, builder: Any, signature: Any, given: Any) -> Any:
        return builder.gep(given[0], [given[1]])

    return pointer(pointer, types.intp), build


@_operation
def record(typing: Any, pointer: Any, index: Any) -> Any:
    """The record at this index, to read fields of."""

    def build(context: Any, builder: Any, signature: Any, given: Any) -> Any:
        return builder.gep(given[0], [given[1]])

    return pointer.dtype(pointer, types.intp), build


@_operation
def load(typing: Any, pointer: Any, index: Any) -> Any:
    """Eight numbers from this index on."""

    def build(context: Any, builder: Any, signature: Any, given: Any) -> Any:
        return builder.load(_vector_at(builder, *given), align=_ALIGNMENT)

    return _lanes(pointer, types.intp), build


@_operation
def store(typing: Any, pointer: Any, index: Any, lanes: Any) -> Any:
    """Write eight numbers from this index on."""

    def build(context: Any, builder: Any, signature: Any, given: Any) -> Any:
        builder.store(given[2], _vector_at(builder, *given[:2]), align=_ALIGNMENT)
        return context.get_dummy_value()

    return types.none(pointer, types.intp, _lanes), build


@_operation
def spread(typing: Any, number: Any) -> Any:
    """The same number in every lane."""
    return _lanes(types.float64), lambda _context, builder, _signature, given: _spread(
        builder, given[0]
    )


@_operation
def pick(typing: Any, pointer: Any, places: Any, index: Any) -> Any:
    """Eight numbers from the places that eight whole numbers tell."""

    def build(context: Any, builder: Any, signature: Any, given: Any) -> Any:
        numbers = ir.Constant(_NUMBERS, ir.Undefined)
        for lane in range(LANES):
            at = builder.add(given[2], ir.Constant(given[2].type, lane))
            place = builder.load(builder.gep(given[1], [at]))
            number = builder.load(builder.gep(given[0], [place]))
            numbers = builder.insert_element(numbers, number, ir.Constant(ir.IntType(32), lane))
        return numbers

    return _lanes(pointer, places, types.intp), build


@_operation
def bits_set(typing: Any, number: Any) -> Any:
    """How many bits of a whole number are 1."""

    def build(context: Any, builder: Any, signature: Any, given: Any) -> Any:
        return builder.ctpop(given[0])

    return types.int64(types.int64), build


@_operation
def at_most(typing: Any, lanes: Any, limits: Any) -> Any:
    """Mask of the lanes that hold no more than the limits."""

    def build(context: Any, builder: Any, signature: Any, given: Any) -> Any:
        return builder.bitcast(builder.fcmp_ordered("<=", *given), ir.IntType(LANES))

    return types.uint8(_lanes, _lanes), build


@_operation
def above_zero(typing: Any, lanes: Any) -> Any:
    """Mask of the lanes that hold more than zero."""

    def build(context: Any, builder: Any, signature: Any, given: Any) -> Any:
        zero = ir.Constant(_NUMBERS, [0.0] * LANES)
        return builder.bitcast(builder.fcmp_ordered(">", given[0], zero), ir.IntType(LANES))

    return types.uint8(_lanes), build


@_operation
def member(typing: Any, lanes: Any, word: Any) -> Any:
    """Mask of the lanes that hold the number of a bit that is set in this word of 64."""

    def build(context: Any, builder: Any, signature: Any, given: Any) -> Any:
        whole = builder.fptosi(given[0], _WHOLE)
        inside = builder.icmp_unsigned("<", whole, ir.Constant(_WHOLE, [64] * LANES))
        blank = ir.Constant(_WHOLE, ir.Undefined)
        word = builder.insert_element(blank, given[1], ir.Constant(ir.IntType(32), 0))
        word = builder.shuffle_vector(word, blank, ir.Constant(_PLACES, [0] * LANES))
        bits = builder.trunc(builder.lshr(word, whole), _CHOICES)
        none = ir.Constant(_CHOICES, [0] * LANES)
        return builder.bitcast(builder.select(inside, bits, none), ir.IntType(LANES))

    return types.uint8(_lanes, types.uint64), build


@_operation
def where(typing: Any, mask: Any, chosen: Any, others: Any) -> Any:
    """One number in the lanes of the mask, and what the others hold elsewhere."""

    def build(context: Any, builder: Any, signature: Any, given: Any) -> Any:
        return builder.select(builder.bitcast(given[0], _CHOICES), given[1], given[2])

    return _lanes(types.uint8, _lanes, _lanes), build


def _vector_at(builder: Any, pointer: Any, index: Any) -> Any:
    return builder.bitcast(builder.gep(pointer, [index]), _NUMBERS.as_pointer())


def _spread(builder: Any, number: Any) -> Any:
    blank = ir.Constant(_NUMBERS, ir.Undefined)
    first = builder.insert_element(blank, number, ir.Constant(ir.IntType(32), 0))
    return builder.shuffle_vector(first, blank, ir.Constant(_PLACES, [0] * LANES))


def _teach(operator_: Callable[[Any, Any], Any], instruction: str) -> None:
    """Give an arithmetic operator its meaning for lanes, and for lanes with one number."""

    @_operation
    def apply(typing: Any, left: Any, right: Any) -> Any:
        def build(context: Any, builder: Any, signature: Any, given: Any) -> Any:
            return getattr(builder, instruction)(*given)

        return _lanes(_lanes, _lanes), build

    def meaning(left: Any, right: Any) -> Any:
        if isinstance(left, _LanesType) and isinstance(right, _LanesType):
            return lambda left, right: apply(left, right)  # noqa: PLW0108
        if isinstance(left, _LanesType) and right is types.float64:
            return lambda left, right: apply(left, spread(right))
        if left is types.float64 and isinstance(right, _LanesType):
            return lambda left, right: apply(spread(left), right)
        return None

    # numba wants the same signature here and in what is returned, annotations included.
    overload(operator_)(lambda left, right: meaning(left, right))  # noqa: PLW0108


_teach(operator.add, "fadd")
_teach(operator.iadd, "fadd")
_teach(operator.sub, "fsub")
_teach(operator.mul, "fmul")
