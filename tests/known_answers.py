"""Holds what is here against known answers of others: ``python -m tests.known_answers``.

The answers lie in a folder beside the repository, where there is one. Every file of it is either
checked or named with the reason why it says nothing about this product. Both codes are held against
them where there are two: the one that writes ledgers and the one file that verifies them.
"""

import hmac
import json
import struct
import sys
from base64 import b64decode, b64encode
from collections.abc import Callable, Iterator
from hashlib import sha256
from pathlib import Path
from typing import Any, NamedTuple

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from overrides import cosigning
from overrides import countermand_verify as verifier
from overrides.canonical import canonical, parse_strict
from overrides.cosigning import lines_of
from overrides.errors import NotCanonical, NoteInvalid, ProofInvalid
from overrides.merkle import (
    Frontier,
    frontier_at,
    inclusion_proof,
    leaf_hash,
    node_hash,
    verify_consistency,
    verify_inclusion,
)
from overrides.notes import Checkpoint, PublicKey, open_checkpoint, open_note
from overrides.stamps import Authority, StampInvalid, is_over, number_of
from tests.stored_trees import Stored
from tests.vectors import VECTORS, known

TESSERA_KEY = "example.com/log/testdata+33d7b496+AeHTu4Q3hEIMHNqc6fASMsq3rKNx280NI+oO5xCFkkSx"
ROOT = leaf_hash(b"root")
ON_PURPOSE = {  # legal documents that are refused here, and the word that the refusal must have
    "y_object_duplicated_key.json": "twice",
    "y_object_duplicated_key_and_value.json": "twice",
    "y_object_escaped_null_in_key.json": "U+0000",
    "y_string_null_escape.json": "U+0000",
    "y_number_double_close_to_zero.json": "40 characters",
    "y_number_negative_int_too_long.json": "40 characters",
}


class Check(NamedTuple):
    """Some files and what holds them, or why nothing does; ``run`` says how many answers agree."""

    what: str
    files: tuple[str, ...]  # patterns
    run: Callable[[], int] | None
    why_not: str = ""


def _agree(given: object, expected: object, what: str) -> None:
    """Say what differs."""
    if given != expected:
        msg = f"{what}: {given!r:.200} instead of {expected!r:.200}"
        raise AssertionError(msg)


def roots_and_hashes() -> int:
    """Roots of small trees, and hashes of leaves and nodes."""
    facts = known("merkle/rfc6962_known.json")
    tree, leaves = Frontier(), [bytes.fromhex(leaf) for leaf in facts["leaves"]]
    for size, expected in enumerate(facts["roots_by_size"]):
        _agree(tree.root().hex(), expected, f"root of {size}")
        peaks = verifier.peaks_of([verifier.leaf_hash(leaf) for leaf in leaves[:size]])
        _agree(verifier.root_of(peaks).hex(), expected, f"root of {size} in the verifier")
        if size < len(leaves):
            tree.append(leaf_hash(leaves[size]))
    for module in (leaf_hash, verifier.leaf_hash):
        _agree(module(b"L123456").hex(), facts["leaf_hash"]["L123456(utf8)"], "a leaf")
        _agree(module(b"").hex(), facts["leaf_hash"]["empty"], "an empty leaf")
    for join in (node_hash, verifier.node_hash):
        _agree(join(b"N123", b"N456").hex(), facts["node_hash"]["N123|N456"], "a node")
    return 2 * len(facts["roots_by_size"]) + 6


def proofs_and_forgeries() -> int:
    """Proofs that hold, and forgeries that do not."""
    probes = sorted((VECTORS / "merkle" / "testdata").rglob("*.json"))
    for probe in probes:
        case = json.loads(probe.read_text("utf-8"))
        path = [b64decode(node) for node in case["proof"] or []]
        # That one has roots of twelve bytes; a root is a hash, so it is refused here.
        good = not case["wantErr"] and "sizes-are-equal-one-and-proof-is-empty" not in probe.name
        if "leafIdx" in case:
            leaf, root = b64decode(case["leafHash"] or ""), b64decode(case["root"] or "")
            place = (case["leafIdx"], case["treeSize"])
            _agree(_holds(verify_inclusion, leaf, *place, path, root), good, probe.name)
            if len(leaf) == 32:
                found = _holds(_lead_to, root, leaf, *place, path)
                _agree(found, good, f"{probe.name} in the verifier")
        else:
            older, newer = b64decode(case["root1"] or ""), b64decode(case["root2"] or "")
            sizes = (case["size1"], case["size2"])
            _agree(_holds(verify_consistency, *sizes, older, newer, path), good, probe.name)
    return len(probes)


