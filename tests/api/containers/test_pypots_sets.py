"""Sets of PyPOTS, in memory and in HDF5 files, come back with their arrays X filled."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest
import torch

import latentfill
from latentfill import Imputer, InputError

QUICK = {"model": "shared", "effort": "quick"}


@pytest.fixture
def complete() -> np.ndarray:
    """24 walks of 30 steps in three columns."""
    return np.cumsum(np.random.default_rng(0).normal(size=(24, 30, 3)), axis=1).astype(np.float32)


@pytest.fixture
def gappy(complete: np.ndarray) -> np.ndarray:
    return np.where(np.random.default_rng(1).random(complete.shape) < 0.3, np.nan, complete).astype(np.float32)


def check(filled: Any, given: Any) -> None:
    """A filled array of the same type, with the readings that were given."""
    assert type(filled) is type(given)
    assert filled.dtype == given.dtype
    filled, given = np.asarray(filled), np.asarray(given)
    assert not np.isnan(filled).any()
    np.testing.assert_array_equal(filled[~np.isnan(given)], given[~np.isnan(given)])


def test_x_is_filled_and_all_else_passes_through(gappy: np.ndarray, complete: np.ndarray):
    given = {"X": gappy, "X_ori": complete, "X_pred": gappy[:, :5], "y": np.arange(24), "name": "made"}
    filled = latentfill.impute(given, **QUICK)
    assert list(filled) == list(given)
    check(filled["X"], gappy)
    for name in ("X_ori", "X_pred", "y", "name"):
        assert filled[name] is given[name]
    assert given["X"] is gappy
    assert np.isnan(gappy).any()
    np.testing.assert_array_equal(filled["X"], latentfill.impute(gappy, **QUICK))


def test_the_splits_of_load_dataset_are_filled_by_the_model_of_train(gappy: np.ndarray, complete: np.ndarray):
    given = {
        "n_steps": 30,
        "scaler": object(),
        "train_X": gappy[:12],
        "val_X": gappy[12:18],
        "val_X_ori": complete[12:18],
        "test_X": gappy[18:],
        "test_y": np.zeros(6),
    }
    filled = latentfill.impute(given, **QUICK)
    for name in ("train_X", "val_X", "test_X"):
        check(filled[name], given[name])
    for name in ("n_steps", "scaler", "val_X_ori", "test_y"):
        assert filled[name] is given[name]
    other = latentfill.impute(given | {"test_X": -gappy[18:]}, **QUICK)
    np.testing.assert_array_equal(other["val_X"], filled["val_X"])


def test_sets_by_split_may_be_dictionaries_and_hold_tensors(gappy: np.ndarray):
    given = {"train": {"X": torch.from_numpy(gappy[:12]), "y": [1, 2]}, "test": {"X": torch.from_numpy(gappy[12:])}}
    filled = latentfill.impute(given, **QUICK)
    check(filled["train"]["X"], given["train"]["X"])
    check(filled["test"]["X"], given["test"]["X"])
    assert filled["train"]["y"] is given["train"]["y"]
    flat = latentfill.impute({"train_X": gappy[:12], "test_X": gappy[12:]}, **QUICK)
    np.testing.assert_array_equal(filled["test"]["X"], flat["test_X"])


def test_whole_numbers_that_are_stored_as_floats_stay_whole():
    counts = np.random.default_rng(0).integers(0, 100, (8, 40, 2)).astype(float)
    counts[:, 10:14, 0] = np.nan
    filled = latentfill.impute({"X": counts}, **QUICK)["X"]
    np.testing.assert_array_equal(filled, filled.round())


def write(path: Path, content: dict[str, Any]) -> Path:
    """A file as `pypots.data.save_dict_into_h5` writes it: a group for each dictionary."""
    with h5py.File(path, "w") as file:
        for name, value in content.items():
            for inner, array in value.items() if isinstance(value, dict) else [("", value)]:
                file[f"{name}/{inner}" if inner else name] = array
    return path


@pytest.mark.parametrize("ending", [".h5", ".hdf5", ".H5"])
def test_a_file_gives_a_dictionary(gappy: np.ndarray, complete: np.ndarray, tmp_path: Path, ending: str):
    path = write(tmp_path / f"set{ending}", {"X": gappy, "X_ori": complete, "y": np.arange(24)})
    for given in (path, str(path)):
        filled = latentfill.impute(given, **QUICK)
        assert set(filled) == {"X", "X_ori", "y"}
        check(filled["X"], gappy)
        np.testing.assert_array_equal(filled["X_ori"], complete)


def test_a_file_may_hold_splits(gappy: np.ndarray, tmp_path: Path):
    path = write(tmp_path / "sets.h5", {"train": {"X": gappy[:12]}, "test": {"X": gappy[12:]}, "n": 30})
    filled = latentfill.impute(path, **QUICK)
    check(filled["test"]["X"], gappy[12:])
    assert filled["n"] == 30


def test_files_without_such_arrays_are_refused(tmp_path: Path):
    path = write(tmp_path / "other.h5", {"embeddings": np.zeros((3, 4)), "X": np.zeros((3, 4))})
    with pytest.raises(InputError, match=r"other.h5 holds 'X', 'embeddings', but no array X"):
        latentfill.impute(path)
    with pytest.raises(InputError, match=r"There is no file .*missing.h5"):
        latentfill.impute(tmp_path / "missing.h5")
    (tmp_path / "text.h5").write_text("a,b\n1,2\n")
    with pytest.raises(InputError, match=r"text.h5 cannot be read as HDF5"):
        latentfill.impute(tmp_path / "text.h5")


def test_an_imputer_needs_one_series(gappy: np.ndarray):
    for given in ({"X": gappy}, {"train_X": gappy, "test_X": gappy}):
        with pytest.raises(InputError, match=r"many series.*latentfill.impute"):
            Imputer().fit(given)
        with pytest.raises(InputError, match="many series"):
            latentfill.evaluate(given)


def test_pypots_reads_what_comes_back(gappy: np.ndarray, complete: np.ndarray, tmp_path: Path):
    saving = pytest.importorskip("pypots.data.saving", reason="pypots is not installed", exc_type=ImportError)
    path = str(tmp_path / "set.h5")
    saving.save_dict_into_h5({"X": gappy, "X_ori": complete}, path)
    filled = latentfill.impute(path, **QUICK)
    saving.save_dict_into_h5(filled, path)
    np.testing.assert_array_equal(saving.load_dict_from_h5(path)["X"], filled["X"])
