"""Names from data as parts of a path, which must not lead anywhere else."""

from __future__ import annotations

from latentfill.core.errors import InputError

SEPARATORS = "/\\\0:"  # between the parts of a path on any system; a colon stands after a drive of Windows


def path_part(name: str, what: str) -> str:
    """`name`, if it is the name of a file or a folder; an `InputError` that says `what` it is if it leads elsewhere."""
    if name.strip(". ") and not any(sign in name for sign in SEPARATORS):
        return name
    raise InputError(
        f"{what} is {name!r}, which cannot be the name of a folder or a file: it would lead to another place. Use "
        "another name."
    )