def _lead_to(root: bytes, leaf: bytes, index: int, size: int, path: list[bytes]) -> None:
    """The verifier's own check of an inclusion."""
    if verifier.root_of_inclusion(leaf, index, size, path) != root:
        raise ProofInvalid(finding="another root")


def _holds(check: Callable[..., None], *given: object) -> bool:
    """Whether a check accepts what is given."""
    try:
        check(*given)
    except (ProofInvalid, verifier.Wrong):
        return False
    return True


def all_paths_of_small_trees() -> int:
    """Every aligned range of up to 130 leaves is a tree: all roots and paths, in two digests."""
    facts = known("merkle/mtc_accumulated.json")
    leaves = [leaf_hash(bytes([n])) for n in range(130)]
    roots, paths, count = sha256(), sha256(), 0
    for stop in range(131):
        for start in range(stop + 1):
            size = stop - start
            if size and start % (1 << (size - 1).bit_length()):
                continue
            stored = Stored(leaves[start:stop])
            root = frontier_at(stored, size).root()
            roots.update(f"[{start}, {stop}) {root.hex()}\n".encode())
            for index in range(size):
                line = "".join(f" {node.hex()}" for node in inclusion_proof(stored, index, size))
                paths.update(f"{start + index} [{start}, {stop}){line}\n".encode())
                count += 1
    _agree(roots.hexdigest(), facts["subtree_hash"], "roots")
    _agree(paths.hexdigest(), facts["subtree_inclusion"], "paths")
    return count


def notes() -> int:
    """Notes that others signed, and mangled keys."""
    facts = known("note/notes.json")
    peter, enoch = (PublicKey.from_vkey(facts[f"{name}_vkey"]) for name in ("peter", "enoch"))
    _agree(open_note(facts["signed"], [peter]).text, facts["text"], "a note")
    both = open_note(facts["signed"] + facts["enoch_sig"], [peter, enoch])
    _agree(both.signed_by, ("PeterNeumann", "EnochRoot"), "who signed")
    opened = verifier.open_note(
        facts["signed"] + facts["enoch_sig"],
        [verifier.Key.read(facts["peter_vkey"]), verifier.Key.read(facts["enoch_vkey"])],
    )
    names = tuple(key.name for key in opened.signed_by)
    _agree(names, both.signed_by, "who signed, to the verifier")
    example = PublicKey.from_vkey(facts["c2sp_vkey"])
    _agree(open_note(facts["c2sp_note"], [example]).text, "This is an example message.\n", "C2SP")
    _agree(str(verifier.Key.read(facts["cosig_vkeys_ok"][0])), facts["cosig_vkeys_ok"][0], "a key")
    stamp = b64decode(facts["cosig_timestamp"]["b64"])[4:12]
    _agree(int.from_bytes(stamp, "big"), facts["cosig_timestamp"]["unix"], "a witness's time")
    bad = [*facts["bad_vkeys"], *manglings(facts["peter_vkey"])]
    for vkey in bad:
        for read in (PublicKey.from_vkey, verifier.Key.read):
            try:
                read(vkey)
            except (NoteInvalid, verifier.Wrong):
                continue
            msg = f"the mangled key {vkey} was accepted"
            raise AssertionError(msg)
    return 6 + len(bad)


def manglings(vkey: str) -> list[str]:
    """Every proper part of a key's line, and every line with one byte one higher."""
    parts = [vkey[i:j] for i in range(len(vkey)) for j in range(i, len(vkey) + 1)]
    higher = [vkey[:i] + chr(ord(vkey[i]) + 1) + vkey[i + 1 :] for i in range(len(vkey))]
    return [text for text in (*parts, *higher) if text != vkey]


def checkpoints() -> int:
    """Checkpoints that others read, with a hash for a root, and those that they refuse."""
    cases = known("note/checkpoint_cases.json")["cases"]
    for text, good in cases:
        lines = text.split("\n")
        if good:
            lines[2] = b64encode(ROOT).decode()
        for read in (Checkpoint.from_text, verifier.Checkpoint.read):
            try:
                read("\n".join(lines))
            except (NoteInvalid, verifier.Wrong):
                _agree(False, good, text)
            else:
                _agree(True, good, text)
    return len(cases)


