"""Which library an object is of, found without importing the library."""

from __future__ import annotations


def is_of(given: object, library: str, *names: str) -> bool:
    """Whether the class of an object, or one of its bases, is one of a library with one of these names; none: any."""
    return any(library_of(each) == library and (not names or each.__name__ in names) for each in type(given).__mro__)


def library_of(kind: type) -> str:
    """The package that a class is defined in."""
    return kind.__module__.partition(".")[0]
