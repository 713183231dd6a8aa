"""The dictionaries of PyPOTS: one set `{"X": (N, L, C), ...}`, or several by split."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from latentfill.api.containers.container import Opened, is_mapping
from latentfill.core.libraries import is_of
from latentfill.embeddings.stored.arrays import as_array
from latentfill.imputation.panels import Splits
from latentfill.tables.options import TableOptions

SET = "X"  # the array of a set that has gaps

Place = tuple[str, ...]  # keys that lead to an array


class PypotsSets:
    """A dictionary whose arrays `X` are filled; what other keys hold comes back as it is."""

    def is_mine(self, data: object) -> bool:
        return is_mapping(data) and bool(find_sets(data))  # type: ignore[arg-type]

    def open(self, data: Any, options: TableOptions) -> Opened:
        places = find_sets(data)
        arrays = {split: as_array(_at(data, place)) for split, place in places.items()}
        if len(arrays) == 1:
            (array,), (place,) = arrays.values(), places.values()
            return Opened(array, options, lambda filled: _with(data, place, filled))
        return Opened(Splits(arrays), options, lambda filled: _with_all(data, places, filled))


def find_sets(data: Mapping[Any, Any]) -> dict[str, Place]:
    """Where the arrays to fill are, by split: `X` of the split "", `train_X`, or `X` in the dictionary `train`."""
    found: dict[str, Place] = {}
    for key, value in data.items():
        if isinstance(value, Mapping) and _is_panel(value.get(SET)):
            found[key] = (key, SET)
        elif _is_panel(value) and (key == SET or str(key).endswith(f"_{SET}")):
            found[str(key)[: -len(SET)].rstrip("_")] = (key,)
    return found


def _is_panel(value: object) -> bool:
    return getattr(value, "ndim", None) == 3


def _at(data: Mapping[Any, Any], place: Place) -> Any:
    return data[place[0]] if len(place) == 1 else _at(data[place[0]], place[1:])


def _with(data: Mapping[Any, Any], place: Place, filled: Any) -> dict[Any, Any]:
    """A copy of the dictionary with another array of the same type at a place."""
    first, inner = data[place[0]], place[1:]
    new = _with(first, inner, filled) if inner else _like(first, filled)
    return {**data, place[0]: new}


def _with_all(data: Mapping[Any, Any], places: Mapping[str, Place], filled: Mapping[str, Any]) -> Mapping[Any, Any]:
    for split, place in places.items():
        data = _with(data, place, filled[split])
    return data


def _like(given: Any, filled: Any) -> Any:
    return given.new_tensor(filled) if is_of(given, "torch", "Tensor") else filled