def a_log_of_others() -> int:
    """A log that Tessera wrote: its checkpoints, bundles and tiles."""
    key = PublicKey.from_vkey(TESSERA_KEY)
    log = VECTORS / "tiles" / "testdata" / "log"
    for size in range(16):
        note = (log / f"checkpoint.{size}").read_text("utf-8")
        checkpoint = open_checkpoint(note, key.name, [key])
        opened = verifier.open_note(note, [verifier.Key.read(TESSERA_KEY)])
        _agree(verifier.Checkpoint.read(opened.text)[:2], (key.name, size), note)
        hashes: list[bytes] = []
        if size:
            bundle = (log / verifier.tile_name("entries", 0, size)).read_bytes()
            hashes = [verifier.leaf_hash(body) for body in verifier.unbundle(bundle, size)]
            tile = (log / verifier.tile_name("0", 0, size)).read_bytes()
            _agree(b"".join(hashes), tile, f"tile of {size}")
        root = verifier.root_of(verifier.peaks_of(hashes))
        _agree((checkpoint.size, checkpoint.root), (size, root), f"checkpoint of {size}")
    newest = open_checkpoint((log / "checkpoint").read_text("utf-8"), key.name, [key])
    _agree(newest.size, 15, "the newest checkpoint")
    return 17


def witnesses_of_others() -> int:
    """Checkpoints that Sunlight's witnesses signed with a time, and a mirror's tiles."""
    folder = VECTORS / "tiles" / "cmd" / "skylight" / "testdata"
    count = 0
    for about in sorted(folder.rglob("*.v0.json")):
        key = verifier.Key.read(json.loads(about.read_text("utf-8"))["verifier_keys"][0])
        for path in sorted(about.parent.glob("*/checkpoint")):
            if path.parent.name == "mirror":
                continue
            opened = verifier.open_note(path.read_text("utf-8"), [key])
            _agree([name for name, _ in opened.seen_by], [key.name], str(path))
            _agree(_is_what_we_sign(key, path.read_text("utf-8")), True, str(path))
            checkpoint = verifier.Checkpoint.read(opened.text)
            _agree(checkpoint.size, 300, str(path))
            tile = path.parent / verifier.tile_name("0", 0, 300)
            if tile.exists():
                data = tile.read_bytes() + (path.parent / "tile/0/001.p/44").read_bytes()
                hashes = [data[at : at + 32] for at in range(0, len(data), 32)]
                _agree(verifier.root_of(verifier.peaks_of(hashes)), checkpoint.root, str(tile))
                upper = (path.parent / "tile/1/000.p/1").read_bytes()
                _agree(verifier.fold(hashes[:256]), upper, "the tile above")
                count += 3
            count += 1
    return count


def _is_what_we_sign(key: verifier.Key, note: str) -> bool:
    """Whether a witness of others signed the very bytes that ours would have signed."""
    line = lines_of(note, [key])[key]
    told = b64decode(line.split(" ")[2])[4:]
    text = note.rpartition("\n\n")[0] + "\n"
    ours = cosigning._in_words(Checkpoint.from_text(text), int.from_bytes(told[:8], "big"))
    Ed25519PublicKey.from_public_bytes(key.public).verify(told[8:], ours)
    return True


def canonical_documents() -> int:
    """Documents as RFC 8785 writes them, where they are of the kind that is recorded here."""
    count = 0
    for source in sorted((VECTORS / "jcs" / "testdata" / "input").glob("*.json")):
        expected = (VECTORS / "jcs" / "testdata" / "output" / source.name).read_bytes().strip()
        digits = (VECTORS / "jcs" / "testdata" / "outhex" / source.name).with_suffix(".txt")
        _agree(bytes.fromhex(digits.read_text()), expected, f"{source.name} in hex")
        try:
            _agree(canonical(json.loads(source.read_bytes())), expected, source.name)
        except NotCanonical:
            continue  # it has floats or control characters, which are never recorded
        _agree(verifier._canonical(verifier.read_canonical(expected)), expected, source.name)
        count += 1
    _agree(count > 0, True, "documents of our kind")
    return count


def numbers() -> int:
    """No float is ever written, however it would be spelt."""
    cases = known("jcs/numbers.json")["numbers"]
    for bits, _ in cases:
        try:
            canonical(_float(bits))
        except NotCanonical:
            continue
        msg = f"the float {bits} was written"
        raise AssertionError(msg)
    return len(cases)


def _float(bits: str) -> float:
    """A float from its bits in hex."""
    return float(struct.unpack(">d", bytes.fromhex(bits))[0])


