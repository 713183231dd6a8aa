"""The `latentfill` command with all its subcommands."""

from __future__ import annotations

import logging
import sys
from importlib import metadata
from typing import Annotated, Any

import typer

from latentfill.cli import apply, demo, distil, embed, evaluate, fit, impute, inspect, pack, plan, settings, totals
from latentfill.cli.failures import DEBUG, failures_told, without_debug
from latentfill.cli.interrupt import interruptible
from latentfill.cli.processes import refuse_several
from latentfill.cli.streams import occupy_closed_streams

COMMANDS: tuple[tuple[Any, str], ...] = (  # in the order of the help, each with the example that its help ends with
    (impute.impute, "latentfill impute data.csv -o filled.csv --intervals 0.9"),
    (fit.fit, "latentfill fit data.csv -m model"),
    (apply.apply, "latentfill apply new.csv -m model -o filled.csv"),
    (evaluate.evaluate, "latentfill evaluate data.csv --rates 0.1,0.3 -o scores.json"),
    (plan.plan, "latentfill plan data.csv"),
    (totals.totals, "latentfill totals filled.csv --every month"),
    (embed.embed, "latentfill embed data.csv --lm gpt2 -o data.packed"),
    (distil.distil, "latentfill distil data.csv --embeddings data.packed -m student"),
    (pack.pack, "latentfill pack Embeddings/ --table data.csv -o data.packed"),
    (inspect.inspect, "latentfill inspect data.csv"),
    (settings.settings, "latentfill settings > settings.toml"),
    (demo.demo, "latentfill demo -o demo"),
)

app = typer.Typer(
    name="latentfill",
    help="Fill the missing values of multivariate time series from frozen time-series embeddings.",
    epilog="Example: latentfill impute data.csv -o filled.csv",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
for command, example in COMMANDS:
    app.command(epilog=f"Example: {example}")(command)


def _print_version(asked: bool) -> None:
    if asked:
        print(f"latentfill {metadata.version('latentfill')}")
        raise typer.Exit


@app.callback()
def options(
    version: Annotated[
        bool, typer.Option("--version", help="Print the version and exit.", callback=_print_version, is_eager=True)
    ] = False,
    debug: Annotated[bool, typer.Option(DEBUG, help="Print the traceback of an error; may stand anywhere.")] = False,
) -> None:
    """Options of `latentfill` itself; `main` reads --debug, wherever it stands."""


def main() -> None:
    """Run the command line; an error prints one line on stderr, and exits with code 2 if the user can solve it."""
    occupy_closed_streams()
    logging.getLogger("latentfill").addHandler(logging.NullHandler())  # the commands print the logged notes themselves
    arguments, debug = without_debug(sys.argv[1:])
    with interruptible(), failures_told(debug=debug):
        refuse_several(arguments)
        app(arguments)
