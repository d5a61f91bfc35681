"""The demo's champion is validated and signed like any other: by invented people, marked simulated.

The record says what is true of the sample models and no more.
"""

import json
from collections.abc import Mapping
from datetime import timedelta
from typing import TYPE_CHECKING

from decision_service.governing import Governing
from overrides.values import Actor
from overrides.version_record import OWNERS

if TYPE_CHECKING:
    from decision_service.services import Services

VALIDATOR = "petra"
DEVELOPER = "mina"
SIGNERS = ("noor", "lena", "kofi", "otto")  # in the order of the owners
VALID_DAYS = 1000
NOTE = "Simulated: part of the demo's history."


def let_out(services: "Services", name: str, actors: Mapping[str, Actor]) -> None:
    """Validate and sign the newest version of a bundle, as its history begins."""
    governing = Governing(services)
    record = {
        "sha256": services.registry.subject(name).sha256,
        "scope": "Simulated: files, sums and wording as 'bundle check' holds them; use as advice.",
        "exposure": "small",
        "developers": [DEVELOPER],
        "tests": [
            {
                "name": "promises of the bundle",
                "result": "Registered, so every promise was proven on this machine.",
                "passed": "yes",
            }
        ],
        "findings": [
            {
                "id": "F1",
                "severity": "low",
                "text": "Trained on 500 applications of the 1970s: for showing, not for lending.",
                "status": "open",
            }
        ],
        "conditions": ["Used in the demo alone."],
        "expires": (services.clock() + timedelta(days=VALID_DAYS)).date().isoformat(),
    }
    governing.validate(actors[VALIDATOR], name, json.dumps(record))
    for owner, person in zip(OWNERS, SIGNERS, strict=True):
        governing.sign_off(actors[person], name, owner, note=NOTE)
