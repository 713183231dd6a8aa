"""The model of many series, fitted to a sample of them and kept beside the output, so that it is fitted once."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import asdict
from importlib.metadata import version
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np

from latentfill.api.data_sets.bunches import copied
from latentfill.api.data_sets.series_reader import OneSeries, SeriesReader
from latentfill.api.data_sets.units import Unit
from latentfill.core.errors import InputError, LatentFillError
from latentfill.core.inputs import digest
from latentfill.core.json_text import parse_json
from latentfill.core.places import Place
from latentfill.core.series import Series
from latentfill.imputation.imputer import Imputer
from latentfill.imputation.model_choice import ModelChoice, SeriesModel
from latentfill.imputation.validation.holdout import evenly

SAMPLED_BYTES = 1 << 23  # of the files that the model is learnt from, about
FEWEST_UNITS, MOST_UNITS = 8, 512  # of files in the sample
SAMPLED_SERIES = 512
MODEL, CHOICE = "model", "model.json"


class Sample:
    """Series evenly from all, with a digest of their files; an `InputError` if none can be read."""

    def __init__(self, reader: SeriesReader, units: Sequence[Unit]) -> None:
        found: list[OneSeries] = []
        problems: list[str] = []
        self.digest = ""
        for unit in sampled(units):
            with copied(unit) as paths:
                parts = [self.digest, *unit.labels, *map(digest, paths)]
                try:
                    found += reader.read(unit.labels, paths)
                except LatentFillError as error:  # which costs only these files
                    problems.append(str(error))
            self.digest = hashlib.sha256("\0".join(parts).encode()).hexdigest()
        readable = [each for each in found if each.table is not None]
        if not readable:
            problems += [each.problem for each in found]
            raise InputError(f"None of the {len(problems)} series that were tried can be used. {problems[0]}")
        self.series = [readable[at] for at in evenly(np.arange(len(readable)), SAMPLED_SERIES).tolist()]


def sampled(units: Sequence[Unit]) -> list[Unit]:
    """Units evenly from all, of about `SAMPLED_BYTES`."""
    mean = sum(unit.size for unit in units) / len(units)
    n = int(np.clip(SAMPLED_BYTES / max(1.0, mean), FEWEST_UNITS, MOST_UNITS))
    return [units[at] for at in evenly(np.arange(len(units)), n).tolist()]


def model_of(sample: Sample, imputer: Imputer, folder: Place) -> SeriesModel:
    """The model of the series: the one in the folder, if it was fitted to the same sample with the same settings.

    A new one is written into the folder, and read from there: so it is the same, whether it is new or not.
    """
    settings = [version("latentfill"), imputer.config.to_dict(), asdict(imputer.options), sample.digest]
    key = hashlib.sha256(json.dumps(settings, sort_keys=True).encode()).hexdigest()
    known = _read(folder, key)
    if known is not None:
        return known
    series = [each.table.series for each in sample.series if each.table is not None]
    _write(_fit(series, imputer), imputer, folder, key)
    known = _read(folder, key)
    assert known is not None
    return known


def _fit(series: Sequence[Series], imputer: Imputer) -> SeriesModel:
    return SeriesModel.fit(series, imputer.config, imputer.progress)


def _write(model: SeriesModel, imputer: Imputer, folder: Place, key: str) -> None:
    if model.shared is not None:
        from latentfill.imputation.saving.model_folder import save_model

        options = {name: value for name, value in asdict(imputer.options).items() if name != "regular"}
        with TemporaryDirectory(prefix="latentfill-") as temporary:
            save_model(model.shared, Path(temporary) / MODEL, {"table": options, "embedding_digests": {}})
            for path in sorted((Path(temporary) / MODEL).iterdir()):
                folder.child(f"{MODEL}/{path.name}").write_bytes(path.read_bytes())
    record = {"key": key, "choice": asdict(model.choice)}
    folder.child(CHOICE).write_bytes((json.dumps(record, indent=1) + "\n").encode())


def _read(folder: Place, key: str) -> SeriesModel | None:
    """The model in the folder with this key; None if there is none, or if it is damaged."""
    data = folder.child(CHOICE).read_bytes()
    try:
        record: Any = parse_json(data.decode()) if data is not None else {}
        if not isinstance(record, dict) or record.get("key") != key:
            return None
        choice = ModelChoice(**record["choice"])
        return SeriesModel(choice, _load(folder.child(MODEL)) if choice.shared else None)
    except (ValueError, KeyError, TypeError, LatentFillError):
        return None


def _load(folder: Place) -> Any:
    from latentfill.imputation.saving.model_folder import FILES, load_model

    with TemporaryDirectory(prefix="latentfill-") as temporary:
        for name in FILES:
            (Path(temporary) / name).write_bytes(folder.child(name).read_bytes() or b"")
        return load_model(temporary)[0]
