"""Opens data of any kind: one container may lie in another, such as levels of an index below a series."""

from __future__ import annotations

from collections.abc import Sequence

from latentfill.api.containers.column_levels import ColumnLevels
from latentfill.api.containers.column_mappings import ColumnMappings
from latentfill.api.containers.container import Container, Opened
from latentfill.api.containers.darts_series import DartsSeries
from latentfill.api.containers.hdf5_files import Hdf5Files
from latentfill.api.containers.index_levels import IndexLevels
from latentfill.api.containers.lists_of_series import ListsOfSeries
from latentfill.api.containers.narwhals_objects import NarwhalsObjects
from latentfill.api.containers.nested_panels import NestedPanels
from latentfill.api.containers.one_column import OneColumn
from latentfill.api.containers.pypots_sets import PypotsSets
from latentfill.api.containers.torch_tensors import TorchTensors
from latentfill.api.containers.xarray_objects import DataArrays, Datasets
from latentfill.core.errors import InputError
from latentfill.tables.options import TableOptions

CONTAINERS: tuple[Container, ...] = (  # those that hold others stand before them
    ListsOfSeries(),
    Hdf5Files(),
    PypotsSets(),
    ColumnMappings(),
    TorchTensors(),
    DataArrays(),
    Datasets(),
    DartsSeries(),
    NarwhalsObjects(),
    OneColumn(),
    NestedPanels(),
    ColumnLevels(),
    IndexLevels(),
)


def open_data(data: object, options: TableOptions, *, bounds: bool = False) -> Opened:
    """What is read of the data, with the way back; data that are of no special kind as they are.

    Raises an `InputError` if columns of interval `bounds`, or rows of a grid, have no place in data of this kind.
    """
    opened = Opened(data, options)
    for container in CONTAINERS:
        if container.is_mine(opened.content):
            opened = opened.then(container.open(opened.content, opened.options))
    kind = type(data).__name__
    if bounds and not opened.takes_columns:
        raise InputError(f"a {kind} has no place for interval bounds: leave out intervals, or give a frame.")
    if options.grid and not opened.takes_rows:
        raise InputError(f"no rows can be added to a {kind}: leave out grid (--grid), or give a frame.")
    return opened


def open_covariates(covariates: Sequence[object]) -> tuple[object, ...]:
    """The tables in other data to predict from."""
    return tuple(open_data(each, TableOptions()).content for each in covariates)
