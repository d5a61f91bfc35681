"""Validating, signing off and excepting a version of a model: what people do on pages and commands.

Each act is decided in the transaction that records it, on the newest version of the bundle. Who
signs on a page names the version and the validation record that the page showed.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from decision_service.access import HOST
from decision_service.services import Services
from decision_service.standings import Version, standing_entry
from decision_service.validation_files import read_validation
from overrides.governance_errors import OtherVersion
from overrides.journal import Decided, Draft, OnceOnly, Receipt, State
from overrides.signing_off import (
    Subject,
    decide_exception,
    decide_sign_off,
    decide_validation,
    decide_vote,
)
from overrides.values import Actor, Role
from overrides.version_record import Purpose

PURPOSES = {
    "none": Purpose.ADVICE,
    "approve": Purpose.APPROVALS,
    "both": Purpose.DECISIONS,
}
LAPSED = "The exception that it was champion by has run out, and it is not signed off."

Decide = Callable[[Subject, State], Draft]


@dataclass(frozen=True, slots=True)
class Governing:
    """Records what people say of a version."""

    services: Services

    def validate(self, actor: Actor, name: str, text: str) -> Receipt:
        """Record a validation from the text of its file.

        Raises ``InvalidRequest`` naming the member at fault, ``UnknownPerson`` for a developer who
        is nobody here, ``OtherVersion``, and what ``decide_validation`` raises.
        """
        services = self.services
        sha256, given = read_validation(text, lambda known: services.people.named(known).ref)
        newest = services.registry.newest(name)
        purpose = PURPOSES[newest.policy_spec.automation]

        def decide(of: Subject, state: State) -> Draft:
            if of.sha256 != sha256 or of.sha256 != newest.sha256:  # one came between
                raise OtherVersion(name, of.sha256)
            return decide_validation(of, actor, given, purpose, state.now, services.new_id)

        return self._record(name, decide)

    def sign_off(
        self,
        actor: Actor,
        name: str,
        owner: Role,
        *,
        seen: str = "",
        note: str = "",
        once: OnceOnly | None = None,
    ) -> Receipt:
        """Sign for one owner on the validation record ``seen``, the newest where none is named."""
        known = self.services.registry.subject(name).record.validation
        read = seen or (known.event_id if known else "")
        new_id = self.services.new_id

        def decide(of: Subject, state: State) -> Draft:
            return decide_sign_off(of, actor, owner, read, state.now, new_id, note)

        return self._record(name, decide, once)

    def ask_exception(
        self, actor: Actor, name: str, hours: int, until: datetime, note: str
    ) -> Receipt:
        """Ask the owners that the newest version may decide for a while as it is."""
        new_id = self.services.new_id

        def decide(of: Subject, state: State) -> Draft:
            return decide_exception(of, actor, hours, until, state.now, new_id, note)

        return self._record(name, decide)

    def vote(self, actor: Actor, name: str, *, agrees: bool, note: str = "") -> Receipt:
        """Vote on the exception that is asked for."""
        new_id = self.services.new_id

        def decide(of: Subject, state: State) -> Draft:
            return decide_vote(of, actor, state.now, new_id, agrees=agrees, note=note)

        return self._record(name, decide)

    def _record(self, name: str, decide: Decide, once: OnceOnly | None = None) -> Receipt:
        """Decide on the newest version as the transaction sees it, and record that."""
        registry = self.services.registry

        def command(state: State) -> Decided:
            return Decided((decide(registry.subject(name, state), state),))

        return self.services.journal.submit(command, once=once).result()


def suspend_lapsed(services: Services) -> None:
    """Stop the champion whose exception ran out while something is still lacking."""
    registry = services.registry
    champion = registry.standings(fresh=True).champion

    def lapsed(state: State) -> Version | None:
        standing = registry.standings_in(state).standing(champion)
        stopped = standing.suspended or not standing.champion
        if stopped or not registry.record(standing.active, state).lapsed(state.now):
            return None
        return standing.active

    def command(state: State) -> Decided:
        version = lapsed(state)
        if version is None:
            return Decided(())
        entry = standing_entry(services.new_id(), "bundle_suspended", version, HOST, LAPSED)
        return Decided((entry,))

    if champion and registry.record(registry.standings().standing(champion).active).lapsed(
        services.clock()
    ):
        services.journal.submit(command).result()
