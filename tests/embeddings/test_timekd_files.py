import json
import logging
from pathlib import Path

import h5py
import numpy as np
import pytest

from latentfill.embeddings.timekd_files import (
    find_layout,
    load_split,
    open_embeddings,
    read_split,
    write_split,
)
from latentfill.errors import EmbeddingMismatchError, InputError
from latentfill.splits import SplitPlan
from latentfill.windows import split_starts

REAL = Path(__file__).parents[3] / "shared/data/timekd"


def numbered(n: int, *shape: int) -> np.ndarray:
    """N vectors of which vector i is all i, so that an order can be read off."""
    return np.broadcast_to(np.arange(n, dtype=np.float32).reshape(n, *[1] * len(shape)), (n, *shape)).copy()


def write(path: Path, values: object, dataset: str = "embeddings") -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with h5py.File(path, "w") as file:
        file[dataset] = values


# --- reading -------------------------------------------------------------------------------------


def test_windows_are_read_in_numeric_order(tmp_path):
    write_split(tmp_path, "train", numbered(12, 3, 4))
    vectors = read_split(tmp_path, "train", 12, 3)
    assert vectors.dtype == np.float32
    np.testing.assert_array_equal(vectors, numbered(12, 3, 4))


@pytest.mark.parametrize(
    ("stored", "n_columns", "expected"),
    [
        ((3, 4), 3, (3, 4)),
        ((1, 3, 4), 3, (3, 4)),
        ((3, 4, 1), 3, (3, 4)),
        ((4,), 1, (1, 4)),  # univariate, after TimeKD's bare squeeze()
        ((1, 4), 1, (1, 4)),
        ((4, 1), 1, (1, 4)),
        ((1, 4, 1), 1, (1, 4)),
        ((4,), 3, (1, 4)),  # pooled: one vector for all three columns
        ((1, 1, 4), 3, (1, 4)),
        ((3, 1), 3, (3, 1)),  # one number per column
        ((3, 2, 4), 3, (3, 8)),  # patches laid end to end
        ((3, 4), None, (3, 4)),
    ],
)
def test_any_shape_of_a_window_is_read_as_columns_and_size(tmp_path, stored, n_columns, expected):
    values = np.arange(np.prod(stored), dtype=np.float64).reshape(stored)
    write(tmp_path / "train/0.h5", values)
    vectors = read_split(tmp_path, "train", 1, n_columns)
    np.testing.assert_array_equal(vectors, values.reshape(1, *expected))


def test_another_dataset_can_be_named(tmp_path):
    write_split(tmp_path, "val", numbered(2, 3, 4), dataset="hidden")
    assert read_split(tmp_path, "val", 2, 3, dataset="hidden").shape == (2, 3, 4)


def test_strays_are_ignored_with_a_note(tmp_path, caplog):
    write_split(tmp_path, "train", numbered(2, 3, 4))
    (tmp_path / "train/notes.txt").write_text("")
    (tmp_path / "train/._0.h5").write_text("")
    with caplog.at_level(logging.INFO):
        assert read_split(tmp_path, "train", 2, 3).shape == (2, 3, 4)
    assert "notes.txt" in caplog.text
    assert "._0.h5" in caplog.text


# --- refusing ------------------------------------------------------------------------------------


def lose_windows(folder: Path) -> None:
    (folder / "3.h5").unlink()
    (folder / "5.h5").unlink()


def add_a_window(folder: Path) -> None:
    write(folder / "8.h5", numbered(1, 3, 4)[0])


def number_from_one(folder: Path) -> None:
    for i in reversed(range(8)):
        (folder / f"{i}.h5").rename(folder / f"{i + 1}.h5")


