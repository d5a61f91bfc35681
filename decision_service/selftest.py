"""What an installed build is held against where it is installed: known answers, and its models.

The answers were worked out once by other means (the formulas of the field, RFC 6962, RFC 8032) and
are written down here, so a build that computes something else says so before anybody relies on it.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING

from overrides import merkle
from overrides.analysis.agreement import agreement
from overrides.canonical import canonical, parse_strict
from overrides.errors import LedgerAltered, NotCanonical, NoteInvalid, ProofInvalid
from overrides.notes import Checkpoint, Signer, open_checkpoint
from overrides.statistics import (
    observed_expected,
    shrunk_ratio,
    stability_index,
    tail_of,
    wilson,
)
from overrides.vault import Vault, commitment_of

if TYPE_CHECKING:
    from decision_service.registry import Registry

DIGITS = 4
ROOT_OF_SEVEN = "98c97f0ba3175cd08b031dd084b9dc4e649b64d1a28e6ea694646503173ab587"
COMMITMENT = "00a3c1bddf7ee447a105723213b1ed62c34bf44f06a7c7f6cf2fdcbf167e5bb3"
NOTE = (
    "selftest\n7\nmMl/C6MXXNCLAx3QhLncTmSbZNGijm6mlGRlAxc6tYc=\n\n— selftest moHgt7CeSZ1VCOQ5aJEA"
    "ogLc5RP0SoCHnvs1FnvWtvRC53LaP6nDaAne4uYI14yBOCgpF17FswQ7SmntwaSUc4RzaAY=\n"
)
CHANCES = (0.20, 0.25, 0.30, 0.22, 0.18, 0.35, 0.28, 0.24, 0.26, 0.21)
BAD = (False, False, True, False, False, True, False, False, True, False)
NOT_JSON = (b'{"a":1,"a":2}', b"[NaN]", b"[1e999]", b'["\\ud800"]', b'["\\u0000"]', b"[" * 40)


@dataclass(frozen=True, slots=True)
class Outcome:
    """One test: what was tried, and what was wrong; nothing when it is as it must be."""

    name: str
    problem: str = ""


def run_selftest(registry: "Registry | None" = None) -> Iterator[Outcome]:
    """Try everything, one after the other; the models of an installation last."""
    for name, test in TESTS.items():
        yield Outcome(name, _problem(test))
    if registry is None:
        return
    for standing in registry.standings(fresh=True).all():
        used = registry.in_use(standing.name)
        yield Outcome(f"model {standing.name}: files whole, contributions add up", used.problem)


def _problem(test: Callable[[], None]) -> str:
    """Why a test fails, in words."""
    try:
        test()
    except Exception as failed:  # noqa: BLE001 - whatever is broken is told, and the rest is tried
        return str(failed) or type(failed).__name__
    return ""


def _same(got: object, wanted: object) -> None:
    """Compare, saying both."""
    if got != wanted:
        msg = f"it gives {got!r} and must give {wanted!r}"
        raise ValueError(msg)


def _near(got: Sequence[float | None], wanted: Sequence[float]) -> None:
    """Compare numbers to the digits that were written down."""
    _same([None if g is None else round(g, DIGITS) for g in got], list(wanted))


def _refuses(kind: type[Exception], act: Callable[..., object], *given: object) -> None:
    """See that something is refused, and for that reason."""
    try:
        act(*given)
    except kind:
        return
    msg = "it accepts what it must refuse"
    raise ValueError(msg)


def _statistics() -> None:
    """Intervals, observed over expected, agreement, stability (golden numbers)."""
    _near(wilson(12, 200), (0.0347, 0.1019))
    _near(wilson(24, 800), (0.0202, 0.0443))
    found = observed_expected(BAD, CHANCES)
    _near((found.expected, found.ratio, found.z), (2.49, 1.2048, 0.3753))
    _near((tail_of(CHANCES, 3), 1 - tail_of(CHANCES, 4)), (0.4719, 0.7795))
    _near((shrunk_ratio(5, 4.5), shrunk_ratio(9, 5)), (1.0588, 1.4444))
    first, second = ([sign == "1" for sign in text] for text in ("1101001101", "1001011101"))
    both = agreement(first, second)
    _near((both.kappa, both.ac1, both.pabak) if both else (), (0.5833, 0.6154, 0.6))
    _near((stability_index((0.1, 0.2, 0.4, 0.2, 0.1), (0.08, 0.17, 0.35, 0.25, 0.15)),), (0.0474,))


def _tree() -> None:
    """Roots and proofs of the hash tree."""
    hashes = [merkle.leaf_hash(f"entry {number}".encode()) for number in range(7)]
    tree = merkle.Frontier()
    for leaf in hashes:
        tree.append(leaf)
    _same(tree.root().hex(), ROOT_OF_SEVEN)

    def nodes(runs: Sequence[merkle.Run]) -> list[list[bytes]]:
        assert {run.level for run in runs} <= {0}, "seven leaves have no stored subtrees"
        return [hashes[run.start : run.stop] for run in runs]

    for place, leaf in enumerate(hashes):
        path = merkle.inclusion_proof(nodes, place, 7)
        merkle.verify_inclusion(leaf, place, 7, path, tree.root())
        wrong = [bytes(32), *path[1:]]
        _refuses(ProofInvalid, merkle.verify_inclusion, leaf, place, 7, wrong, tree.root())


def _notes() -> None:
    """Signing a checkpoint, and refusing one that was changed."""
    signer = Signer("selftest", bytes(range(32)))
    note = signer.sign(Checkpoint("selftest", 7, bytes.fromhex(ROOT_OF_SEVEN)).text)
    _same(note, NOTE)
    _same(open_checkpoint(note, "selftest", [signer.key]).size, 7)
    changed = note.replace("\n7\n", "\n8\n")
    _refuses(NoteInvalid, open_checkpoint, changed, "selftest", [signer.key])


def _canonical_bytes() -> None:
    """One way to write a value down, and no second way to read one."""
    value = {"b": [1, "é\n", None, True], "a": {"z": "", "y": -5}}
    _same(canonical(value), '{"a":{"y":-5,"z":""},"b":[1,"é\\n",null,true]}'.encode())
    for text in NOT_JSON:
        _refuses(NotCanonical, partial(parse_strict, text, max_bytes=1_000))


def _encryption() -> None:
    """Personal parts open for their key, and not when a byte was changed."""
    _same(commitment_of(bytes(32), "event", "note", b"{}"), COMMITMENT)
    vault = Vault({1: bytes(range(32))}, bytes(32), bytes)
    key = vault.new_key("somebody")
    payload = {"text": "a note"}
    sealed = vault.seal(key, "event", "note", canonical(payload))
    _same(vault.open(key, "event", 0, sealed), payload)
    torn = replace(sealed, ciphertext=sealed.ciphertext[:-1] + b"\0")
    _refuses(LedgerAltered, vault.open, key, "event", 0, torn)


TESTS: dict[str, Callable[[], None]] = {
    "statistics": _statistics,
    "hash tree": _tree,
    "signed checkpoints": _notes,
    "canonical JSON": _canonical_bytes,
    "encryption": _encryption,
}
