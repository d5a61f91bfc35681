"""The pages before a promotion: what was validated, who signed, and what the desk would get."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from decision_service.access import Permission
from decision_service.acting import Acting
from decision_service.governance_words import acts_of, standing_words, validation_words
from decision_service.governing import Governing
from decision_service.people_gate import acting_person
from decision_service.refusals import refusing
from decision_service.routing_preview import RoutingPreviews
from decision_service.routing_words import lines_of, table_of
from decision_service.services import Services
from overrides.errors import NoAuthority
from overrides.governance_errors import GovernanceError
from overrides.signing_off import TITLES, Subject, decide_sign_off
from overrides.values import Actor
from overrides.version_record import OWNERS, Validation
from ui.governance_views import ActLine, FindingLine, OwnerLine, RoutingView, SignOffView
from ui.views import Viewer

ROUTE = "signoffs"
NOT_AN_OWNER = (
    "The model owner, risk, compliance and operations sign; your role does not. You may read all"
    " of it."
)


@dataclass(frozen=True, slots=True)
class GoverningPages:
    """Fills ``ui.governance_ports.Governance``."""

    services: Services

    def sign_offs(self, viewer: Viewer, name: str) -> SignOffView:
        """The newest version, and who has signed it."""
        actor = acting_person(self.services, viewer, Permission.MODELS)
        with refusing():
            return self._view(actor, name)

    def sign(self, viewer: Viewer, name: str, seen: str, note: str, key: str) -> str:
        """Sign for the viewer's own office; the same form sent twice signs once."""
        actor = acting_person(self.services, viewer, Permission.SIGN_OFF)
        with refusing():
            once = Acting(self.services).once(actor, ROUTE, key, [name, seen, note])
            receipt = Governing(self.services).sign_off(
                actor, name, actor.role, seen=seen or "-", note=note, once=once
            )
        place = f" Recorded: ledger entry {receipt.entries[0].seq:,}." if receipt.entries else ""
        return f"Signed for {TITLES[actor.role]}.{place}"

    def routing(self, viewer: Viewer, name: str) -> RoutingView:
        """What the newest version would have sent to people on past cases; looking is recorded."""
        actor = acting_person(self.services, viewer, Permission.MODELS)
        with refusing():
            found = RoutingPreviews(self.services).of(actor, name)
            title = self.services.registry.newest(name).title
        return RoutingView(
            name=name,
            title=title,
            version=found.version,
            in_force=found.in_force,
            lines=lines_of(found),
            table=table_of(found),
        )

    def _view(self, actor: Actor, name: str) -> SignOffView:
        """Everything on the page."""
        services = self.services
        of, now = services.registry.subject(name), services.clock()
        standing = services.registry.standings().standing(name)
        newest, found = services.registry.newest(name), of.record.validation
        acts = acts_of(of.record)
        names = services.people.names({act.by for act in acts})
        texts = self._texts(found)
        said = {one["id"]: one["text"] for one in texts.get("findings", ())}
        cannot = self._cannot(of, actor)
        return SignOffView(
            name=name,
            title=newest.title,
            version=standing.versions[-1].model.version,
            sha256=of.sha256,
            champion=standing.champion and standing.active == standing.versions[-1],
            ready=not of.record.lacking(now) or of.record.exception(now) is not None,
            standing=standing_words(of.record, now),
            owners=_owners(of, names),
            validation=validation_words(found) if found else "",
            validation_id=found.event_id if found else "",
            scope=texts.get("scope", ""),
            tests=tuple(
                (one["name"], one["result"], one["passed"] == "yes")
                for one in texts.get("tests", ())
            ),
            findings=tuple(
                FindingLine(id=f.id, severity=f.severity, open=f.open, text=said.get(f.id, ""))
                for f in (found.findings if found else ())
            ),
            conditions=tuple(texts.get("conditions", ())),
            acts=tuple(
                ActLine(what=act.what, who=names[act.by], at=act.at, seq=act.seq) for act in acts
            ),
            sign_for="" if cannot else actor.role.value,
            sign_for_words="" if cannot else TITLES[actor.role],
            cannot=cannot,
        )

    def _texts(self, found: Validation | None) -> Mapping[str, Any]:
        """The texts of a validation, where they can still be read."""
        if found is None:
            return {}
        opened = self.services.ledger.open_slots(found.event_id, ("record",)).get("record")
        return opened if isinstance(opened, Mapping) else {}

    def _cannot(self, of: Subject, actor: Actor) -> str:
        """Why the actor could not sign just now; "" where they could. Nothing is recorded."""
        seen = of.record.validation.event_id if of.record.validation else ""
        try:
            decide_sign_off(of, actor, actor.role, seen, self.services.clock(), lambda: "")
        except NoAuthority:
            return NOT_AN_OWNER
        except GovernanceError as refused:
            return str(refused)
        return ""


def _owners(of: Subject, names: Mapping[str, str]) -> tuple[OwnerLine, ...]:
    """The four owners, signed or not."""
    signed = {one.owner: one for one in of.record.signed}
    lines = []
    for owner in OWNERS:
        words, one = TITLES[owner].capitalize(), signed.get(owner)
        if one is None:
            lines.append(OwnerLine(words=words))
        else:
            lines.append(OwnerLine(words=words, signer=names[one.by], at=one.at, seq=one.seq))
    return tuple(lines)