def truncate(folder: Path) -> None:
    whole = (folder / "2.h5").read_bytes()
    (folder / "2.h5").write_bytes(whole[: len(whole) // 2])
    (folder / "4.h5").write_bytes(b"")


def spoil_values(folder: Path) -> None:
    write(folder / "6.h5", [[1, 2, 3, 4], [1, np.nan, np.inf, 4], [1, 2, 3, 4]])


def change_shape(folder: Path) -> None:
    write(folder / "1.h5", np.zeros((3, 5)))


def rename_dataset(folder: Path) -> None:
    write(folder / "7.h5", np.zeros((3, 4)), dataset="prompt/last_token")


def nest_dataset(folder: Path) -> None:
    write(folder / "7.h5", np.zeros((3, 4)), dataset="embeddings/inner")


def store_words(folder: Path) -> None:
    write(folder / "7.h5", "not numbers")


def claim_absurd_size(folder: Path) -> None:
    with h5py.File(folder / "7.h5", "w") as file:
        file.create_dataset("embeddings", shape=(3, 10**12), chunks=(1, 1000), dtype="f4")


def repeat_a_number(folder: Path) -> None:
    write(folder / "07.h5", np.zeros((3, 4)))


def add_an_odd_name(folder: Path) -> None:
    write(folder / "0_copy.h5", np.zeros((3, 4)))


def add_an_absurd_number(folder: Path) -> None:
    write(folder / "999999999999999.h5", np.zeros((3, 4)))


@pytest.mark.parametrize(
    ("damage", "words"),
    [
        (lose_windows, ["6 embeddings", "8 windows", "pred_len", "split plan", "no file for window 3, 5"]),
        (add_a_window, ["9 embeddings", "8 windows", "after the last, 7: window 8"]),
        (number_from_one, ["no file for window 0", "window 8", "starts at 1"]),
        (truncate, ["cannot be read: window 2, 4", "2.h5", "truncated"]),
        (spoil_values, ["not finite: window 6", "6.h5", "2 of 12"]),
        (change_shape, ["not of the shape (3, 4) of window 0: window 1", "1.h5", "(3, 5)"]),
        (rename_dataset, ["no dataset 'embeddings': window 7", "7.h5", "prompt/last_token"]),
        (nest_dataset, ["'embeddings' is not a dataset: window 7", "inner"]),
        (store_words, ["holds no numbers: window 7", "object"]),
        (claim_absurd_size, ["too large: window 7", "1000000000000"]),
        (repeat_a_number, ["second file for the same window: 7.h5"]),
        (add_an_odd_name, ["not named by a window number: 0_copy.h5"]),
        (add_an_absurd_number, ["9 embeddings", "window 999999999999999"]),
    ],
)
def test_a_bad_folder_is_refused_by_path_and_window(tmp_path, damage, words):
    folder = write_split(tmp_path, "train", numbered(8, 3, 4))
    damage(folder)
    with pytest.raises(EmbeddingMismatchError) as caught:
        read_split(tmp_path, "train", 8, 3)
    for word in [str(folder), "inspect", *words]:
        assert word in str(caught.value)


def test_a_gap_is_found_without_an_expected_count(tmp_path):
    add_an_absurd_number(write_split(tmp_path, "train", numbered(8, 3, 4)))
    with pytest.raises(
        EmbeddingMismatchError, match=r"window 8, 9, 10, 11, 12 ... \(999999999999991 in all\)"
    ):
        read_split(tmp_path, "train")


def test_all_problems_of_a_split_are_told_at_once(tmp_path):
    folder = write_split(tmp_path, "train", numbered(8, 3, 4))
    for damage in (lose_windows, truncate, spoil_values, change_shape, rename_dataset, add_an_odd_name):
        damage(folder)
    with pytest.raises(EmbeddingMismatchError) as caught:
        read_split(tmp_path, "train", 8, 3)
    assert str(caught.value).count("\n- ") == 7


def test_long_lists_are_shortened(tmp_path):
    write_split(tmp_path, "train", numbered(8, 3, 4))
    with pytest.raises(EmbeddingMismatchError, match=r"window 8, 9, 10, 11, 12 \.\.\. \(92 in all\)"):
        read_split(tmp_path, "train", 100, 3)


def test_embeddings_of_another_number_of_columns_are_refused(tmp_path):
    write_split(tmp_path, "train", numbered(8, 3, 4))
    with pytest.raises(EmbeddingMismatchError, match=r"not embeddings of 7 columns.*3 columns"):
        read_split(tmp_path, "train", 8, 7)
    with pytest.raises(EmbeddingMismatchError, match=r"not embeddings of 4 columns.*looks transposed"):
        read_split(tmp_path, "train", 8, 4)


def test_an_absent_split_names_those_there_are(tmp_path):
    write_split(tmp_path, "train", numbered(2, 3, 4))
    with pytest.raises(InputError, match=r"no split 'test'.*train: 2.*train and val only"):
        read_split(tmp_path, "test", 2, 3)


# --- finding the layout --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("written", "given", "name", "pred_len"),
    [
        ("ETTh1/96", "ETTh1/96", "ETTh1", 96),
        ("ETTh1/96", "ETTh1", "ETTh1", 96),
        ("ETTh1/96", ".", "ETTh1", 96),
        ("root/ETTh1.csv/24", "root", "ETTh1", 24),
        ("Embeddings/ETTh1", "Embeddings", "ETTh1", None),
        ("storage/Embeddings/ETTh1", ".", "ETTh1", None),
    ],
)
def test_the_layout_is_found_from_any_parent(tmp_path, written, given, name, pred_len):
    for split in ("train", "val"):
        write_split(tmp_path / written, split, numbered(2, 3, 4))
    found = find_layout(tmp_path / given)
    assert (found.path, found.name, found.pred_len) == (tmp_path / written, name, pred_len)
    assert found.splits == {"train": 2, "val": 2}
    assert found.layout == "split-folders"


def test_several_candidates_are_narrowed_by_name_and_pred_len(tmp_path):
    for place in ("ETTh1/24", "ETTh1/96", "ETTh2/96"):
        write_split(tmp_path / place, "train", numbered(2, 3, 4))
    assert find_layout(tmp_path, name="ETTh2").path == tmp_path / "ETTh2/96"
    assert find_layout(tmp_path, name="ETTh1", pred_len=24).path == tmp_path / "ETTh1/24"
    assert find_layout(tmp_path, pred_len=24).path == tmp_path / "ETTh1/24"


@pytest.mark.parametrize(
    ("narrowed", "words"),
    [
        ({}, ["nothing says which", "ETTh1/24 (train: 2)", "ETTh1/96 (train: 2)", "ETTh2/96"]),
        ({"name": "ETTh1"}, ["2 of them for name 'ETTh1'", "ETTh1/24", "ETTh1/96"]),
        ({"name": "weather"}, ["none of them for name 'weather'", "ETTh1/24", "ETTh2/96"]),
        ({"pred_len": 7}, ["none of them for pred_len 7"]),
    ],
)
def test_what_stays_undecided_is_listed(tmp_path, narrowed, words):
    for place in ("ETTh1/24", "ETTh1/96", "ETTh2/96"):
        write_split(tmp_path / place, "train", numbered(2, 3, 4))
    with pytest.raises(InputError) as caught:
        find_layout(tmp_path, **narrowed)
    assert all(word in str(caught.value) for word in words)


def test_files_in_no_split_are_one_split_called_all(tmp_path):
    write_split(tmp_path / "vectors", "all", numbered(3, 1, 4))
    found = open_embeddings(tmp_path / "vectors")
    assert (found.splits, found.layout) == ({"all": 3}, "one-folder")
    np.testing.assert_array_equal(found.read("all", 3, 5), numbered(3, 1, 4))


def test_a_split_folder_given_itself_keeps_its_name(tmp_path):
    write_split(tmp_path / "ETTh1/96", "val", numbered(3, 1, 4))
    found = find_layout(tmp_path / "ETTh1/96/val")
    assert (found.splits, found.name, found.pred_len) == ({"val": 3}, "ETTh1", 96)


def test_a_folder_without_embeddings_says_what_was_looked_for(tmp_path):
    with pytest.raises(InputError, match=r"holds no \.h5 embeddings.*train, val or test"):
        open_embeddings(tmp_path)
    with pytest.raises(InputError, match="is not a folder"):
        open_embeddings(tmp_path / "nowhere")
    write(tmp_path / "bank.h5", np.zeros((2, 3, 4)))
    with pytest.raises(InputError, match=r"bank\.h5.*give that file itself"):
        open_embeddings(tmp_path)


# --- writing -------------------------------------------------------------------------------------


def test_a_split_is_not_written_over_another(tmp_path):
    write_split(tmp_path, "train", numbered(3, 1, 4))
    with pytest.raises(InputError, match="not empty"):
        write_split(tmp_path, "train", numbered(2, 1, 4))
    assert len(list((tmp_path / "train").iterdir())) == 3


def test_a_failed_write_leaves_nothing_behind(tmp_path):
    with pytest.raises(TypeError):
        write_split(tmp_path, "train", [np.zeros((1, 4)), object()])
    assert list(tmp_path.iterdir()) == []


# --- one file ------------------------------------------------------------------------------------


def test_one_file_may_hold_one_dataset(tmp_path):
    write(tmp_path / "bank.h5", numbered(5, 3, 4))
    bank = open_embeddings(tmp_path / "bank.h5")
    assert (bank.splits, bank.layout) == ({"all": 5}, "one-file")
    np.testing.assert_array_equal(bank.read("all", 5, 3), numbered(5, 3, 4))


@pytest.mark.parametrize("node", ["{split}", "{split}/embeddings"])
def test_one_file_may_hold_a_dataset_or_a_group_per_split(tmp_path, node):
    with h5py.File(tmp_path / "bank.h5", "w") as file:
        file[node.format(split="train")] = numbered(5, 3, 4)
        file[node.format(split="val")] = numbered(2, 3, 4)
    bank = open_embeddings(tmp_path / "bank.h5")
    assert bank.splits == {"train": 5, "val": 2}
    np.testing.assert_array_equal(bank.read("val", 2, 3), numbered(2, 3, 4))


@pytest.mark.parametrize("stored", [(4,), (1, 4), (4, 1)])
def test_a_bank_of_univariate_vectors_gets_its_column_axis_back(tmp_path, stored):
    write(tmp_path / "bank.h5", numbered(5, *stored))
    np.testing.assert_array_equal(open_embeddings(tmp_path / "bank.h5").read("all", 5, 1), numbered(5, 1, 4))


def test_a_bank_tells_all_its_problems_at_once(tmp_path):
    vectors = numbered(5, 3, 4)
    vectors[2, 0, 1] = np.nan
    write(tmp_path / "bank.h5", vectors)
    bank = open_embeddings(tmp_path / "bank.h5")
    with pytest.raises(EmbeddingMismatchError, match=r"5 embeddings.*6 windows(.|\n)*not finite: window 2"):
        bank.read("all", 6, 3)
    with pytest.raises(EmbeddingMismatchError, match=r"not embeddings of 7 columns: 3 columns"):
        bank.read("all", 5, 7)


def test_a_file_without_the_dataset_lists_those_it_has(tmp_path):
    write(tmp_path / "bank.h5", numbered(5, 3, 4), dataset="hidden/states")
    with pytest.raises(InputError, match=r"no dataset 'embeddings'.*hidden/states.*--dataset"):
        open_embeddings(tmp_path / "bank.h5")
    assert open_embeddings(tmp_path / "bank.h5", dataset="hidden/states").splits == {"all": 5}


def test_a_file_that_is_not_hdf5_is_refused_by_name(tmp_path):
    (tmp_path / "bank.h5").write_text("time,OT\n")
    with pytest.raises(InputError, match=r"bank\.h5 cannot be read as HDF5"):
        open_embeddings(tmp_path / "bank.h5")


def test_the_file_of_one_window_is_not_taken_for_a_bank(tmp_path):
    write_split(tmp_path, "train", numbered(3, 3, 4))
    with pytest.raises(InputError, match=r"one window.*Give its folder"):
        open_embeddings(tmp_path / "train/0.h5")


# --- describing ----------------------------------------------------------------------------------


def test_a_folder_is_described_in_plain_values(tmp_path):
    # vector i is (i, i, i, i), of length 2i
    folder = write_split(tmp_path / "ETTh1/96", "train", numbered(4, 3, 4))
    (folder / "2.h5").unlink()
    described = open_embeddings(tmp_path).describe()
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
                "dtype": "float32",
                "problems": [],
                "n_sampled": 3,
                "n_not_finite": 0,
                "norm": {"min": 0.0, "mean": pytest.approx(8 / 3), "max": 6.0},
            }
        },
    }


