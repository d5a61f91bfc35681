"""The registered models as pages show them: the list, and a model's card."""

from collections.abc import Iterator
from dataclasses import dataclass

from decision_service.access import Permission
from decision_service.loading import Loaded
from decision_service.people_gate import acting_person
from decision_service.publishers import Publishers
from decision_service.refusals import refusing
from decision_service.registry import InUse
from decision_service.services import Services
from decision_service.surprise_lines import surprise_table
from decision_service.watch_words import watch_table, watch_words
from explain.declared.bundle_schema import Kpi
from explain.declared.card import ROLE_WORDS, calibration_lines
from explain.declared.contract import Field
from overrides.values import Direction, Justification, SecondApprover
from ui.views import BundleLine, BundleView, Viewer

Table = tuple[tuple[str, ...], ...]
Block = tuple[str, str]  # kind ("h2", "p", "li", "pre", "cells") and text

STATUS_WORDS = {
    "champion": "Champion: advises where no other model is named",
    "registered": "Registered: advises where it is named",
    "suspended": "Stopped: its applications go to people, unscored",
}
ALTERED_WORDS = "Not used: its files are not the registered ones"
SIDES = {
    Direction.LOW: "Approve against the model",
    Direction.HIGH: "Decline against the model",
    Direction.EITHER: "Either",
}
SECONDS = {
    SecondApprover.NEVER: "no",
    SecondApprover.BY_THRESHOLD: "by amount and distance",
    SecondApprover.ALWAYS: "always",
}
BETTER = {"higher": "higher is better", "lower": "lower is better", "within": "within the range"}


@dataclass(frozen=True, slots=True)
class ModelPages:
    """Reads the registry for people."""

    services: Services

    def bundles(self, viewer: Viewer) -> tuple[BundleLine, ...]:
        """Registered models, the champion first."""
        acting_person(self.services, viewer, Permission.MODELS)
        with refusing():
            names = [standing.name for standing in self.services.registry.standings().all()]
            return tuple(_line(self.services.registry.in_use(name)) for name in names)

    def bundle(self, viewer: Viewer, name: str) -> BundleView:
        """A model's card; ``Refused`` when its files cannot be read."""
        acting_person(self.services, viewer, Permission.MODELS)
        with refusing():
            used = self.services.registry.in_use(name)
            loaded = self.services.registry.loaded(name)
            counted_over, surprises = surprise_table(self.services, loaded)
            watch = self.services.watches.known().held(loaded.bundle.name)
        return BundleView(
            line=_line(used),
            card=tuple(_card(loaded, self._signed(loaded))),
            versions=_versions(loaded),
            fields=_fields(loaded),
            concepts=_concepts(loaded),
            codes=_codes(loaded),
            kpis=_kpis(loaded.bundle.kpis),
            surprises=surprises,
            surprises_words=counted_over,
            watch=watch_table(watch),
            watch_words=watch_words(watch),
        )

    def _signed(self, loaded: Loaded) -> str:
        """Who signed a bundle, in a sentence."""
        bundle, publishers = loaded.bundle, Publishers(self.services.settings.publishers)
        return publishers.said(bundle.directory, bundle.sha256, bundle.signature)


def _line(used: InUse) -> BundleLine:
    """One model in the list."""
    loaded, status = used.loaded, used.standing.status
    return BundleLine(
        name=used.version.name,
        title=loaded.bundle.title if loaded else used.version.name,
        version=used.version.model.version,
        status=status,
        status_words=ALTERED_WORDS if used.problem else STATUS_WORDS[status],
        owner=loaded.bundle.owner.team if loaded else "",
        registered_at=used.version.registered_at,
    )


def _card(loaded: Loaded, signed: str) -> Iterator[Block]:
    """What the bundle says of itself, then what training measured."""
    bundle = loaded.bundle
    outcome, policy = bundle.outcome_spec, bundle.policy_spec
    yield "p", bundle.description
    yield "h2", "To keep in mind"
    yield "p", bundle.note
    yield "p", bundle.monitor_only_note
    yield "h2", "What its answer means"
    yield (
        "p",
        (
            "The score is the probability that the loan turns bad, so higher is worse. Of the "
            f"loans observed here, bad are those {outcome.bad_dpd} days past due within "
            f"{outcome.performance_window_months} months. What the model learned as bad is said "
            "above where it differs."
        ),
    )
    yield (
        "p",
        (
            f"Up to {policy.approve_up_to} the policy recommends approve, above "
            f"{policy.decline_above} decline; between them a person decides."
        ),
    )
    yield "p", f"Owner: {bundle.owner.team}, {bundle.owner.contact}. {signed}"
    yield from blocks("\n".join(calibration_lines(bundle)))
    if bundle.measured:
        yield "h2", "What was measured of its reasons"
        yield from (("li", f"{told}.") for told in bundle.measured)
    yield from blocks(bundle.card_text)


