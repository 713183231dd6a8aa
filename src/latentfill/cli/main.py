"""The `latentfill` command with all its subcommands."""

from __future__ import annotations

import logging
import sys

import typer

from latentfill.cli import apply, demo, distil, embed, evaluate, fit, impute, inspect, pack, settings, totals
from latentfill.core.errors import LatentFillError

app = typer.Typer(
    name="latentfill",
    help="Fill the missing values of multivariate time series from frozen time-series embeddings.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
app.command()(impute.impute)
app.command()(fit.fit)
app.command()(apply.apply)
app.command()(evaluate.evaluate)
app.command()(totals.totals)
app.command()(embed.embed)
app.command()(distil.distil)
app.command()(pack.pack)
app.command()(inspect.inspect)
app.command()(settings.settings)
app.command()(demo.demo)


def main() -> None:
    """Run the command line; an error that the user can solve prints one line on stderr and exits with code 2."""
    logging.getLogger("latentfill").addHandler(logging.NullHandler())  # the commands print the logged notes themselves
    try:
        app()
    except LatentFillError as error:
        print(f"error: {error}", file=sys.stderr)
        sys.exit(2)
