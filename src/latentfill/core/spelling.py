"""How a flag of the command line is written in Python, for messages that name flags."""

from __future__ import annotations

import re

FLAG = re.compile(r"--[a-z][a-z-]*")
OTHER_NAMES = {"--with": "covariates", "--min": "minimum", "--max": "maximum", "--units-rows": "units_row"}
OF_COMMANDS = frozenset(  # flags of files and of commands, for which Python has other ways
    (
        "--codes",
        "--doubt",
        "--explain",
        "--intervals-to",
        "--layout",
        "--lm",
        "--max-memory",
        "--no-clobber",
        "--no-teacher",
        "--student",
    )
)


def in_python(text: str) -> str:
    """The flags in a text as keywords, in words such as `in Python: missing=, leave=`; "" if there are none."""
    flags = dict.fromkeys(flag for flag in FLAG.findall(text) if flag not in OF_COMMANDS)
    keywords = dict.fromkeys(f"{keyword_of(flag)}=" for flag in flags)
    unnamed = [keyword for keyword in keywords if keyword not in text]
    return f"in Python: {', '.join(unnamed)}" if unnamed else ""


def keyword_of(flag: str) -> str:
    """The keyword of a flag: `time_format` for `--time-format`."""
    return OTHER_NAMES.get(flag) or flag.removeprefix("--").replace("-", "_")