def documents_from_outside() -> int:
    """Illegal JSON is refused, legal JSON read as everybody reads it."""
    cases = sorted((VECTORS / "json" / "test_parsing").glob("*.json"))
    for case in cases:
        data = case.read_bytes()
        try:
            parsed = parse_strict(data, max_bytes=1_000_000)
        except NotCanonical as refusal:
            wanted = ON_PURPOSE.get(case.name, "?")
            refused = not case.name.startswith("y_") or wanted in str(refusal)
            _agree(refused, True, f"{case.name} ({refusal})")
        else:
            _agree(case.name.startswith("n_"), False, case.name)
            _agree(parsed, json.loads(data), case.name)
    return len(cases)


def signatures() -> int:
    """Ed25519, by the library and by arithmetic alone."""
    count = 0
    for group, case in _cases("ed25519"):
        public = bytes.fromhex(group["publicKey"]["pk"])
        message, signature = bytes.fromhex(case["msg"]), bytes.fromhex(case["sig"])
        good = case["result"] == "valid"
        plainly = verifier.ed25519_holds_plainly(public, signature, message)
        _agree(plainly, good, f"case {case['tcId']} by arithmetic")
        library = verifier._ed25519()(public, signature, message)
        _agree(library, good, f"case {case['tcId']} by the library")
        count += 1
    return count


def encryption() -> int:
    """AES-256-GCM with nonces of 12 bytes, as personal parts are sealed."""
    count = 0
    for group, case in _cases("aes_gcm"):
        if (group["keySize"], group["ivSize"], group["tagSize"]) != (256, 96, 128):
            continue
        key, nonce, aad, message, sealed, tag = (
            bytes.fromhex(case[name]) for name in ("key", "iv", "aad", "msg", "ct", "tag")
        )
        try:
            found: bytes | None = AESGCM(key).decrypt(nonce, sealed + tag, aad)
        except InvalidTag:
            found = None
        _agree(found, message if case["result"] == "valid" else None, f"case {case['tcId']}")
        count += 1
    return count


