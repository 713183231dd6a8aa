from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from safetensors import safe_open
from safetensors.numpy import load_file, save_file

from latentfill.core.errors import EmbeddingMismatchError, InputError
from latentfill.embeddings.protocols.record import Embeddings, Provenance, RecordedTable
from latentfill.embeddings.stored.packed_digest import seal
from latentfill.embeddings.stored.packed_file import RECORD, is_packed_file, load_packed_file
from latentfill.embeddings.stored.packed_writing import BesideVectors, SplitVectors, save_packed_file


def provenance_of(**more: Any) -> Provenance:
    return Provenance(**({"encoder": "student", "source": "computed", "settings": {"size": 3}} | more))


def vectors(n: int) -> np.ndarray:
    return np.arange(n * 6, dtype=np.float32).reshape(n, 2, 3)


def part(n: int = 4, *, starts: bool = True) -> SplitVectors:
    return SplitVectors((n, 2, 3), vectors(n), np.arange(n) * 10 if starts else None)


def saved(path: Path, **more: Any) -> Path:
    return save_packed_file(path / "a.packed", {"train": part(4), "val": part(2, starts=False)}, provenance_of(**more))


def test_a_packed_file_is_loaded_as_it_was_saved(tmp_path: Path):
    expected = provenance_of(window={"length": 96, "stride": 24}, deterministic=True, saw="observed")
    packed = load_packed_file(
        save_packed_file(tmp_path / "b", {"train": part(4), "val": part(2, starts=False)}, expected)
    )
    assert packed.splits == {"train": 4, "val": 2}
    np.testing.assert_array_equal(packed.read("train", 4, 2), vectors(4))
    np.testing.assert_array_equal(packed.read("val"), vectors(2))
    assert packed.starts["train"].tolist() == [0, 10, 20, 30]
    assert "val" not in packed.starts
    assert packed.provenance == expected


def test_vectors_are_memory_mapped_and_read_only(tmp_path: Path):
    found = load_packed_file(saved(tmp_path)).read("train")
    assert isinstance(found, np.memmap)
    with pytest.raises(ValueError, match="read-only"):
        found[0, 0, 0] = 1.0


def test_the_safetensors_library_reads_a_packed_file(tmp_path: Path):
    found = load_file(saved(tmp_path))
    np.testing.assert_array_equal(found["train.vectors"], vectors(4))
    np.testing.assert_array_equal(found["train.starts"], [0, 10, 20, 30])
    assert set(found) == {"train.vectors", "train.starts", "val.vectors"}


def test_an_empty_split_is_loaded_as_empty(tmp_path: Path):
    packed = load_packed_file(save_packed_file(tmp_path / "b", {"all": part(0)}, provenance_of()))
    assert packed.read("all", 0).shape == (0, 2, 3)


def test_vectors_are_written_one_after_the_other(tmp_path: Path):
    """Only one vector needs to be in memory, so a packed file may be larger than the memory."""
    held: list[int] = []

    def each():
        for vector in vectors(50):
            held.append(len(held))
            yield vector
            held.pop()

    save_packed_file(tmp_path / "b", {"all": SplitVectors((50, 2, 3), each())}, provenance_of())
    assert held == []
    np.testing.assert_array_equal(load_packed_file(tmp_path / "b").read("all"), vectors(50))


def test_saving_does_not_replace_existing_files(tmp_path: Path):
    path = saved(tmp_path)
    with pytest.raises(InputError, match=r"exists already\. Allow it"):
        save_packed_file(path, {"all": part(1)}, provenance_of())
    save_packed_file(path, {"all": part(1)}, provenance_of(), overwrite=True)
    assert load_packed_file(path).splits == {"all": 1}
    other = tmp_path / "scores.csv"
    other.write_text("a,b\n")
    with pytest.raises(InputError, match="is no packed file"):
        save_packed_file(other, {"all": part(1)}, provenance_of(), overwrite=True)
    assert other.read_text() == "a,b\n"


def test_a_failed_save_leaves_the_old_packed_file_and_nothing_else(tmp_path: Path):
    path = saved(tmp_path)

    def fails():
        yield vectors(1)[0]
        raise EmbeddingMismatchError("window 1 is damaged")

    with pytest.raises(EmbeddingMismatchError):
        save_packed_file(path, {"all": SplitVectors((2, 2, 3), fails())}, provenance_of(), overwrite=True)
    assert [found.name for found in tmp_path.iterdir()] == [path.name]
    assert load_packed_file(path).splits == {"train": 4, "val": 2}


