from pathlib import Path

import h5py
import numpy as np
import pytest

from latentfill.core.errors import EmbeddingMismatchError, InputError
from latentfill.embeddings.stored.h5_file import open_file
from latentfill.embeddings.stored.h5_writing import write_split

VECTORS = np.arange(60, dtype=np.float32).reshape(5, 3, 4)


def write(path: Path, values: object, dataset: str = "embeddings") -> None:
    with h5py.File(path, "w") as file:
        file[dataset] = values


def test_one_file_may_hold_one_dataset(tmp_path):
    write(tmp_path / "whole.h5", VECTORS)
    whole = open_file(tmp_path / "whole.h5")
    assert (whole.splits, whole.layout) == ({"all": 5}, "one-file")
    np.testing.assert_array_equal(whole.read("all", 5, 3), VECTORS)


@pytest.mark.parametrize("node", ["{split}", "{split}/embeddings"])
def test_one_file_may_hold_a_dataset_or_a_group_per_split(tmp_path, node):
    with h5py.File(tmp_path / "whole.h5", "w") as file:
        file[node.format(split="train")] = VECTORS
        file[node.format(split="val")] = VECTORS[:2]
    whole = open_file(tmp_path / "whole.h5")
    assert whole.splits == {"train": 5, "val": 2}
    np.testing.assert_array_equal(whole.read("val", 2, 3), VECTORS[:2])


@pytest.mark.parametrize("stored", [(4,), (1, 4), (4, 1)])
def test_a_column_axis_is_added_to_univariate_vectors_in_a_file_of_all_windows(tmp_path, stored):
    write(tmp_path / "whole.h5", VECTORS[:, 0].reshape(5, *stored))
    np.testing.assert_array_equal(open_file(tmp_path / "whole.h5").read("all", 5, 1), VECTORS[:, :1])


def test_all_problems_of_a_file_of_all_windows_are_reported_at_once(tmp_path):
    vectors = VECTORS.copy()
    vectors[2, 0, 1] = np.nan
    write(tmp_path / "whole.h5", vectors)
    whole = open_file(tmp_path / "whole.h5")
    with pytest.raises(EmbeddingMismatchError, match=r"5 embeddings.*6 windows(.|\n)*not finite: window 2"):
        whole.read("all", 6, 3)
    with pytest.raises(EmbeddingMismatchError, match=r"not embeddings of 7 columns: 3 columns"):
        whole.read("all", 5, 7)


def test_a_file_without_the_dataset_is_refused_with_a_list_of_its_datasets(tmp_path):
    write(tmp_path / "whole.h5", VECTORS, dataset="hidden/states")
    with pytest.raises(InputError, match=r"no dataset 'embeddings'.*hidden/states.*--dataset"):
        open_file(tmp_path / "whole.h5")
    assert open_file(tmp_path / "whole.h5", dataset="hidden/states").splits == {"all": 5}


def test_a_file_that_is_not_hdf5_is_refused_by_name(tmp_path):
    (tmp_path / "whole.h5").write_text("time,OT\n")
    with pytest.raises(InputError, match=r"whole\.h5 cannot be read as HDF5"):
        open_file(tmp_path / "whole.h5")


def test_the_file_of_one_window_is_refused_as_a_file_of_all_windows(tmp_path):
    write_split(tmp_path, "train", VECTORS)
    with pytest.raises(InputError, match=r"one window.*Give its folder"):
        open_file(tmp_path / "train/0.h5")


def test_a_file_of_all_windows_is_described_from_a_sample(tmp_path):
    write(tmp_path / "whole.h5", np.ones((500, 3, 4)))
    described = open_file(tmp_path / "whole.h5").describe()
    assert described["layout"] == "one-file"
    everything = described["splits"]["all"]
    assert (everything["count"], everything["n_sampled"], everything["dtype"]) == (500, 64, "float64")
    assert everything["norm"] == {"min": 2.0, "mean": 2.0, "max": 2.0}
