"""Erasures and legal holds, the same for pages and for commands: found, checked, recorded.

What is asked for is named as the lender knows it (an application, a party) or by the case. Nothing
personal leaves this module in the open: a party is a keyed reference from here on.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime

from decision_service.errors import Fault, InvalidRequest
from decision_service.services import Services
from overrides.erasing import Due, Request, Scope, Standing, Target, pairs_root
from overrides.erasure_desk import ErasureDesk, due_parts
from overrides.erasure_errors import GroundUnknown, NothingToErase, ScheduleInvalid, UnknownErasure
from overrides.errors import UnknownCase
from overrides.event_kinds import SCORE_ONLY
from overrides.instants import EARLIEST
from overrides.journal import Decided, OnceOnly, Receipt, State
from overrides.reading import application_key
from overrides.record_classes import APPLICANT_CLASSES
from overrides.retention import DEFAULT_SCHEDULE, Schedule, read_schedule
from overrides.values import Actor

ROUTE = "erasures"
YEARS_END = 9_000  # beyond it months cannot be counted


@dataclass(frozen=True, slots=True, kw_only=True)
class Named:
    """What somebody names: an application or a case, a party, or both; all classes unless some.

    With a case and a party it is that party's part of the case alone.
    """

    application: str = ""
    bundle: str = ""
    case: str = ""
    party: str = ""
    classes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ErasureActs:
    """Everything that may be done about erasures. Each method raises errors of the domain."""

    services: Services

    @property
    def desk(self) -> ErasureDesk:
        """What decides about them."""
        services = self.services
        return ErasureDesk(
            erasures=services.erasures,
            schedule=self.schedule,
            new_id=services.new_id,
            epoch=lambda: services.vault.epoch,
        )

    def schedule(self) -> Schedule:
        """The retention schedule in force: the installation's own, or the default."""
        path = self.services.settings.retention
        try:
            return read_schedule(path.read_bytes()) if path.exists() else DEFAULT_SCHEDULE
        except OSError as unreadable:
            cause = (unreadable.strerror or "it cannot be read").lower()
            raise ScheduleInvalid(problem=f"{path.name}: {cause}") from None

    def target(self, named: Named) -> Target:
        """What is meant; raises ``UnknownCase``, ``GroundUnknown`` or ``InvalidRequest``."""
        classes = named.classes or tuple(APPLICANT_CLASSES)
        if unknown := set(classes) - set(APPLICANT_CLASSES):
            raise GroundUnknown(", ".join(APPLICANT_CLASSES)) from KeyError(*unknown)
        case = self._case(named)
        subject = self.subject(named.party) if named.party else ""
        if not (case or subject):
            fault = Fault("/case", "Name a case, an application or a party.")
            raise InvalidRequest((fault,))
        scope = Scope.CASE if case else Scope.PARTY
        ordered = tuple(c for c in APPLICANT_CLASSES if c in classes)
        return Target(scope=scope, classes=ordered, subject=subject, case=case)

    def subject(self, party: str) -> str:
        """Reference of a party in the ledger."""
        return self.services.decisions.preparer.subject(party)

    def due(self, as_of: datetime) -> list[Due]:
        """What the schedule says is due: the list to look at before anything is asked for.

        Raises ``InvalidRequest`` for a time that no record can be due at.
        """
        _check_countable(as_of)
        with self.services.erasures.now() as known:
            return known.due(self.schedule(), as_of)

    def ask(
        self, actor: Actor, target: Target, ground: str, note: str, *, key: str | None = None
    ) -> Request:
        """Ask that something be erased; the request as it then stands."""
        return self._done(
            lambda state: self.desk.ask(state, actor, target, ground, note),
            self._once(actor, key, ("ask", repr(target), ground, note)),
        )

    def ask_due(
        self, actor: Actor, as_of: datetime, note: str, *, key: str | None = None
    ) -> Request:
        """Ask that everything the schedule says is due be erased at once."""
        _check_countable(as_of)
        classes = tuple(APPLICANT_CLASSES)
        target = Target(scope=Scope.SCHEDULE, classes=classes, as_of=as_of)
        return self.ask(actor, target, "", note, key=key)

    def approve(
        self, actor: Actor, request_id: str, seen_root: str, note: str, *, key: str | None = None
    ) -> Request:
        """Approve a request and erase what it names."""
        return self._done(
            lambda state: self.desk.approve(state, actor, request_id, seen_root, note),
            self._once(actor, key, ("approve", request_id, seen_root, note)),
        )

    def refuse(
        self, actor: Actor, request_id: str, note: str, *, key: str | None = None
    ) -> Request:
        """Say no to a request, or take one's own back."""
        return self._done(
            lambda state: self.desk.refuse(state, actor, request_id, note),
            self._once(actor, key, ("refuse", request_id, note)),
        )

    def hold(
        self, actor: Actor, target: Target, ground: str, note: str, *, key: str | None = None
    ) -> str:
        """Set a legal hold; its id."""
        receipt = self._record(
            lambda state: self.desk.hold(state, actor, target, ground, note),
            self._once(actor, key, ("hold", repr(target), ground, note)),
        )
        return str(receipt.answer["hold"])

    def lift(
        self, actor: Actor, hold_id: str, ground: str, note: str, *, key: str | None = None
    ) -> None:
        """Lift a legal hold."""
        self._record(
            lambda state: self.desk.lift(state, actor, hold_id, ground, note),
            self._once(actor, key, ("lift", hold_id, ground, note)),
        )

    def request(self, request_id: str) -> Request:
        """One request; raises ``UnknownErasure``."""
        with self.services.erasures.now() as known:
            found = known.request(request_id)
        if found is None:
            raise UnknownErasure(request_id[:64])
        return found

    def listed(self, found: Request, limit: int) -> tuple[list[tuple[int, str, str]], str]:
        """The first parts of a request with place and kind, and the root over all of them now."""
        erasures, ledger = self.services.erasures, self.services.ledger
        if found.standing is Standing.ERASED:
            return erasures.entries_of(found.erased_event, limit=limit), found.root
        target = found.target
        with erasures.now() as known:
            if target.scope is Scope.SCHEDULE and target.as_of is not None:
                parts = due_parts(known.due(self.schedule(), target.as_of))
            else:
                parts = known.parts(target)
        kinds = {part.seq: ledger.entry(part.seq) for part in parts[:limit]}
        listed = [
            (part.seq, entry.type, part.slot)
            for part in parts[:limit]
            if (entry := kinds[part.seq]) is not None
        ]
        return listed, pairs_root(part.pair for part in parts)

    def _case(self, named: Named) -> str:
        """The case that is named, if one is."""
        if named.case:
            if self.services.cases.case(named.case) is None and not self._scored(named.case):
                raise UnknownCase(named.case[:64])
            return named.case
        if not named.application:
            return ""
        known = self.services.registry.standings().all()
        bundles = [named.bundle] if named.bundle else [standing.name for standing in known]
        lookup = self.services.vault.lookup_hash
        keys = [application_key(lookup, bundle, named.application) for bundle in bundles]
        rows = self.services.cases.applications(keys)
        if not rows:
            raise NothingToErase
        if len(rows) > 1:
            names = ", ".join(sorted(row.bundle for row in rows))
            fault = Fault("/bundle", f"There is one of this number in each of {names}: choose one.")
            raise InvalidRequest((fault,))
        return rows[0].case_ref

    def _scored(self, reference: str) -> bool:
        """Whether this is the reference of rows that were scored, and are of no case."""
        entries = self.services.ledger.entries_of_case(reference)
        return any(entry.type == SCORE_ONLY for entry in entries)

    def _done(self, command: Callable[[State], Decided], once: OnceOnly | None) -> Request:
        """Record something about a request, and give the request."""
        return self.request(str(self._record(command, once).answer["request"]))

    def _once(self, actor: Actor, key: str | None, content: Iterable[str]) -> OnceOnly | None:
        """Identity of a request that may be sent twice; the fingerprint is keyed."""
        if key is None:
            return None
        lookup = self.services.vault.lookup_hash
        return OnceOnly(actor.ref, ROUTE, key, lookup("idempotency", "\0".join(content)))

    def _record(self, command: Callable[[State], Decided], once: OnceOnly | None) -> Receipt:
        """Write it down and wait until it is on disk."""
        return self.services.journal.submit(command, once=once).result()


def _check_countable(as_of: datetime) -> None:
    """Refuse a time from which months cannot be counted."""
    if not EARLIEST.year <= as_of.year < YEARS_END:
        fault = Fault("/as_of", f"Give a time from {EARLIEST.year} to {YEARS_END - 1}.")
        raise InvalidRequest((fault,))
