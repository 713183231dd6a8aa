from pathlib import Path

import h5py
import numpy as np
import pytest

from latentfill.core.errors import EmbeddingMismatchError, InputError
from latentfill.embeddings.protocols.record import Provenance
from latentfill.embeddings.stored.h5_writing import write_split
from latentfill.embeddings.stored.opening import open_embeddings
from latentfill.embeddings.stored.packed_writing import SplitVectors, save_packed_file

REAL = Path(__file__).parents[4] / "shared/data/timekd"
VECTORS = np.arange(24, dtype=np.float32).reshape(2, 3, 4)


def write_file(path: Path) -> None:
    with h5py.File(path, "w") as file:
        file["embeddings"] = VECTORS


def test_a_folder_and_a_file_are_opened_by_the_same_call(tmp_path):
    write_split(tmp_path / "ETTh1/96", "train", VECTORS)
    write_file(tmp_path / "whole.h5")
    for place, layout, split in (("ETTh1", "split-folders", "train"), ("whole.h5", "one-file", "all")):
        stored = open_embeddings(tmp_path / place)
        assert stored.layout == layout
        np.testing.assert_array_equal(stored.read(split, 2, 3), VECTORS)


def test_a_folder_without_embeddings_is_refused_with_the_searched_layouts(tmp_path):
    with pytest.raises(InputError, match=r"holds no \.h5 embeddings.*train, val or test"):
        open_embeddings(tmp_path)
    with pytest.raises(InputError, match="is not a folder"):
        open_embeddings(tmp_path / "nowhere")
    write_file(tmp_path / "whole.h5")
    with pytest.raises(InputError, match=r"whole\.h5.*give that file itself"):
        open_embeddings(tmp_path)


def test_a_packed_file_is_opened_by_the_same_call_with_its_provenance(tmp_path):
    provenance = Provenance(encoder="student", source="computed", saw="observed")
    save_packed_file(tmp_path / "a.packed", {"val": SplitVectors((2, 3, 4), VECTORS, np.array([7, 8]))}, provenance)
    stored = open_embeddings(tmp_path / "a.packed")
    np.testing.assert_array_equal(stored.read("val", 2, 3), VECTORS)
    assert stored.starts["val"].tolist() == [7, 8]
    assert stored.provenance == provenance


@pytest.mark.skipif(not REAL.is_dir(), reason=f"the TimeKD files are not at {REAL}")
def test_real_timekd_files_do_not_pair_with_another_horizon():
    with pytest.raises(EmbeddingMismatchError, match=r"301 embeddings.*277 windows.*pred_len"):
        open_embeddings(REAL, pred_len=24).read("train", 277, 5)
