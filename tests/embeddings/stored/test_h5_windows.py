import logging
from pathlib import Path

import h5py
import numpy as np
import pytest

from latentfill.core.errors import EmbeddingMismatchError, InputError
from latentfill.embeddings.stored.h5_windows import describe_windows, read_windows
from latentfill.embeddings.stored.h5_writing import write_split


def numbered(n: int, *shape: int) -> np.ndarray:
    """N vectors; all values of vector i are i, which shows the order."""
    return np.broadcast_to(np.arange(n, dtype=np.float32).reshape(n, *[1] * len(shape)), (n, *shape)).copy()


def write(path: Path, values: object, dataset: str = "embeddings") -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with h5py.File(path, "w") as file:
        file[dataset] = values


# --- reading -------------------------------------------------------------------------------------


def test_windows_are_read_in_numeric_order(tmp_path):
    write_split(tmp_path, "train", numbered(12, 3, 4))
    vectors = read_windows(tmp_path / "train", 12, 3)
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
def test_the_shape_of_a_window_is_interpreted_as_columns_and_size(tmp_path, stored, n_columns, expected):
    values = np.arange(np.prod(stored), dtype=np.float64).reshape(stored)
    write(tmp_path / "train/0.h5", values)
    vectors = read_windows(tmp_path / "train", 1, n_columns)
    np.testing.assert_array_equal(vectors, values.reshape(1, *expected))


def test_another_dataset_can_be_named(tmp_path):
    write_split(tmp_path, "val", numbered(2, 3, 4), dataset="hidden")
    assert read_windows(tmp_path / "val", 2, 3, dataset="hidden").shape == (2, 3, 4)


def test_other_files_are_ignored_with_a_note(tmp_path, caplog):
    write_split(tmp_path, "train", numbered(2, 3, 4))
    (tmp_path / "train/notes.txt").write_text("")
    (tmp_path / "train/._0.h5").write_text("")
    with caplog.at_level(logging.INFO):
        assert read_windows(tmp_path / "train", 2, 3).shape == (2, 3, 4)
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
        (lose_windows, ["no file for window 3, 5"]),
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
        read_windows(tmp_path / "train", 8, 3)
    for word in [str(folder), "inspect", *words]:
        assert word in str(caught.value)


def test_a_missing_window_is_found_without_an_expected_count(tmp_path):
    add_an_absurd_number(write_split(tmp_path, "train", numbered(8, 3, 4)))
    with pytest.raises(EmbeddingMismatchError, match=r"window 8, 9, 10, 11, 12 ... \(999999999999991 in all\)"):
        read_windows(tmp_path / "train")


def test_all_problems_of_a_split_are_reported_at_once(tmp_path):
    folder = write_split(tmp_path, "train", numbered(8, 3, 4))
    for damage in (lose_windows, truncate, spoil_values, change_shape, rename_dataset, add_an_odd_name):
        damage(folder)
    with pytest.raises(EmbeddingMismatchError) as caught:
        read_windows(tmp_path / "train", 8, 3)
    assert str(caught.value).count("\n- ") == 6


def test_long_lists_are_shortened(tmp_path):
    write_split(tmp_path, "train", numbered(8, 3, 4))
    with pytest.raises(EmbeddingMismatchError, match=r"window 8, 9, 10, 11, 12 \.\.\. \(92 in all\)"):
        read_windows(tmp_path / "train", 100, 3)


def test_embeddings_of_another_number_of_columns_are_refused(tmp_path):
    write_split(tmp_path, "train", numbered(8, 3, 4))
    with pytest.raises(EmbeddingMismatchError, match=r"not embeddings of 7 columns.*3 columns"):
        read_windows(tmp_path / "train", 8, 7)
    write_split(tmp_path, "val", np.zeros((8, 3, 2, 7)))
    with pytest.raises(
        EmbeddingMismatchError, match=r"not embeddings of 7 columns.*the columns must be the first axis"
    ):
        read_windows(tmp_path / "val", 8, 7)


@pytest.mark.parametrize("leading", [(), (1,)])
def test_vectors_with_the_columns_last_are_recognised_by_the_number_of_columns(tmp_path, leading):
    """TimeCMA stores (size, columns)."""
    vectors = numbered(8, 3, 4)
    write_split(tmp_path, "train", vectors.swapaxes(1, 2).reshape(8, *leading, 4, 3))
    np.testing.assert_array_equal(read_windows(tmp_path / "train", 8, 3), vectors)


# --- writing -------------------------------------------------------------------------------------


def test_a_split_does_not_replace_an_existing_one(tmp_path):
    write_split(tmp_path, "train", numbered(3, 1, 4))
    with pytest.raises(InputError, match="not empty"):
        write_split(tmp_path, "train", numbered(2, 1, 4))
    assert len(list((tmp_path / "train").iterdir())) == 3


def test_a_failed_write_leaves_nothing_behind(tmp_path):
    with pytest.raises(TypeError):
        write_split(tmp_path, "train", [np.zeros((1, 4)), object()])
    assert list(tmp_path.iterdir()) == []


# --- describing ----------------------------------------------------------------------------------
def test_describing_a_damaged_folder_reports_the_damage(tmp_path):
    folder = write_split(tmp_path, "train", numbered(8, 3, 4))
    for damage in (truncate, spoil_values, change_shape, claim_absurd_size, add_an_odd_name):
        damage(folder)
    described = describe_windows(folder)
    assert described["shapes"] == [[3, 4], [3, 5]]
    assert described["n_not_finite"] == 2
    assert len(described["problems"]) == 3
