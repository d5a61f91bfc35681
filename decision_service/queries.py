"""What may stand behind the question mark of an address of the interface.

A parameter that a route does not know would change nothing, and its sender would take the whole
list for the part that was asked for. So it is refused by name.
"""

from typing import NoReturn

from fastapi import Request
from fastapi.routing import APIRoute

from decision_service.errors import Fault, InvalidRequest
from decision_service.problems import pointer

NAME_CHARS_MAX = 64
UNKNOWN = "Leave it out: this address has no such parameter."


def known_parameters(request: Request) -> None:
    """Raise ``InvalidRequest`` naming every parameter that the request's route does not declare."""
    route = request.scope.get("route")
    declared = route.dependant.query_params if isinstance(route, APIRoute) else []
    refuse_unknown(request, frozenset(field.alias for field in declared))


def refuse_unknown(request: Request, known: frozenset[str] = frozenset()) -> None:
    """Raise ``InvalidRequest`` naming every parameter that is none of these."""
    if not request.scope["query_string"]:
        return
    if unknown := sorted(request.query_params.keys() - known):
        faults = (Fault(pointer(name[:NAME_CHARS_MAX]), UNKNOWN) for name in unknown)
        raise InvalidRequest(tuple(faults))


def refuse_parameter(name: str, advice: str) -> NoReturn:
    """Name one parameter whose value cannot be used."""
    raise InvalidRequest((Fault(pointer(name), advice),))
