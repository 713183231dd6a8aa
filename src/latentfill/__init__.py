"""Fill the missing values of multivariate time series from frozen time-series embeddings."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    __version__: str

    from latentfill import plots as plots
    from latentfill.api.embed import embed as embed
    from latentfill.api.estimator import Imputer as Imputer
    from latentfill.api.evaluate import evaluate as evaluate
    from latentfill.api.impute import impute as impute
    from latentfill.api.impute_data_set import impute_data_set as impute_data_set
    from latentfill.api.inspect import inspect as inspect
    from latentfill.api.plan import plan as plan
    from latentfill.api.result import Imputation as Imputation
    from latentfill.core.config import Config as Config
    from latentfill.core.errors import EmbeddingMismatchError as EmbeddingMismatchError
    from latentfill.core.errors import InputError as InputError
    from latentfill.core.errors import LatentFillError as LatentFillError
    from latentfill.core.errors import MemoryLimitError as MemoryLimitError
    from latentfill.core.errors import ModelFormatError as ModelFormatError
    from latentfill.core.errors import NotFittedError as NotFittedError
    from latentfill.core.errors import OracleEmbeddingError as OracleEmbeddingError
    from latentfill.core.errors import RepeatedTimeError as RepeatedTimeError
    from latentfill.core.errors import UnknownColumnError as UnknownColumnError
    from latentfill.core.errors import UntrustedCodeError as UntrustedCodeError
    from latentfill.core.errors import UnwritableError as UnwritableError
    from latentfill.core.fill_warning import FillWarning as FillWarning
    from latentfill.imputation.filling.codes import Code as Code
    from latentfill.imputation.planning.plan import Plan as Plan
    from latentfill.imputation.totals.table_totals import totals as totals
    from latentfill.imputation.window_imputer import WindowImputer as WindowImputer
    from latentfill.imputation.window_imputer import fill_windows as fill_windows
    from latentfill.tables.options import TableOptions as TableOptions
    from latentfill.tables.read import read_table as read_table
    from latentfill.tables.table import Table as Table

# Names are loaded when first used, so that `import latentfill` and `latentfill --help` do not wait for torch.
_HOMES = {
    "EmbeddingMismatchError": "core.errors",
    "InputError": "core.errors",
    "LatentFillError": "core.errors",
    "MemoryLimitError": "core.errors",
    "ModelFormatError": "core.errors",
    "NotFittedError": "core.errors",
    "OracleEmbeddingError": "core.errors",
    "RepeatedTimeError": "core.errors",
    "UnknownColumnError": "core.errors",
    "UntrustedCodeError": "core.errors",
    "UnwritableError": "core.errors",
    "Code": "imputation.filling.codes",
    "Config": "core.config",
    "FillWarning": "core.fill_warning",
    "Imputation": "api.result",
    "Imputer": "api.estimator",
    "Plan": "imputation.planning.plan",
    "Table": "tables.table",
    "TableOptions": "tables.options",
    "WindowImputer": "imputation.window_imputer",
    "embed": "api.embed",
    "evaluate": "api.evaluate",
    "fill_windows": "imputation.window_imputer",
    "impute": "api.impute",
    "impute_data_set": "api.impute_data_set",
    "inspect": "api.inspect",
    "plan": "api.plan",
    "read_table": "tables.read",
    "totals": "imputation.totals.table_totals",
}

__all__ = sorted((*_HOMES, "__version__", "plots"))


def __getattr__(name: str) -> Any:
    if name == "__version__":
        return import_module("importlib.metadata").version("latentfill")
    if name == "plots":
        return import_module("latentfill.plots")
    if name not in _HOMES:
        raise AttributeError(f"module 'latentfill' has no attribute {name!r}")
    return getattr(import_module(f"latentfill.{_HOMES[name]}"), name)


def __dir__() -> list[str]:
    return __all__