def blocks(markdown: str) -> Iterator[Block]:
    """Plain markdown as blocks: headings, paragraphs, list items, rows of tables and code.

    A row of a table is its cells with tabs between; the first of a table is its heading.
    """
    paragraph: list[str] = []
    code: list[str] | None = None
    for line in [*markdown.splitlines(), ""]:
        text = line.strip()
        if text.startswith("```"):
            if code is not None:
                yield "pre", "\n".join(code)
            code = [] if code is None else None
            continue
        if code is not None:
            code.append(line)
            continue
        if text and not text.startswith(("#", "- ", "* ", "|")):
            paragraph.append(text)
            continue
        if paragraph:
            yield "p", _plain(" ".join(paragraph))
            paragraph = []
        if text.startswith("|"):
            cells = [_plain(cell) for cell in text.strip("|").split("|")]
            if not all(set(cell) <= set(":-") for cell in cells):
                yield "cells", "\t".join(cells)
            continue
        if text:
            yield ("h2", _plain(text.lstrip("# "))) if text[0] == "#" else ("li", _plain(text[2:]))


def _plain(text: str) -> str:
    """Text without the marks for bold and code."""
    return text.replace("**", "").replace("`", "").strip()


def _versions(loaded: Loaded) -> tuple[tuple[str, str, str, str], ...]:
    """The three versions and the whole, each with its hash."""
    bundle = loaded.bundle
    parts = (("Model", bundle.model), ("Policy", bundle.policy), ("Codebook", bundle.codebook))
    return (
        *((part, ref.version, ref.date, ref.sha256) for part, ref in parts),
        ("Whole folder", "", "", bundle.sha256),
    )


def _fields(loaded: Loaded) -> Table:
    """The data contract."""
    heading = ("Field", "Meaning", "Holds", "Used", "Owner")
    rows = (
        (f.name, f.label, _holds(f), ROLE_WORDS[f.role], f.owner)
        for f in loaded.bundle.contract.fields
    )
    return (heading, *rows)


def _holds(field: Field) -> str:
    """What a field may hold."""
    if field.levels:
        return ", ".join(field.levels.values())
    if field.minimum is not None and field.maximum is not None:
        return f"{field.in_words(field.minimum)} to {field.in_words(field.maximum)}"
    return field.type


def _concepts(loaded: Loaded) -> Table:
    """What a reason can be about."""
    contract = loaded.bundle.contract
    heading = ("Concept", "About", "Fields", "Can the applicant change it", "Why it counts")
    rows = (
        (c.id, c.title, ", ".join(contract[name].label for name in c.features), c.actionable, c.why)
        for c in loaded.bundle.concepts
    )
    return (heading, *rows)


def _codes(loaded: Loaded) -> Table:
    """The justification codes."""
    heading = (
        "Code",
        "Justification",
        "Side",
        "Second person",
        "Evidence",
        "Note",
        "Again",
    )
    return (heading, *(_code(code) for code in loaded.rules.justifications))


def _code(code: Justification) -> tuple[str, ...]:
    """One justification code."""
    evidence = code.evidence if code.evidence_required else "not needed"
    note = f"{code.note_min_chars} characters" if code.note_min_chars else "free"
    again = f"within {code.review_days} days" if code.review_days else "not asked for"
    return (
        code.code,
        code.label,
        SIDES[code.direction],
        SECONDS[code.second_approver],
        evidence,
        note,
        again,
    )


def _kpis(kpis: tuple[Kpi, ...]) -> Table:
    """What the four owners agreed on before the model went live."""
    heading = ("Number", "Measured as", "Baseline", "Target", "Least gain", "Better", "Owner")
    rows = (
        (
            kpi.title,
            kpi.measure,
            f"{kpi.baseline} {kpi.unit}",
            f"{kpi.target} {kpi.unit}",
            kpi.minimum_improvement,
            BETTER[kpi.better],
            kpi.owner.replace("_", " "),
        )
        for kpi in kpis
    )
    return (heading, *rows)
