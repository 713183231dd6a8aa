"""Command lines, one argument in a line, and settings in Python, as a JSON object."""

from __future__ import annotations

import json
from functools import cache

from hypothesis import strategies as st

from fuzzing.outcomes import REFUSED, Target, folder_with, outcome_of, run_command
from fuzzing.values import json_values

ROWS = [f"2024-01-{day:02d},{day % 5},{'' if day % 6 == 3 else 10 * day},{'ab'[day % 2]}" for day in range(1, 25)]
TABLE = "\n".join(["time,x,y,word", *ROWS]).encode()
QUICK = {  # what makes the work of each command short
    "impute": ("table.csv", "--strategy", "linear", "-o", "out.csv"),
    "evaluate": ("table.csv", "--strategies", "linear"),
    "fit": ("table.csv", "--strategy", "linear", "-m", "model"),
    "apply": ("table.csv", "-m", "model", "-o", "out.csv"),
    "pack": ("table.csv", "-o", "out.packed"),
    "plan": ("table.csv",),
    "inspect": ("table.csv",),
    "totals": ("table.csv",),
    "settings": (),
    "--help": (),
    "": (),
}
WORDS = (
    *("table.csv", "out.csv", "nothing.csv", "-", ".", "/", "out", "é", "", "0", "-1", "1", "0.5", "nan", "inf"),
    *("1e999", "9" * 20, "x", "time", "y", "x,y", "x=1", "auto", "none", "linear", "seasonal,locf", "n" * 300),
    *("[" * 2000, "{", '{"a": 1}', "day", "month", "0.9", "Europe/Berlin", "%Y", "%q%q", "\x1b[31m", "a\x00b"),
    *("utf-8", "rot13", "idna", "base64", "utf-16", "seed=1", "length=8", "kind=y=flag", "x=flag", "\udce9"),
)


@cache
def flags() -> tuple[str, ...]:
    """All flags of all commands."""
    import typer

    from latentfill.cli.main import app

    commands = typer.main.get_command(app).commands.values()  # type: ignore[attr-defined]
    parameters = [parameter for each in commands for parameter in each.params]
    return tuple(sorted({flag for each in parameters for flag in each.opts if flag.startswith("-")}))


def outcome(data: bytes) -> str:
    """What becomes of a command line in a folder with a table."""
    arguments = data.decode("utf-8", errors="surrogateescape").split("\n")
    with folder_with(table__csv=TABLE):
        return outcome_of(lambda: run_command(arguments))


@st.composite
def command_lines(draw: st.DrawFn) -> bytes:
    """A command of quick work with a few options, some of which it does not have."""
    command = draw(st.sampled_from([*QUICK, "impute", "impute"]))
    arguments = [command, *QUICK[command]]
    for _ in range(draw(st.integers(0, 3))):
        arguments += [draw(st.sampled_from(flags())), draw(st.sampled_from(WORDS) | st.text(max_size=6))]
    return "\n".join(each.replace("\n", " ") for each in arguments).encode(errors="surrogateescape")


def settings_outcome(data: bytes) -> str:
    """What becomes of settings that are given in Python."""
    import latentfill

    try:
        given = json.loads(data)
    except (ValueError, RecursionError):
        return REFUSED
    if not isinstance(given, dict):
        return REFUSED
    with folder_with(table__csv=TABLE):
        return outcome_of(lambda: latentfill.impute("table.csv", **{"strategy": "linear", **given}))


@st.composite
def settings(draw: st.DrawFn) -> bytes:
    """Settings by name with values of any kind, none of which makes the work long."""
    from latentfill.imputation.user_settings import GROUPS, METHOD, READING

    long = {"strategy", "candidates", "effort", "embeddings", "donor_table"}
    names = st.sampled_from(sorted({*METHOD, *READING, *GROUPS, "nonsense"} - long))
    likely = st.sampled_from(["y", ["x"], 0.5, 2, 8, True, False, "none", "x=1", {"y": 1}, "auto", ["-999"]])
    given = draw(st.dictionaries(names, likely | likely | json_values(), max_size=2))
    return json.dumps(given).encode()


TARGETS = (Target("arguments", outcome, command_lines()), Target("settings", settings_outcome, settings()))
