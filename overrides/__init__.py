"""What people did with a score, kept so that nobody can quietly change it."""


def __getattr__(name: str) -> object:
    """Say which ``overrides`` this is to a library that wanted the decorator of that name."""
    if name in {"overrides", "override", "final", "EnforceOverrides"}:
        msg = (
            "this is Countermand's overrides, not the decorator library of that name on PyPI: "
            "start the other program from another folder, or give it an environment of its own"
        )
        raise ImportError(msg)
    raise AttributeError(name)
