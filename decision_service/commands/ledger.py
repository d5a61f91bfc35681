"""``countermand ledger``: reading, proving, signing, exporting and checking the record.

``verify`` loads neither models nor the database layer, so that an auditor's machine needs neither.
"""

import argparse
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from decision_service.commands import anchoring
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
    from overrides.countermand_verify import Checkpoint as Typed
    from overrides.countermand_verify import Findings, Memory
    from overrides.journal import Entry
    from overrides.notes import Checkpoint
    from overrides.stamps import Authority

VERIFY_USAGE = 64
SEQ_MAX = 2**53
HOURS_MAX = 24 * 365 * 100
TRUSTED = {
    "key": "public key to trust, got from somewhere else; may be repeated, like those below",
    "against": "signed checkpoint, or slip, that you kept from an earlier visit",
    "receipt": "receipt that you hold of an entry",
    "witness": "public key of a witness that must have seen the ledger (exports only)",
    "policy": "whose keys you trust and which witnesses must have signed, in the C2SP form of a"
    " policy (exports and proofs only)",
}
DISCLOSED: Mapping[str, Any] = {
    "metavar": "PART",
    "action": "append",
    "default": [],
    "help": "open this personal part of entries, such as note; may be repeated",
}


def declare(verbs: Verbs) -> None:
    """Add the noun and its verbs."""
    ledger = verbs.noun("ledger", "the append-only record, its proofs and signatures")
    parser = ledger.verb("verify", verify, reads=True, usage_status=VERIFY_USAGE)
    parser.add_argument(
        "export",
        metavar="EXPORT",
        type=Path,
        nargs="?",
        help="folder of an export, or file with the proof of one entry, to check",
    )
    for name, about in TRUSTED.items():
        parser.add_argument(
            f"--{name}", metavar="FILE", type=Path, action="append", default=[], help=about
        )
    parser.add_argument(
        "--age-max", metavar="HOURS", type=whole(0, HOURS_MAX), help="an older export is stale"
    )
    parser.add_argument(
        "--authority",
        metavar="FILE",
        type=Path,
        help="certificates of the authority whose time stamps you believe, up to the one that"
        " signs itself",
    )
    ledger.verb("verifier", verifier, data=False)
    parser = ledger.verb("export", export)
    parser.add_argument("directory", metavar="DIR", type=Path, help="new or empty folder")
    parser.add_argument("--disclose", **DISCLOSED)
    parser = ledger.verb("checkpoint", checkpoint, reads=True)
    parser.add_argument(
        "--since",
        metavar="SIZE",
        type=whole(1, SEQ_MAX),
        help="enclose the proof that this many entries, which a witness remembers, are its"
        " beginning",
    )
    for run in (show, proof):
        parser = ledger.verb(run.__name__, run, reads=True)
        parser.add_argument(
            "seq", metavar="SEQ", type=whole(0, SEQ_MAX), help="number of the entry, from 0"
        )
    parser.add_argument(
        "--out",
        metavar="FILE",
        type=Path,
        help="write the proof with the entry enclosed into a new file",
    )
    parser.add_argument("--disclose", **DISCLOSED)
    ledger.verb("rebuild", rebuild)
    anchoring.declare(ledger)


def verify(args: argparse.Namespace) -> int:
    """Read every entry back and check it: hashes, order, signatures, personal parts.

    Checks this installation's own ledger, an export of any, or the proof of one entry.

    Exit status: 0 clean, 1 altered, 2 incomplete, 3 stale, 64 wrong usage.
    """
    from overrides import countermand_verify
    from overrides.errors import LedgerUnavailable
    from overrides.stamps import check_with_stamps

    try:
        memory = countermand_verify.memory_of(args)
        authority = anchoring.authority_at(args.authority, VERIFY_USAGE)
        if args.export and args.export.is_dir() and authority:
            findings = check_with_stamps(args.export, memory, authority)
        elif args.export:
            findings = countermand_verify.check(args.export, memory)
        else:
            findings = _own_findings(args, memory, authority)
    except (CommandRefused, countermand_verify.WrongUsage) as refused:
        refuse(str(refused), VERIFY_USAGE)
    except LedgerUnavailable as missing:
        refuse(missing.cause, countermand_verify.Verdict.INCOMPLETE)
    if args.json:
        print_json(findings.as_json())
    else:
        print("\n".join(findings.sentences()))
    return findings.verdict


def verifier(_args: argparse.Namespace) -> int:
    """Print the verifier: one file of Python that checks an export and needs nothing else.

    Keep it as countermand_verify.py. It runs on any computer with Python 3.10 or newer, without
    Countermand and without a network: python3 countermand_verify.py --help
    """
    from overrides import countermand_verify

    sys.stdout.write(Path(countermand_verify.__file__).read_text("utf-8"))
    return YES


