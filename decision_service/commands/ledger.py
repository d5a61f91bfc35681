"""``countermand ledger``: reading, proving, signing, exporting and checking the record.

``verify`` loads neither models nor the database layer, so that an auditor's machine needs neither.
"""

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from decision_service.commands.grammar import (
    YES,
    CommandRefused,
    Verbs,
    print_json,
    refuse,
    whole,
)
from decision_service.commands.installation import existing, installed, signed

if TYPE_CHECKING:
    from decision_service.services import Services
    from decision_service.settings import Settings
    from overrides.examination import Trust
    from overrides.findings import Findings
    from overrides.journal import Entry, Event
    from overrides.notes import PublicKey
    from overrides.vault import Vault

VERIFY_USAGE = 64
SIGNATURE_FOLLOWS = "\n\n\N{EM DASH} "  # as in every signed note (C2SP signed-note)
SEQ_MAX = 2**53
NOTES_BYTES_MAX = 1 << 20


def declare(verbs: Verbs) -> None:
    """Add the noun and its verbs."""
    ledger = verbs.noun("ledger", "the append-only record, its proofs and signatures")
    parser = ledger.verb("verify", verify, reads=True, usage_status=VERIFY_USAGE)
    parser.add_argument(
        "export", metavar="EXPORT", type=Path, nargs="?", help="folder of an export to check"
    )
    parser.add_argument(
        "--against",
        metavar="CHECKPOINT_FILE",
        type=Path,
        help="signed checkpoint that you kept from an earlier visit",
    )
    parser.add_argument(
        "--key", metavar="FILE", type=Path, help="public key to trust, got from somewhere else"
    )
    parser = ledger.verb("export", export)
    parser.add_argument("directory", metavar="DIR", type=Path, help="new or empty folder")
    parser.add_argument(
        "--disclose",
        metavar="SLOT",
        action="append",
        default=[],
        help="open this personal part of every entry, such as note; may be repeated",
    )
    ledger.verb("checkpoint", checkpoint, reads=True)
    for run in (show, proof):
        parser = ledger.verb(run.__name__, run, reads=True)
        parser.add_argument(
            "seq", metavar="SEQ", type=whole(0, SEQ_MAX), help="number of the entry, from 0"
        )
    ledger.verb("rebuild", rebuild)


def verify(args: argparse.Namespace) -> int:
    """Read every entry back and check it: hashes, order, signatures, personal parts.

    Exit status: 0 clean, 1 altered, 2 incomplete, 3 stale, 64 wrong usage.
    """
    from overrides.errors import LedgerUnavailable, NoteInvalid
    from overrides.findings import Verdict

    try:
        findings = _export_findings(args) if args.export else _own_findings(args)
    except CommandRefused as refused:
        refuse(str(refused), VERIFY_USAGE)
    except NoteInvalid as unreadable:
        refuse(str(unreadable), VERIFY_USAGE)
    except LedgerUnavailable as missing:
        refuse(missing.cause, Verdict.INCOMPLETE)
    if args.json:
        print_json(_as_json(findings))
    else:
        print("\n".join(findings.sentences()))
    return findings.verdict


def export(args: argparse.Namespace) -> int:
    """Write the ledger into a folder that anyone can verify offline."""
    from overrides.export import export as write

    slots = frozenset(args.disclose)

    def disclose(event: "Event") -> list[str]:
        """The parts of an entry that were asked for."""
        return sorted(slots & event.commit.keys())

    with installed(args) as services:
        try:
            manifest = write(
                services.ledger, args.directory, services.signer, services.clock, disclose=disclose
            )
        except FileExistsError as occupied:
            refuse(f"{occupied}: name a new one")
    print(f"{manifest.size} entries of {manifest.origin} are in {args.directory}.")
    print(f"Check them: countermand ledger verify {args.directory}")
    return YES


def checkpoint(args: argparse.Namespace) -> int:
    """Sign where the ledger stands, and print the signed note to keep elsewhere."""
    with installed(args) as services:
        made = signed(services)
    if made is None:
        refuse("the ledger is empty: there is nothing to sign")
    if args.json:
        at = made.signed_at.isoformat()
        print_json({"log": made.log, "size": made.size, "signed_at": at, "note": made.note})
    else:
        sys.stdout.write(made.note)
    return YES


def show(args: argparse.Namespace) -> int:
    """Show one entry as it is recorded."""
    import json
    from base64 import b64encode

    from overrides.instants import instant_text

    with installed(args) as services:
        entry = _entry(services, args.seq)
    body = json.loads(entry.body)
    if args.json:
        exact = b64encode(entry.body).decode()
        place = {"log": entry.log, "seq": entry.seq, "leaf_hash": entry.leaf_hash.hex()}
        print_json({**place, "body": body, "entry": exact})
        return YES
    print(f"entry      {entry.seq} of {entry.log}")
    print(f"recorded   {instant_text(entry.recorded_at)}")
    print(f"kind       {entry.type}")
    print(f"leaf hash  {entry.leaf_hash.hex()}")
    print(json.dumps(body, ensure_ascii=False, indent=2))
    return YES


