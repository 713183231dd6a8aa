"""`latentfill.embed`: embeddings of a table's windows, in memory or in a packed file."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path
from typing import Unpack

import numpy as np

from latentfill.api.arrays import open_frame
from latentfill.api.imputer_settings import ImputerSettings
from latentfill.core.fill_warning import tell_user
from latentfill.embeddings.embed_table import TableEmbedder
from latentfill.embeddings.protocols.record import VectorArray
from latentfill.embeddings.registry import make_embedder
from latentfill.embeddings.spec import EncoderName
from latentfill.embeddings.stored.packed_file import load_packed_file
from latentfill.imputation.fitting.smoothed_series import smoothed_values
from latentfill.imputation.user_settings import divide_settings
from latentfill.tables.read import read_table


def embed(
    data: object,
    encoder: str,
    /,
    *,
    path: str | os.PathLike[str] | None = None,
    overwrite: bool = False,
    trust_code: bool = False,
    **settings: Unpack[ImputerSettings],
) -> dict[str, VectorArray]:
    """Embed the windows of one series, of any kind that `latentfill.impute` takes.

    ``Imputer(embeddings=...)`` takes what comes back.

    Parameters
    ----------
    encoder
        Such as ``"timekd:gpt2+layers=6"``, ``"student:FOLDER"`` or ``"module:package.attr"``, see
        `latentfill embed --help`.
    path
        Packed file to write; an interrupted run is continued.
    overwrite
        Replace an earlier packed file.
    trust_code
        Allow ``module:``, ``torchscript:`` and ``export:``, which run code of the module or the file.
    **settings
        As for `latentfill.Imputer`: how to read the table, and its windows (``seq_len``, ``embedding_stride`` ...).

    Returns
    -------
    The vectors of the windows by split, each (N, C, D). Without a split all are one, ``"all"``, and reach every row.
    """
    is_whole = settings.get("split", "auto") in ("auto", "none")
    if is_whole and "pred_len" not in settings and not EncoderName.parse(encoder).settings.get("privileged"):
        settings["pred_len"] = 0  # so that the windows cover every row
    config, options = divide_settings(None, settings)
    series = open_frame(data, options)
    table = read_table(series.content, replace(series.options, regular=False))
    tell_user(table.notes)
    opened = make_embedder(encoder, config=config, pred_len=config.stored.plan.pred_len, trust_code=trust_code)
    embedder = TableEmbedder(table.series, opened, config, smoothed_values)
    if path is None:
        return _in_memory(embedder)
    embedder.make_packed_file(Path(path), overwrite=overwrite)
    packed = load_packed_file(path)
    return {split: packed.read(split) for split in packed.splits}


def _in_memory(embedder: TableEmbedder) -> dict[str, VectorArray]:
    parts: dict[str, list[VectorArray]] = {}
    for batch in embedder.batches():
        parts.setdefault(batch.split, []).append(embedder.embed(batch.starts))
    return {split: np.concatenate(vectors) for split, vectors in parts.items()}
