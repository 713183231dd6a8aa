import json

import numpy as np
import pytest

from latentfill.core.errors import InputError
from latentfill.embeddings.protocols.record import Provenance
from latentfill.embeddings.stored.h5_search import find_layout
from latentfill.embeddings.stored.h5_writing import write_split

VECTORS = np.arange(24, dtype=np.float32).reshape(2, 3, 4)


@pytest.mark.parametrize(
    ("written", "opened", "name", "pred_len"),
    [
        ("ETTh1/96", "ETTh1/96", "ETTh1", 96),
        ("ETTh1/96", "ETTh1", "ETTh1", 96),
        ("ETTh1/96", ".", "ETTh1", 96),
        ("root/ETTh1.csv/24", "root", "ETTh1", 24),
        ("Embeddings/ETTh1", "Embeddings", "ETTh1", None),
        ("storage/Embeddings/ETTh1", ".", "ETTh1", None),
    ],
)
def test_the_layout_is_found_from_any_parent(tmp_path, written, opened, name, pred_len):
    for split in ("train", "val"):
        write_split(tmp_path / written, split, VECTORS)
    found = find_layout(tmp_path / opened)
    assert (found.path, found.name, found.pred_len) == (tmp_path / written, name, pred_len)
    assert found.splits == {"train": 2, "val": 2}
    assert found.layout == "split-folders"


def test_several_candidates_are_narrowed_by_name_and_pred_len(tmp_path):
    for place in ("ETTh1/24", "ETTh1/96", "ETTh2/96"):
        write_split(tmp_path / place, "train", VECTORS)
    assert find_layout(tmp_path, name="ETTh2").path == tmp_path / "ETTh2/96"
    assert find_layout(tmp_path, name="ETTh1", pred_len=24).path == tmp_path / "ETTh1/24"
    assert find_layout(tmp_path, pred_len=24).path == tmp_path / "ETTh1/24"


@pytest.mark.parametrize(
    ("narrowed", "words"),
    [
        ({}, ["and none was chosen", "ETTh1/24 (train: 2)", "ETTh1/96 (train: 2)", "ETTh2/96"]),
        ({"name": "ETTh1"}, ["2 of them with name 'ETTh1'", "ETTh1/24", "ETTh1/96"]),
        ({"name": "weather"}, ["none of them with name 'weather'", "ETTh1/24", "ETTh2/96"]),
        ({"pred_len": 7}, ["none of them with pred_len 7"]),
    ],
)
def test_several_remaining_candidates_are_listed(tmp_path, narrowed, words):
    for place in ("ETTh1/24", "ETTh1/96", "ETTh2/96"):
        write_split(tmp_path / place, "train", VECTORS)
    with pytest.raises(InputError) as caught:
        find_layout(tmp_path, **narrowed)
    assert all(word in str(caught.value) for word in words)


def test_files_in_no_split_are_one_split_called_all(tmp_path):
    write_split(tmp_path / "vectors", "all", VECTORS)
    found = find_layout(tmp_path / "vectors")
    assert (found.splits, found.layout) == ({"all": 2}, "one-folder")
    np.testing.assert_array_equal(found.read("all", 2, 3), VECTORS)


def test_a_split_folder_opened_directly_keeps_its_name(tmp_path):
    write_split(tmp_path / "ETTh1/96", "val", VECTORS)
    found = find_layout(tmp_path / "ETTh1/96/val")
    assert (found.splits, found.name, found.pred_len) == ({"val": 2}, "ETTh1", 96)


def test_a_missing_split_is_reported_with_the_existing_splits(tmp_path):
    write_split(tmp_path, "train", VECTORS)
    with pytest.raises(InputError, match=r"no split 'test'.*train: 2.*train and val only"):
        find_layout(tmp_path).read("test", 2, 3)


def test_a_folder_is_described_in_plain_values(tmp_path):
    # vector i is (i, i, i, i), of length 2i
    folder = write_split(tmp_path / "ETTh1/96", "train", np.ones((4, 3, 4)) * np.arange(4.0)[:, None, None])
    (folder / "2.h5").unlink()
    described = find_layout(tmp_path).describe()
    assert described.pop("provenance") == Provenance.unknown(tmp_path / "ETTh1/96").to_dict()
    assert json.loads(json.dumps(described)) == {
        "path": str(tmp_path / "ETTh1/96"),
        "layout": "split-folders",
        "dataset": "embeddings",
        "name": "ETTh1",
        "pred_len": 96,
        "splits": {
            "train": {
                "count": 3,
                "n_missing": 1,
                "missing": [2],
                "shapes": [[3, 4]],
                "dtype": "float64",
                "problems": [],
                "n_sampled": 3,
                "n_not_finite": 0,
                "norm": {"min": 0.0, "mean": pytest.approx(8 / 3), "max": 6.0},
            }
        },
    }


def test_a_damaged_record_of_a_set_that_is_not_chosen_is_ignored(tmp_path):
    for name in ("one", "other"):
        write_split(tmp_path / name / "96", "train", VECTORS)
    (tmp_path / "other/96/latentfill.json").write_text("{")
    assert find_layout(tmp_path, "one").provenance == Provenance.unknown(tmp_path / "one/96")
    with pytest.raises(InputError, match="is no record"):
        _ = find_layout(tmp_path, "other").provenance
