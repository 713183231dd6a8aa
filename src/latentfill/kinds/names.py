"""Names of columns that tell what their values are; a name is only a hint, and never decides alone."""

from __future__ import annotations

import re
import unicodedata

DIRECTIONS = re.compile(
    r"w?dir|w?dirs|dirn|dir\w*(wind|wnd|vento?|viento)|direct?ion\w*|direcc?[ai]o\w*|direzione\w*|wd|wdir\w*|\w*winddir\w*|drct|dd|ddd"
    r"|heading|azimuth?\w*|bearing|aspect|course|cog|hdg|mwd|yaw|bussola|\w*richtung|\w*richting|\w*retning|\w*riktning"
    r"|kierunek|smer|suunta"
)
IN_OTHER_SCRIPTS = re.compile("풍향|방향|风向|風向|направление")
PERCENTAGES = re.compile(r"percent\w*|pct|\w*humid\w*|rh|relhum|soc|hum|ur|umid\w*|\w*feuchte")
CODES = re.compile(r"\w*(status|state|mode|codes?|flags?)|class|category|type|qc|qf")
WORD = re.compile(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])|[^\W\d_]+")  # wind_dir, windDir, WIND_DIR


def words(name: str) -> list[str]:
    """The words of a name in lower case, without accents: `windDir (°)` has `wind` and `dir`."""
    plain = "".join(letter for letter in unicodedata.normalize("NFKD", name) if not unicodedata.combining(letter))
    parts = [part for part in re.split(r"[\W\d_]+", plain) if part]
    return [word.lower() for part in parts for word in {part, *WORD.findall(part)}]


def is_direction(name: str) -> bool:
    """Whether a name says that values are directions."""
    return _any(DIRECTIONS, name) or bool(IN_OTHER_SCRIPTS.search(unicodedata.normalize("NFC", name)))


def is_percentage(name: str) -> bool:
    """Whether a name says that values are percentages."""
    return "%" in name or _any(PERCENTAGES, name)


def is_code(name: str) -> bool:
    """Whether a name says that values are classes."""
    return _any(CODES, name)


def _any(pattern: re.Pattern[str], name: str) -> bool:
    return any(pattern.fullmatch(word) for word in words(name))
