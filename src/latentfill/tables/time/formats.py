"""strptime formats of time stamps: checking a format, and detecting the format of a text."""

from __future__ import annotations

import re

ISO = "%Y-%m-%d %H:%M:%S"  # the most common format

_DIRECTIVES = {  # letter of a strptime directive -> regular expression of the texts that it reads
    "Y": r"\d{4}",
    "y": r"\d{2}",
    **dict.fromkeys("mdHIMS", r"\d{1,2}"),
    "j": r"\d{1,3}",
    **dict.fromkeys("bB", r"[A-Za-z]{3,9}"),
    **dict.fromkeys("aA", r"[A-Za-z]{2,9}"),
    "f": r"\d{1,9}",
    "p": r"[AaPp](?:\.?[Mm]\.?)?",
    "z": r"Z|UTC|GMT|[+-]\d{2}:?\d{2}|[+-]\d{2}",
}
_SHORTHANDS = {  # letter of a directive -> the directives that it stands for
    "F": "%Y-%m-%d",
    "T": "%H:%M:%S",
    "R": "%H:%M",
    "D": "%m/%d/%y",
    "e": "%d",
    "h": "%b",
    "Z": "%z",
}
# regular expression of a date -> its format for each order of day, month and year, or for any order ("");
# group 2 of the expression is the separator {0} in the format
_DATES: tuple[tuple[str, dict[str, str]], ...] = (
    (r"(\d{4})([-/. ])\d{1,2}\2\d{1,2}", {"": "%Y{0}%m{0}%d"}),
    (r"(\d{1,2})([-/. ])\d{1,2}\2\d{4}", {"dmy": "%d{0}%m{0}%Y", "mdy": "%m{0}%d{0}%Y"}),
    (r"(\d{2})([-/.])\d{2}\2\d{2}", {"dmy": "%d{0}%m{0}%y", "mdy": "%m{0}%d{0}%y", "ymd": "%y{0}%m{0}%d"}),
    (r"(\d{1,2})([-/.])\d{1,2}\2\d{2}", {"dmy": "%d{0}%m{0}%y", "mdy": "%m{0}%d{0}%y"}),
    (r"(\d{1,2})([-/ .]?)[A-Za-z]{3,9}\2\d{4}", {"": "%d{0}%b{0}%Y"}),
    (r"(\d{1,2})([-/ .]?)[A-Za-z]{3,9}\2\d{2}", {"": "%d{0}%b{0}%y"}),
    (r"([A-Za-z]{3,9})( )\d{1,2}, ?\d{4}", {"": "%b %d, %Y"}),
    (r"([A-Za-z]{3,9})( )\d{1,2} \d{4}", {"": "%b %d %Y"}),
    (r"(\d{4})([-/.])\d{3}", {"": "%Y{0}%j"}),
    (r"(\d{4})([-/.])\d{1,2}", {"": "%Y{0}%m"}),
    (r"([A-Za-z]{3,9})([- ])\d{4}", {"": "%b{0}%Y"}),
    (r"(\d{8})()", {"": "%Y%m%d"}),
)
_CLOCK = re.compile(
    r"(?P<hour>\d{1,2})(?:(?P<mark>[:.h])(?P<minute>\d{2})(?:(?P=mark)(?P<second>\d{2}))?)?"
    r"(?P<fraction>[.,]\d{1,9})?(?P<noon> ?[AaPp](?:\.?[Mm]\.?)?)?(?P<zone> ?(?:Z|UTC|GMT|[+-]\d{2}(?::?\d{2})?))?"
)
_COMPACT_CLOCK = re.compile(r"\d{2}(?P<minute>\d{2}(?P<second>\d{2})?)?(?P<zone> ?(?:Z|UTC|GMT|[+-]\d{2}:?\d{2}))?")


def format_problems(format: str) -> list[str]:
    """What is wrong with a strptime format; empty if it can be used."""
    used = [letter for letter in re.findall(r"%-?(.)", expanded(format)) if letter != "%"]
    problems = [f"%{letter} is not known" for letter in used if letter not in _DIRECTIVES]
    problems += [f"%{letter} occurs twice" for letter in sorted(set(used)) if used.count(letter) > 1]
    if not problems and not {"Y", "y"} & set(used):
        problems.append("it has no year (%Y)")
    return problems