def test_vectors_that_do_not_fit_the_expected_numbers_are_refused(tmp_path: Path):
    packed = load_packed_file(saved(tmp_path))
    with pytest.raises(EmbeddingMismatchError, match="4 embeddings, but the split cuts into 5 windows"):
        packed.read("train", 5)
    with pytest.raises(EmbeddingMismatchError, match="embeddings of 2 columns, the table has 7"):
        packed.read("train", 4, 7)
    with pytest.raises(InputError, match="no split 'test'; it holds train: 4, val: 2"):
        packed.read("test")


def test_the_table_that_embeddings_were_made_from_is_kept(tmp_path: Path):
    time = np.datetime64("2024-01-01", "ns") + np.arange(3) * np.timedelta64(1, "h")
    table = RecordedTable(np.array([[1.0, np.nan], [2.5, 3.0], [0.1, -4.0]]), ("température", "b"), time)
    beside = BesideVectors({"w": np.ones(3, np.float32)}, table)
    found = load_packed_file(save_packed_file(tmp_path / "b", {"all": part(4)}, provenance_of(), beside))
    assert found.table is not None
    np.testing.assert_array_equal(found.table.values, table.values)
    np.testing.assert_array_equal(found.table.time, time)
    assert found.table.columns == table.columns
    np.testing.assert_array_equal(found.weights["w"], np.ones(3))
    np.testing.assert_array_equal(found.read("all"), vectors(4))
    np.testing.assert_array_equal(load_file(tmp_path / "b")["table.values"], table.values)


def test_a_description_contains_each_split_and_the_provenance(tmp_path: Path):
    found = load_packed_file(saved(tmp_path)).describe()
    json.dumps(found)
    train = found["splits"]["train"]  # type: ignore[index]
    assert (train["count"], train["starts"], train["shapes"], train["n_not_finite"]) == (4, [0, 30], [[2, 3]], 0)
    assert found["provenance"]["encoder"] == "student"  # type: ignore[index]


def rewritten(path: Path, change: Callable[[dict[str, Any]], None]) -> None:
    """Change the record of a packed file, but not its vectors."""
    with safe_open(path, "np") as file:
        record = json.loads(file.metadata()[RECORD])
    change(record)
    save_file(load_file(path), path, {RECORD: json.dumps(record)})
    seal(path)


def test_a_file_with_arrays_in_another_order_is_read(tmp_path: Path):
    path = saved(tmp_path)
    with safe_open(path, "np") as file:
        metadata = file.metadata()
    save_file(load_file(path) | {"weights.mix": np.full((2, 2), 7, np.float32)}, path, metadata)
    seal(path)
    with safe_open(path, "np") as file:
        assert file.offset_keys()[0] == "train.starts"  # the library puts the largest types first
    packed = load_packed_file(path)
    np.testing.assert_array_equal(packed.read("train"), vectors(4))
    np.testing.assert_array_equal(packed.read("val"), vectors(2))
    np.testing.assert_array_equal(packed.weights["mix"], np.full((2, 2), 7))
    assert packed.starts["train"].tolist() == [0, 10, 20, 30]


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda record: record.update(format=1), "format 1, this version reads 2"),
        (lambda record: record["provenance"].update(colour="red"), "unknown key 'colour'"),
        (
            lambda record: record["provenance"].update(saw="all"),
            "one of observed, filled, unknown, got 'all'",
        ),
        (lambda record: record.update(provenance="student"), "must be a mapping"),
        (lambda record: record.pop("format"), "metadata has no 'latentfill'"),
        (lambda record: record.update(format="4"), "format '4', this version reads 2"),
        (lambda record: record["provenance"].update(encoder=3), "encoder must be text, got 3"),
        (lambda record: record["provenance"].update(window={"seq_len": "96"}), "seq_len must be a whole number"),
        (lambda record: record["provenance"].update(window={"seq_len": 10**9}), "seq_len must be from 1 to 100000"),
    ],
)
def test_an_unusable_record_is_refused_with_the_reason(
    tmp_path: Path, change: Callable[[dict[str, Any]], None], words: str
):
    path = saved(tmp_path)
    rewritten(path, change)
    with pytest.raises(InputError, match=words):
        load_packed_file(path)


