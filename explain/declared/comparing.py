"""The one placeholder of a sentence that is no field: how the value compares."""

COMPARED = "compared"
LONGEST = 100_000  # applicants, for the longest sentence there can be


def uses(template: str) -> bool:
    """Whether a sentence asks for a comparison."""
    return f"{{{COMPARED}}}" in template


def sentence(tenths: int, count: int, who: str, than: str) -> str:
    """The comparison as a sentence of its own, with the blank before it."""
    some = f"For all {count:,}" if tenths >= 10 else f"For at least {tenths} in 10 of {count:,}"  # noqa: PLR2004
    return f" {some} {who} it is {than}."


def longest() -> str:
    """The sentence with the most words."""
    return sentence(9, LONGEST, "applicants of a fixed sample", "higher")
