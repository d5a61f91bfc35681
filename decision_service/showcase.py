"""What the first page of a demo says: that nobody here is real, and who may be logged in as."""

import json

from decision_service.access import ROLE_WORDS
from decision_service.people import Person, PersonState
from decision_service.people_pages import Showcase
from decision_service.services import Services


def showcase_of(services: Services) -> Showcase | None:
    """The showcase of a demo; nothing where the ledger's first entry does not say it is one."""
    first = services.ledger.entry(0)
    opened = json.loads(first.body)["data"] if first else {}
    if not opened.get("demo"):
        return None
    from decision_service.demo.people import PASSWORD, SHOWN

    real = {person.name: person for person in services.people.everyone()}
    log_ins = tuple(
        (name, PASSWORD, _words(real[name]))
        for name in SHOWN
        if name in real and real[name].state is PersonState.ACTIVE
    )
    return Showcase(words=opened["demo_note"], log_ins=log_ins)


def _words(person: Person) -> str:
    """A role in words, with the branch where there is one."""
    words = ROLE_WORDS[person.role]
    return f"{words}, branch {person.branch}" if person.branch else words