def keyed_hashes() -> int:
    """HMAC-SHA256, as commitments and lookups are made."""
    count = 0
    for group, case in _cases("hmac_sha256"):
        key, message, tag = (bytes.fromhex(case[name]) for name in ("key", "msg", "tag"))
        made = hmac.digest(key, message, "sha256")[: group["tagSize"] // 8]
        _agree(made == tag, case["result"] == "valid", f"case {case['tcId']}")
        count += 1
    return count


STAMPED = {  # what an authority's reply is, and the words that a refusal must have
    "identrust/issue-104.tsr": "",
    "sigstage/response-invalid-signature.tsr": "signature does not hold",
    "sigstage/response-no-embedded-cert.tsr": "",
    "sigstage/response-sha256.tsr": "",
    "sigstage/response-sha384.tsr": "",
    "sigstage/response-sha512.tsr": "",
    "sigstore.mock/response-expired.tsr": "",  # its certificate ended later than it stamped
    "test_tsa/other_response.tsr": "that you did not name",
    "test_tsa/response-injected-certs.tsr": "",
    "test_tsa/response.tsr": "",
}


def time_stamps() -> int:
    """Replies of authorities: good, forged, by others, with foreign certificates enclosed."""
    folder = VECTORS / "rfc3161" / "test" / "fixtures"
    replies = {str(p.relative_to(folder)): p for p in folder.rglob("*.tsr")}
    _agree(replies.keys(), STAMPED.keys(), "the replies")
    by = {}
    for name, path in replies.items():
        authority = Authority.read((path.parent / "ts_chain.pem").read_bytes())
        try:
            by[name] = authority.check(path.read_bytes()).by
            said = ""
        except StampInvalid as invalid:
            said = invalid.finding
        _agree(STAMPED[name] in said and bool(said) == bool(STAMPED[name]), True, f"{name}: {said}")
    _agree("Spoofed" in by["test_tsa/response-injected-certs.tsr"], False, "who stamped it")
    payload = (folder / "sigstore.mock" / "payload").read_bytes()
    expired = replies["sigstore.mock/response-expired.tsr"].read_bytes()
    _agree(is_over(expired, payload), True, "what it is over")
    _agree(is_over(expired, payload + b" "), False, "what it is not over")
    for name in ("sigstage/request.der", "test_tsa/request.der"):
        number = number_of((folder / name).read_bytes())
        answered = folder / name.replace("request.der", "response.tsr")
        if answered.exists():
            authority = Authority.read((answered.parent / "ts_chain.pem").read_bytes())
            _agree(
                authority.check(answered.read_bytes(), number).by, by["test_tsa/response.tsr"], name
            )
            _agree(_answers(authority, answered.read_bytes(), number + 1), False, "another request")
    return len(replies) + 6


def _answers(authority: Authority, reply: bytes, number: int) -> bool:
    """Whether a reply answers the request with this number."""
    try:
        authority.check(reply, number)
    except StampInvalid:
        return False
    return True


def _cases(name: str) -> Iterator[tuple[dict[str, Any], dict[str, str]]]:
    """Cases of a file of Wycheproof, each with its group."""
    for group in known(f"crypto/wycheproof_{name}_test.json")["testGroups"]:
        for case in group["tests"]:
            yield group, case


SKYLIGHT = "tiles/cmd/skylight/testdata"
CHECKS = (
    Check("roots and hashes (RFC 6962)", ("merkle/rfc6962_known.json",), roots_and_hashes),
    Check("proofs and forgeries", ("merkle/testdata/**/*.json",), proofs_and_forgeries),
    Check("every path of small trees", ("merkle/mtc_accumulated.json",), all_paths_of_small_trees),
    Check("signed notes and mangled keys", ("note/notes.json",), notes),
    Check("checkpoints, good and bad", ("note/checkpoint_cases.json",), checkpoints),
    Check(
        "a log of Tessera",
        ("tiles/testdata/log/checkpoint*", "tiles/testdata/log/tile/**/*"),
        a_log_of_others,
    ),
    Check(
        "witnesses and a mirror of Sunlight",
        (
            f"{SKYLIGHT}/**/*.v0.json",
            f"{SKYLIGHT}/witness*/0*/checkpoint",
            f"{SKYLIGHT}/witness2/8*/checkpoint",
            f"{SKYLIGHT}/witness/mirror/0*/checkpoint",
            f"{SKYLIGHT}/**/tile/[01]/**/*",
        ),
        witnesses_of_others,
    ),
    Check("canonical JSON (RFC 8785)", ("jcs/testdata/**/*",), canonical_documents),
    Check("floats, none of which is written", ("jcs/numbers.json",), numbers),
    Check("JSON from outside", ("json/test_parsing/*",), documents_from_outside),
    Check("Ed25519", ("crypto/wycheproof_ed25519_test.json",), signatures),
    Check("AES-256-GCM", ("crypto/wycheproof_aes_gcm_test.json",), encryption),
    Check("HMAC-SHA256", ("crypto/wycheproof_hmac_sha256_test.json",), keyed_hashes),
    Check("HKDF", ("crypto/wycheproof_hkdf_*",), None, "no key is derived from another here"),
    Check("time stamps (RFC 3161)", ("rfc3161/**/*",), time_stamps),
    Check("state of Tessera", ("tiles/testdata/log/.state/*",), None, "its own business"),
    Check(
        "decoys and empty bundles of Sunlight",
        (
            f"{SKYLIGHT}/witness/checkpoint",
            f"{SKYLIGHT}/witness/mirror/checkpoint",
            f"{SKYLIGHT}/**/tile/entries/**/*",
        ),
        None,
        "they stand for nothing",
    ),
    Check("README and sources", ("README.md", "SOURCES.txt"), None, "for people"),
)


def files_of(check: Check) -> set[Path]:
    """The files that a check is about."""
    found = (path for pattern in check.files for path in VECTORS.glob(pattern))
    return {path for path in found if path.is_file()}


def unaccounted() -> list[str]:
    """Files that no check is about."""
    every = {path for path in VECTORS.rglob("*") if path.is_file()}
    return sorted(
        str(path.relative_to(VECTORS)) for path in every.difference(*map(files_of, CHECKS))
    )


def say(text: str) -> None:
    """One line on standard output."""
    sys.stdout.write(text + "\n")


def main() -> int:
    """Hold everything against its answers; 1 when something differs."""
    if not VECTORS.is_dir():
        say("There is no folder of known answers beside the repository: nothing was checked.")
        return 0
    failed = 0
    for check in CHECKS:
        count = f"{len(files_of(check)):4} files"
        try:
            said = f"{check.run():6,} answers agree" if check.run else f"left out: {check.why_not}"
        except (AssertionError, NoteInvalid, NotCanonical, ProofInvalid, verifier.Wrong) as wrong:
            said, failed = f"WRONG: {wrong}", failed + 1
        say(f"{check.what:38} {count}  {said}")
    for path in unaccounted():
        failed += 1
        say(f"{path}: nothing is said of this file")
    say(f"{len(CHECKS) - failed} passed, {failed} failed")
    return int(bool(failed))


if __name__ == "__main__":
    sys.exit(main())