def expanded(format: str) -> str:
    """The format with shorthands such as `%F` written out."""
    return re.sub(r"%(.)", lambda match: _SHORTHANDS.get(match[1], match[0]), format)


def readable(format: str) -> str:
    """A format that writes stamps as one that strptime reads."""
    return re.sub(r"%[qQ](\.?[Mm]\.?)?", "%p", re.sub(r"%\d", "%f", format.replace("%-", "%")))


def tokens(format: str) -> list[str]:
    """A format split into directives (`%d`, `%-d`) and the texts between them."""
    return [token for token in re.split(r"(%-?.)", expanded(format)) if token]


def pattern(format: str) -> str:
    """The format as a regular expression with one named group per directive."""
    all_tokens = tokens(format)
    parts = []
    for position, token in enumerate(all_tokens):
        if not token.startswith("%"):
            parts.append(re.sub(r"(\\ )+", r"\\s+", re.escape(token)))
        elif token == "%%":
            parts.append("%")
        else:
            adjacent = all_tokens[max(0, position - 1) : position] + all_tokens[position + 1 : position + 2]
            digits = _DIRECTIVES[token[-1]]
            if any(other.startswith("%") and other[-1] in "YymdHIMSjf" for other in adjacent):
                digits = digits.replace("{1,2}", "{2}").replace("{1,3}", "{3}")  # no separator, as in 20160131
            parts.append(f"(?P<{token[-1]}>{digits})")
    return "^" + "".join(parts) + "$"


def infer_format(text: str, order: str) -> str | None:
    """The format of one stamp; None if the text is not a stamp.

    `order` (dmy, mdy or ymd) is the order of day, month and year if the text does not decide it.
    """
    text = re.sub(r"\s+", " ", text.strip())
    weekday = re.match(r"(mon|tue|wed|thu|fri|sat|sun)[a-z]*(,? )(?=\w)", text, re.IGNORECASE)
    prefix = f"%a{weekday[2]}" if weekday else ""
    text = text[weekday.end() :] if weekday else text
    for date_pattern, formats in _DATES:
        match = re.match(date_pattern, text)
        rest = _infer_rest(match[0], text[match.end() :]) if match else None
        if match is None or rest is None:
            continue
        date = formats.get("") or formats.get(order) or formats["dmy"]
        return prefix + date.format(match[2]) + rest
    return None


def _infer_rest(date: str, text: str) -> str | None:
    """The format of the text after the date; "" if there is no text, None if the text is not a time of day."""
    if not text:
        return ""
    gap = re.match(r"T|, | - | |:(?=\d\d)", text)
    mark = gap[0] if gap else ""
    compact = _COMPACT_CLOCK.fullmatch(text[len(mark) :])
    if compact and (gap or date.isdigit()) and (compact["minute"] or not gap):
        zone = " %z" if (compact["zone"] or "").startswith(" ") else "%z"
        directives = {"minute": "%M", "second": "%S", "zone": zone}
        return f"{mark}%H" + "".join(directive for part, directive in directives.items() if compact[part])
    clock = infer_clock(text[len(mark) :])
    return None if clock is None or not gap else mark + clock


def infer_clock(text: str) -> str | None:
    """The format of a time of day; None if the text is not a time of day."""
    text = text.strip()
    if re.fullmatch(r"\d{4}(?: ?(?:Z|UTC|GMT))?", text):
        return "%H%M" + text[4:].replace(text[4:].strip(), "%z") if text[4:] else "%H%M"
    match = _CLOCK.fullmatch(text)
    if match is None or (match["fraction"] and not match["second"]):
        return None
    if match["noon"] and len(match["noon"].strip()) == 1 and not match["minute"]:  # `1a` may be a label
        return None
    parts = ["%I" if match["noon"] else "%H"]
    parts += [match["mark"] + "%M"] if match["minute"] else []
    parts += [match["mark"] + "%S"] if match["second"] else []
    parts += [match["fraction"][0] + "%f"] if match["fraction"] else []
    parts += [" " * match["noon"].startswith(" ") + "%p"] if match["noon"] else []
    parts += [" " * match["zone"].startswith(" ") + "%z"] if match["zone"] else []
    return "".join(parts)
