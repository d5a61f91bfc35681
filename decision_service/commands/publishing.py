"""``countermand bundle key`` and ``bundle sign``: who answers for what is in a bundle's folder."""

import argparse
from pathlib import Path

from decision_service.commands.grammar import YES, Verbs, refuse


def declare(bundle: Verbs) -> None:
    """Add the verbs."""
    parser = bundle.verb("key", key, data=False)
    parser.add_argument("name", metavar="NAME", help="the publisher's name, without blanks")
    parser.add_argument("folder", metavar="FOLDER", type=Path, help="new folder for the key")
    parser = bundle.verb("sign", sign, data=False)
    parser.add_argument("directory", metavar="DIR", type=Path, help="folder of the bundle")
    parser.add_argument(
        "--key", metavar="FOLDER", type=Path, required=True, help="the key's folder"
    )


def key(args: argparse.Namespace) -> int:
    """Make the key of a publisher of bundles, and print its public half alone on the last line.

    An installation that has this line in its publishers.pub takes only bundles that a key named
    there has signed.
    """
    import secrets

    from overrides.errors import NoteInvalid
    from overrides.keyfiles import PUBLIC, create_signer, has_signer
    from overrides.notes import SEED_BYTES, Signer

    if has_signer(args.folder):
        refuse(f"{args.folder} has a key already: name a new folder.")
    try:
        signer = Signer(args.name, secrets.token_bytes(SEED_BYTES))
    except NoteInvalid as invalid:
        refuse(str(invalid))
    create_signer(args.folder, signer)
    (args.folder / PUBLIC).write_text(signer.key.vkey + "\n", encoding="utf-8", newline="\n")
    print(f"The key that signs is in {args.folder}, readable by you alone. Trust it by this line:")
    print(signer.key.vkey)
    return YES


def sign(args: argparse.Namespace) -> int:
    """Sign a bundle: its manifest.json, and with it the hash of every file, in manifest.sig.

    The files are read and held against the manifest first. Sealing the folder anew takes the
    signature away.
    """
    from decision_service.publishers import sign_bundle
    from explain.bundle import describe
    from overrides.errors import NoteInvalid
    from overrides.keyfiles import has_signer, open_signer

    if not has_signer(args.key):
        refuse(f"{args.key} has no key: make one with 'countermand bundle key NAME {args.key}'.")
    try:
        signer = open_signer(args.key)
    except (ValueError, NoteInvalid, OSError):
        refuse(
            f"{args.key}: signing.key is not as 'countermand bundle key' wrote it, or not yours."
        )
    contents = describe(args.directory)
    path = sign_bundle(args.directory, contents.sha256, signer)
    print(f"{path.name}: {contents.name} {contents.model.version} signed by {signer.name}.")
    return YES