def test_describing_a_damaged_folder_reports_the_damage(tmp_path):
    folder = write_split(tmp_path, "train", numbered(8, 3, 4))
    for damage in (truncate, spoil_values, change_shape, claim_absurd_size, add_an_odd_name):
        damage(folder)
    described = find_layout(tmp_path).describe()["splits"]["train"]
    assert described["shapes"] == [[3, 4], [3, 5]]
    assert described["n_not_finite"] == 2
    assert len(described["problems"]) == 3


def test_a_bank_is_described_from_a_sample(tmp_path):
    write(tmp_path / "bank.h5", np.ones((500, 3, 4)))
    described = open_embeddings(tmp_path / "bank.h5").describe()
    assert described["layout"] == "one-file"
    everything = described["splits"]["all"]
    assert (everything["count"], everything["n_sampled"], everything["dtype"]) == (500, 64, "float64")
    assert everything["norm"] == {"min": 2.0, "mean": 2.0, "max": 2.0}


# --- real files ----------------------------------------------------------------------------------


@pytest.mark.skipif(not REAL.is_dir(), reason=f"the TimeKD files are not at {REAL}")
def test_real_timekd_files_pair_with_the_windows_of_their_table():
    plan = SplitPlan(kind="custom", seq_len=96, pred_len=24)
    stored = open_embeddings(REAL, name="cambridge5", pred_len=24)
    n_rows = len((REAL / "cambridge5.csv").read_text().splitlines()) - 1
    assert stored.splits == {"train": 301, "val": 37}
    for split in ("train", "val"):
        starts = split_starts(plan.splits(n_rows)[split], plan.seq_len, plan.pred_len)
        embeddings = load_split(stored, split, starts, 5, source=REAL)
        assert embeddings.vectors.shape == (stored.splits[split], 5, 768)
        assert embeddings.provenance.saw == "unknown"


@pytest.mark.skipif(not REAL.is_dir(), reason=f"the TimeKD files are not at {REAL}")
def test_real_timekd_files_refuse_another_horizon():
    with pytest.raises(EmbeddingMismatchError, match=r"301 embeddings.*277 windows.*pred_len"):
        read_split(REAL, "train", 277, 5)
