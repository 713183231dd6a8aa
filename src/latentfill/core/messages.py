"""Parts of messages: counts with their noun, shortened values, and shortened lists of column names and problems."""

from __future__ import annotations

import reprlib
from collections.abc import Iterable, Mapping, Sequence

SHOWN = 5  # items of a list that a message shows
LONGEST_VALUE = 100  # characters of a value that a message shows
LONGEST = 4000  # characters of a message, which fill a screen
ELLIPSIS = " ... "

_short = reprlib.Repr()
_short.maxstring = _short.maxother = _short.maxlong = LONGEST_VALUE
_short.maxlevel = 3  # lists in lists
_short.maxdict = _short.maxlist = _short.maxtuple = _short.maxset = SHOWN


def quoted(value: object) -> str:
    """A value as Python writes it, without the middle if it is long; control characters are escaped."""
    try:
        return shortened(_short.repr(value), 3 * LONGEST_VALUE)
    except Exception:  # a number of thousands of digits, or an object that cannot describe itself
        return f"<{type(value).__name__}>"


def printable(text: str) -> str:
    """A text for the terminal: characters that would control it are escaped, and it ends after `LONGEST` ones."""
    text = shortened(text, LONGEST)
    return text if text.isprintable() else "".join(letter if _is_shown(letter) else _escaped(letter) for letter in text)


def shortened(text: str, most: int) -> str:
    """The beginning and the end of a text of more than `most` characters, in which messages say the way out."""
    if len(text) <= most:
        return text
    end = most // 3
    return text[: most - end] + ELLIPSIS + text[-end:]


def _is_shown(letter: str) -> bool:
    """Whether a character is seen as itself, or is a space of some width."""
    return letter.isprintable() or letter in "\n\u00a0\u202f\u2009"


def _escaped(letter: str) -> str:
    return ascii(letter)[1:-1]


def counted(n: int, noun: str) -> str:
    """A count with its noun, such as `1 row` or `2 rows`."""
    return f"{n} {noun}{'' if n == 1 else 's'}"


def listed(names: Iterable[object], most: int = 2 * SHOWN) -> str:
    """Quoted values, at most `most` of them."""
    names = list(names)
    more = f" and {len(names) - most} more" if len(names) > most else ""
    return ", ".join(map(quoted, names[:most])) + more


def joined(names: Iterable[object], most: int = 2 * SHOWN) -> str:
    """Values without quotes, at most `most` of them."""
    texts = [shortened(str(name), LONGEST_VALUE) for name in names]
    more = f" and {len(texts) - most} more" if len(texts) > most else ""
    return ", ".join(texts[:most]) + more


def name_columns(names: Sequence[str]) -> str:
    """Quoted column names, at most twice `SHOWN` of them."""
    return listed(names)


def name_problems(problems: Mapping[str, str]) -> str:
    """Quoted names with their problems, at most `SHOWN` of them."""
    shown = "; ".join(f"{quoted(name)}: {problem}" for name, problem in list(problems.items())[:SHOWN])
    return shown + (f" and {len(problems) - SHOWN} more" if len(problems) > SHOWN else "")


def several(problems: Iterable[str]) -> str:
    """Problems in one text, at most twice `SHOWN` of them."""
    found = list(problems)
    most = 2 * SHOWN
    return "; ".join(found[:most]) + (f"; and {len(found) - most} more" if len(found) > most else "")