@pytest.mark.parametrize("at", [0.3, 0.6, 0.9, 0.999])
def test_a_changed_byte_is_noticed(tmp_path: Path, at: float):
    path = saved(tmp_path)
    data = bytearray(path.read_bytes())
    data[int(at * len(data))] ^= 2
    path.write_bytes(data)
    with pytest.raises(InputError, match=r"Pack the embeddings again|is not a packed file"):
        load_packed_file(path)


@pytest.mark.parametrize("shape", [[10**9, 10**6, 10**3], [0, 10**12, 10**7], [2**62, 2, 3]])
def test_shapes_that_no_file_holds_are_refused(tmp_path: Path, shape: list[int]):
    path = saved(tmp_path)
    data = path.read_bytes()
    length = int.from_bytes(data[:8], "little")
    header = json.loads(data[8 : 8 + length])
    header["train.vectors"]["shape"] = shape
    if 0 in shape:
        header["train.vectors"]["data_offsets"] = [0, 0]
        header = {name: header[name] for name in ("__metadata__", "train.vectors")}
    text = json.dumps(header).encode()
    path.write_bytes(len(text).to_bytes(8, "little") + text + (b"" if 0 in shape else data[8 + length :]))
    seal(path)
    with pytest.raises(InputError, match=r"a\.packed (is|holds)"):
        load_packed_file(path)


def test_starts_that_do_not_increase_are_damage(tmp_path: Path):
    path = saved(tmp_path)
    with safe_open(path, "np") as file:
        metadata = file.metadata()
    save_file(load_file(path) | {"train.starts": np.array([0, 20, 10, 30])}, path, metadata)
    seal(path)
    with pytest.raises(InputError, match="is damaged: train has no vectors for its windows"):
        load_packed_file(path)


def test_a_packed_file_of_format_3_is_read():
    packed = load_packed_file(Path(__file__).parent / "fixtures/format-3.packed")
    np.testing.assert_array_equal(packed.read("all"), np.arange(9 * 6, dtype=np.float32).reshape(9, 2, 3))
    assert packed.table is not None
    assert packed.table.columns == ("a", "b")


def test_a_partly_written_packed_file_is_refused(tmp_path: Path):
    path = saved(tmp_path)
    whole = path.read_bytes()
    path.write_bytes(whole[:-20])
    with pytest.raises(InputError, match=r"damaged \(.*file not fully covered\)"):
        load_packed_file(path)
    path.write_bytes(whole[:100])
    with pytest.raises(InputError, match="is incomplete or damaged"):
        load_packed_file(path)
    with pytest.raises(InputError, match="cannot be read"):
        load_packed_file(tmp_path / "nowhere")


def test_other_safetensors_files_are_refused_as_packed_files(tmp_path: Path):
    path = tmp_path / "model.safetensors"
    save_file({"weight": np.zeros(3, np.float32)}, path)
    assert not is_packed_file(path)
    with pytest.raises(InputError, match="is no packed file of latentfill"):
        load_packed_file(path)
    assert is_packed_file(saved(tmp_path))
    assert not is_packed_file(tmp_path)


def test_arrays_that_no_packed_file_holds_are_refused(tmp_path: Path):
    path = saved(tmp_path)
    arrays = load_file(path) | {"train.weights": np.zeros(3, np.float32)}
    record = json.dumps({"format": 2, "provenance": provenance_of().to_dict()})
    save_file(arrays, path, {RECORD: record})
    with pytest.raises(InputError, match=r"'train\.weights'"):
        load_packed_file(path)
    save_file({"train.starts": np.arange(3)}, path, {RECORD: record})
    with pytest.raises(InputError, match="train has no vectors"):
        load_packed_file(path)


def test_embeddings_check_their_shapes():
    with pytest.raises(InputError, match=r"windows, columns, size.*float32.*starts of shape \(2,\)"):
        Embeddings(np.zeros((3, 4)), np.arange(2), provenance_of())


def test_vectors_that_are_not_finite_are_not_packed(tmp_path: Path):
    spoilt = vectors(3)
    spoilt[1, 0, 0] = np.nan
    with pytest.raises(EmbeddingMismatchError, match="window 1 of all holds values that are not finite"):
        save_packed_file(tmp_path / "a", {"all": SplitVectors(spoilt.shape, spoilt)}, provenance_of())
    assert not list(tmp_path.iterdir())
