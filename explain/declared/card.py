"""The model card: what a bundle says of itself, on one page a person can read."""

from ..values import SCALE_WORDS
from .bundle_contents import BundleContents
from .bundle_schema import POPULATIONS
from .contract import Field

ROLE_WORDS = {
    "feature": "scored",
    "context": "shown, not scored",
    "monitor_only": "monitoring only: never scored, never shown to officers",
}


def card_of(bundle: BundleContents) -> str:
    """The card as markdown; the part that training measured comes last, word for word."""
    policy = bundle.policy_spec
    outcome = bundle.outcome_spec
    meaning = (
        "The score is the probability that the loan turns bad (higher is worse): "
        f"{outcome.bad_dpd} days past due within {outcome.performance_window_months} months. "
        f"Up to {policy.approve_up_to} the policy recommends approve, above "
        f"{policy.decline_above} decline, between them a person is asked without a "
        f"recommendation. Reasons are computed by `{bundle.method}` on the "
        f"{SCALE_WORDS[bundle.scale]}{_measured_from(bundle)}."
    )
    lines = [
        f"# {bundle.title}",
        "",
        bundle.description,
        "",
        f"**To keep in mind.** {bundle.note}",
        "",
        f"Owner: {bundle.owner.team} ({bundle.owner.contact})",
        "",
        "| part | version | date | sha256 |",
        "|---|---|---|---|",
    ]
    for part, ref in (
        ("model", bundle.model),
        ("policy", bundle.policy),
        ("codebook", bundle.codebook),
    ):
        lines.append(f"| {part} | {ref.version} | {ref.date} | `{ref.sha256[:16]}` |")
    lines += [
        "",
        "## What its answer means",
        "",
        meaning,
        "",
        "## What it is given",
        "",
        bundle.monitor_only_note,
        "",
        "| field | meaning | holds | used |",
        "|---|---|---|---|",
    ]
    lines += [_field_line(field) for field in bundle.contract.fields]
    lines += [
        "",
        "## What success was agreed to be",
        "",
        "| number | measured as | baseline | target | least gain | owner |",
        "|---|---|---|---|---|---|",
    ]
    lines += [
        f"| {k.title} | {k.measure} | {k.baseline} {k.unit} | {k.target} {k.unit} "
        f"| {k.minimum_improvement} | {k.owner.replace('_', ' ')} |"
        for k in bundle.kpis
    ]
    lines += [*calibration_lines(bundle), *_measured_lines(bundle)]
    return "\n".join([*lines, "", bundle.card_text.strip(), ""])


def calibration_lines(bundle: BundleContents) -> list[str]:
    """How scores were borne out, band by band, as markdown; nothing where no sample is given."""
    if not bundle.calibrated:
        return []
    told = (
        f"{sum(band.loans for band in bundle.calibrated)} loans whose outcome is known: "
        f"{bundle.calibration_population}. A score is told as so many of 100 only in a band in "
        "which the share of bad loans that was expected lies within the 95 % interval of the "
        "share that was observed, and that interval is at most 20 of 100 wide."
    )
    rows = [
        f"| {_percent(band.low)} to {_percent(band.high)} | {band.loans} "
        f"| {_percent(band.expected)} | {_percent(band.observed)} "
        f"| {_percent(band.interval[0])} to {_percent(band.interval[1])} "
        f"| {'yes' if band.holds else 'no'} |"
        for band in bundle.calibrated
    ]
    return [
        "",
        "## Where its answer may be told as a count",
        "",
        told,
        "",
        "| score | loans | expected bad | observed bad | 95 % interval | told as a count |",
        "|---|---|---|---|---|---|",
        *rows,
    ]


def _percent(share: float) -> str:
    """A share with one decimal."""
    return f"{share * 100:.1f} %"


def _measured_lines(bundle: BundleContents) -> list[str]:
    """What was measured of the reasons, as markdown; nothing where nothing was."""
    told = [f"- {measured}" for measured in bundle.measured]
    return ["", "## What was measured of its reasons", "", *told] if told else []


def _measured_from(bundle: BundleContents) -> str:
    """Whom contributions are measured from, where the bundle says."""
    population = bundle.background_population
    if population is None or bundle.background_sha256 is None:
        return ""
    return f", measured from {POPULATIONS[population]}"


def _field_line(field: Field) -> str:
    """One line of the table of fields."""
    if field.levels:
        holds = ", ".join(field.levels.values())
    elif field.minimum is not None and field.maximum is not None:
        holds = f"{field.in_words(field.minimum)} to {field.in_words(field.maximum)}"
    else:
        holds = field.type
    return f"| `{field.name}` | {field.label} | {holds} | {ROLE_WORDS[field.role]} |"
