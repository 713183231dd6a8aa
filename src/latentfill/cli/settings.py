"""`latentfill settings`: all settings, as a config file, a page of the documentation, or keywords with types."""

from __future__ import annotations

from typing import Annotated

import typer

from latentfill.core.config import Config
from latentfill.core.settings_text import to_markdown, to_toml
from latentfill.core.settings_types import to_typed_dict
from latentfill.embeddings.protocols.encoder_settings import ENCODER_SETTINGS
from latentfill.tables.options import TableOptions


def settings(
    markdown: Annotated[
        bool, typer.Option("--markdown", help="Print the settings page of the documentation instead.")
    ] = False,
    typed: Annotated[bool, typer.Option("--typed", help="Print the types of the keywords in Python instead.")] = False,
) -> None:
    """Print a config file with all settings, their defaults and their meaning, to edit and give with --config."""
    if typed:
        print(to_typed_dict(TableOptions, Config), end="")
    else:
        print(to_markdown(TableOptions, Config, *ENCODER_SETTINGS) if markdown else to_toml(TableOptions, Config))
