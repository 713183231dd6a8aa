"""Fill the missing values of multivariate time series from frozen time-series embeddings."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from latentfill.config import Config as Config
    from latentfill.errors import LatentFillError as LatentFillError
    from latentfill.imputer import Imputation as Imputation
    from latentfill.imputer import Imputer as Imputer
    from latentfill.imputer import impute as impute
    from latentfill.result import Code as Code
    from latentfill.tables import Table as Table
    from latentfill.tables import TableOptions as TableOptions
    from latentfill.tables import read_table as read_table

# Names are loaded when first used, so that `import latentfill` and `latentfill --help` do not wait for torch.
_HOMES = {
    "Code": "result",
    "Config": "config",
    "Imputation": "imputer",
    "Imputer": "imputer",
    "LatentFillError": "errors",
    "Table": "tables",
    "TableOptions": "tables",
    "impute": "imputer",
    "read_table": "tables",
}

__all__ = sorted(_HOMES)


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'latentfill' has no attribute {name!r}")
    return getattr(import_module(f"latentfill.{_HOMES[name]}"), name)


def __dir__() -> list[str]:
    return __all__
