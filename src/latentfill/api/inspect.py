"""`latentfill.inspect`: a table, stored embeddings, a model or a student in words and numbers."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Unpack

from latentfill.api.arrays import open_frame
from latentfill.api.imputer_settings import ImputerSettings
from latentfill.imputation.inspection.inspect_groups import describe_groups
from latentfill.imputation.inspection.inspect_path import inspect_path
from latentfill.imputation.inspection.inspect_table import describe_table
from latentfill.imputation.user_settings import divide_settings
from latentfill.tables.groups import read_groups
from latentfill.tables.read import read_table


def inspect(
    data: object,
    *,
    table: str | os.PathLike[str] | None = None,
    beside: str | os.PathLike[str] | None = None,
    **settings: Unpack[ImputerSettings],
) -> dict[str, object]:
    """How a frame or what lies at a path is read, and what is missing in it, as values that JSON knows.

    Parameters
    ----------
    data
        Data of any kind that `latentfill.impute` takes, or the path of a table, of embeddings, of a model or of a
        student.
    table
        For embeddings: the table that they were made from, to check that they belong to its windows.
    beside
        For embeddings: others of the same windows, to compare with.
    **settings
        As for `latentfill.Imputer`: how to read the table, and the windows of embeddings.

    Raises
    ------
    InputError
        If nothing at the path can be read as any of these.

    Examples
    --------
    >>> latentfill.inspect(pd.DataFrame({"a": [1.5, np.nan, 2.5]}))["columns"]["a"]["missing"]
    1
    """
    config, options = divide_settings(None, settings)
    if isinstance(data, str | os.PathLike):
        others = (None if path is None else Path(path) for path in (table, beside))
        return inspect_path(Path(data), options, config, *others)
    opened = open_frame(data, options)
    data, options = opened.content, opened.options
    if options.by:
        return {"kind": "table", **describe_groups(read_groups(data, options), config.kind)}
    return {"kind": "table", **describe_table(read_table(data, options), config.kind)}
