"""Makes a bundle champion: as older installations did, or validated and signed by everybody."""

import json
from argparse import Namespace
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any

from decision_service.access import HOST
from decision_service.commands.installation import installed
from decision_service.governing import Governing
from decision_service.registry import Registry
from decision_service.services import Services
from decision_service.standings import Standing
from overrides.values import Actor, Role
from overrides.version_record import OWNERS


def promote_unsigned(registry: Registry, name: str) -> Standing:
    """One entry and no more, like those that older ledgers have: they are valid for ever."""
    newest = registry.standings(fresh=True).standing(name).versions[-1]
    return registry._change("bundle_promoted", newest, HOST, "")


def person(name: str, role: Role) -> Actor:
    """Somebody who is known by this name alone."""
    return Actor(ref=f"01935018-b2f3-7abc-8def-{name.encode().hex():0>12.12}", name=name, role=role)


VALIDATOR = person("vera", Role.RISK)
SIGNERS: Mapping[Role, Actor] = {
    Role.MODEL_OWNER: person("noor", Role.MODEL_OWNER),
    Role.RISK: person("lena", Role.RISK),
    Role.COMPLIANCE: person("kofi", Role.COMPLIANCE),
    Role.OPERATIONS: person("otto", Role.OPERATIONS),
}


def record_of(services: Services, name: str, **members: Any) -> str:
    """A validation record of the newest version, with these members otherwise."""
    told = {
        "sha256": services.registry.subject(name).sha256,
        "scope": "The whole bundle.",
        "exposure": "small",
        "developers": ["mina"],
        "tests": [{"name": "promises", "result": "kept", "passed": "yes"}],
        "expires": (services.clock() + timedelta(days=300)).date().isoformat(),
    }
    return json.dumps(told | members)


def sign_all(services: Services, name: str) -> None:
    """The four owners sign on the newest validation record."""
    for owner in OWNERS:
        Governing(services).sign_off(SIGNERS[owner], name, owner)


def promote_in(data: Path, name: str) -> None:
    """The same in an installation that lies somewhere, as a command would find it."""
    with installed(Namespace(data=str(data))) as services:
        promote_unsigned(services.registry, name)