def export(args: argparse.Namespace) -> int:
    """Write the ledger into a folder that anyone can verify offline.

    Witnesses with an address are asked to sign where it stands; what they signed is enclosed.
    """
    from decision_service.access import HOST
    from decision_service.enclosing import enclosed
    from overrides.export import export as write
    from overrides.signing_keys import former_keys

    disclose = _parts(args)
    with installed(args) as services:
        former = former_keys(services.settings.keys)
        if disclose:
            services.viewings.record(HOST, f"export: {', '.join(sorted(disclose))}")

        try:
            manifest = write(
                services.ledger,
                args.directory,
                services.signer,
                services.clock,
                disclose=disclose,
                former=former,
                witnessed=lambda at: enclosed(services, at, sys.stderr.write),
                stamps=services.stamps.stamps(),
            )
        except FileExistsError as occupied:
            refuse(f"{occupied}: name a new one")
    at = manifest.checkpoint
    print(f"{at.size} entries of {at.origin} are in {args.directory}.")
    print(f"Check them: countermand ledger verify {args.directory}")
    return YES


def checkpoint(args: argparse.Namespace) -> int:
    """Sign where the ledger stands, and print the signed note to keep elsewhere.

    With --since the output is a file that 'countermand witness pull' can be given: the C2SP form in
    which a witness is told of a checkpoint.
    """
    from overrides.offers import Offer, offer_of

    with installed(args) as services:
        made = signed(services)
        if made is None:
            refuse("the ledger is empty: there is nothing to sign")
        offer = Offer(made.note)
        if args.since:
            if args.since > made.size:
                refuse(f"the ledger has {made.size} entries, and not {args.since}")
            offer = offer_of(
                args.since, services.ledger.consistency(args.since, made.size), made.note
            )
    if args.json:
        at = made.signed_at.isoformat()
        found = {"log": made.log, "size": made.size, "signed_at": at, "note": made.note}
        print_json(found | ({"offer": offer.text} if args.since else {}))
    else:
        sys.stdout.write(offer.text)
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
    """Prove that an entry is under a signed checkpoint, in the C2SP tlog-proof format.

    With --out the entry is enclosed, so that the file is all that somebody needs to check it. A
    checkpoint that witnesses signed is taken where there is one over it.
    """
    from base64 import b64encode

    from decision_service.enclosing import over
    from overrides.proofs import bare_proof, whole_proof

    disclose = _parts(args)
    with installed(args) as services:
        entry = _entry(services, args.seq)
        kept = over(services, args.seq, sys.stderr.write)
        if kept is None or kept.size <= args.seq:
            kept = signed(services)
        if kept is None:
            refuse("no checkpoint could be signed over this entry")
        path = services.ledger.inclusion(args.seq, kept.size)
        parts = services.ledger.disclosures([entry.event_id], disclose) if disclose else ()
    if args.out:
        text = whole_proof(entry.seq, path, kept.note, body=entry.body, parts=parts)
        with args.out.open("x", encoding="utf-8") as file:
            file.write(text)
        print(f"Check it: countermand ledger verify {args.out} --key FILE")
    elif args.json:
        place = {"log": entry.log, "seq": entry.seq, "size": kept.size}
        hashes = [b64encode(sibling).decode() for sibling in path]
        leaf = entry.leaf_hash.hex()
        print_json({**place, "leaf_hash": leaf, "hashes": hashes, "checkpoint": kept.note})
    else:
        sys.stdout.write(bare_proof(entry.seq, path, kept.note))
    return YES


def _parts(args: argparse.Namespace) -> list[str]:
    """Personal parts to disclose, all of which there are."""
    from overrides.event_kinds import KINDS

    there = sorted({slot for kind in KINDS.values() for slot in kind.slots})
    for name in args.disclose:
        if name not in there:
            refuse(f"there is no personal part {name}; there are {', '.join(there)}")
    return sorted(set(args.disclose))


def rebuild(args: argparse.Namespace) -> int:
    """Drop the queue, the cases and every number, and fill them again from the ledger."""
    with installed(args) as services:
        entries = services.rebuild()
    print(f"Queue, cases, people and numbers were filled again from {entries} entries.")
    return YES


def _own_findings(
    args: argparse.Namespace, memory: "Memory", authority: "Authority | None"
) -> "Findings":
    """What a check of this installation's own ledger finds."""
    from overrides.countermand_verify import PINNED
    from overrides.examination import Trust
    from overrides.keyfiles import open_public, open_vault
    from overrides.notes import PublicKey
    from overrides.signer_memory import note_in
    from overrides.signing_keys import trusted_keys
    from overrides.verify import verify_database, whose_key

    if memory.cosigners or memory.policy or memory.age_max is not None:
        refuse("--witness, --policy and --age-max are for an export")
    settings = existing(args)
    pinned = [PublicKey(key.name, key.public) for key in memory.keys]
    trust = Trust(
        keys=pinned or trusted_keys(settings.keys),
        keys_from=PINNED if pinned else whose_key(settings.keys),
        remembered=[_kept(note) for note, _ in memory.notes],
        receipts=memory.receipts,
        # Nothing is sealed here, so no random bytes are drawn.
        vault=open_vault(settings.keys, random_bytes=bytes),
        now=memory.now,
        authority=authority,
        signer=note_in(settings.signer),  # before the ledger is read: it only grows
    )
    path = _database_file(settings)
    if path is None:
        with installed(args) as services:
            return services.verify(trust)
    return verify_database(path, trust, log=open_public(settings.keys).name)


def _kept(note: "str | Typed") -> "str | Checkpoint":
    """A remembered checkpoint as the check of a database takes it."""
    from overrides.notes import Checkpoint

    return note if isinstance(note, str) else Checkpoint(*note)


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
