"""`latentfill settings`: every setting, as a config file to edit or as the page of the documentation."""

from __future__ import annotations

from typing import Annotated

import typer

from latentfill.core.config import Config
from latentfill.core.settings_text import to_markdown, to_toml
from latentfill.embeddings.protocols.encoder_settings import ENCODER_SETTINGS
from latentfill.tables.options import TableOptions


def settings(
    markdown: Annotated[bool, typer.Option("--markdown", help="Print the page of the documentation instead.")] = False,
) -> None:
    """Print every setting with its default and what it is for, as a file for --config."""
    print(to_markdown(TableOptions, Config, *ENCODER_SETTINGS) if markdown else to_toml(TableOptions, Config))