def proof(args: argparse.Namespace) -> int:
    """Prove that an entry is under a signed checkpoint, in the C2SP tlog-proof format."""
    from base64 import b64encode

    with installed(args) as services:
        entry = _entry(services, args.seq)
        kept = services.ledger.latest_checkpoint()
        if kept is None or kept.size <= args.seq:
            kept = signed(services)
        if kept is None:
            refuse("no checkpoint could be signed over this entry")
        path = services.ledger.inclusion(args.seq, kept.size)
    hashes = [b64encode(sibling).decode() for sibling in path]
    if args.json:
        place = {"log": entry.log, "seq": entry.seq, "size": kept.size}
        leaf = entry.leaf_hash.hex()
        print_json({**place, "leaf_hash": leaf, "hashes": hashes, "checkpoint": kept.note})
    else:
        lines = ["c2sp.org/tlog-proof@v1", f"index {entry.seq}", *hashes, "", kept.note]
        sys.stdout.write("\n".join(lines))
    return YES


def rebuild(args: argparse.Namespace) -> int:
    """Drop the queue, the cases and every number, and fill them again from the ledger."""
    with installed(args) as services:
        entries = services.rebuild()
    print(f"Queue, cases, people and numbers were filled again from {entries} entries.")
    return YES


def _own_findings(args: argparse.Namespace) -> "Findings":
    """What a check of this installation's own ledger finds."""
    from overrides.keyfiles import open_public, open_vault
    from overrides.verify import PINNED, SAME_HOST, verify_database

    settings = existing(args)
    key = _given_key(args)
    keys, keys_from = ([key], PINNED) if key else ([open_public(settings.keys)], SAME_HOST)
    # Nothing is sealed here, so no random bytes are drawn.
    vault = open_vault(settings.keys, random_bytes=bytes)
    trust = _trust(args, keys, keys_from, vault)
    path = _database_file(settings)
    if path is None:
        with installed(args) as services:
            return services.verify(trust)
    return verify_database(path, trust, log=open_public(settings.keys).name)


def _export_findings(args: argparse.Namespace) -> "Findings":
    """What a check of an export finds."""
    from overrides.verify import PINNED, verify_export

    if not args.export.is_dir():
        refuse(f"{args.export}: there is no such folder", VERIFY_USAGE)
    key = _given_key(args)
    return verify_export(args.export, _trust(args, [key] if key else [], PINNED))


def _trust(
    args: argparse.Namespace,
    keys: "list[PublicKey]",
    keys_from: str,
    vault: "Vault | None" = None,
) -> "Trust":
    """What the check may rely on."""
    from datetime import UTC, datetime

    from overrides.examination import Trust

    return Trust(
        keys=keys,
        keys_from=keys_from,
        remembered=(_signed_note(args.against),) if args.against else (),
        vault=vault,
        now=None if args.export else datetime.now(UTC),
    )


def _given_key(args: argparse.Namespace) -> "PublicKey | None":
    """The public key to trust, if one was given."""
    from overrides.notes import PublicKey

    return PublicKey.from_vkey(_text_of(args.key).strip()) if args.key else None


def _signed_note(path: Path) -> str:
    """A checkpoint kept from an earlier visit."""
    text = _text_of(path)
    if SIGNATURE_FOLLOWS not in text:
        refuse(f"{path}: this is no signed checkpoint", VERIFY_USAGE)
    return text


def _text_of(path: Path) -> str:
    """A small text file from the command line."""
    try:
        with path.open("rb") as file:
            return file.read(NOTES_BYTES_MAX).decode()
    except OSError as unreadable:
        reason = (unreadable.strerror or "it cannot be read").lower()
        refuse(f"{path}: {reason}", VERIFY_USAGE)
    except UnicodeDecodeError:
        refuse(f"{path}: this is no text", VERIFY_USAGE)


def _database_file(settings: "Settings") -> Path | None:
    """The file of the embedded database; None when there is a database server."""
    scheme, _, path = settings.url.partition(":///")
    return Path(path) if scheme.startswith("sqlite") else None


def _entry(services: "Services", seq: int) -> "Entry":
    """One entry, or which ones there are."""
    entry = services.ledger.entry(seq)
    if entry is None:
        size = services.ledger.head().size
        refuse(f"there is no entry {seq}: the ledger has {size}, numbered from 0")
    return entry


def _as_json(findings: "Findings") -> dict[str, object]:
    """A verification as JSON."""
    return {
        "verdict": findings.verdict.name.lower(),
        "status": int(findings.verdict),
        "log": findings.log,
        "size": findings.size,
        "root": findings.root.hex(),
        "signed_size": findings.signed_size,
        "checked": list(findings.checked),
        "findings": [
            {"verdict": f.verdict.name.lower(), "text": f.text, "seq": f.seq}
            for f in findings.found
        ],
    }
