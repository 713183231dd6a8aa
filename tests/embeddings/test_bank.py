import json

import numpy as np
import pytest

from latentfill.embeddings.bank import load_bank, save_bank
from latentfill.embeddings.base import Embeddings, Provenance
from latentfill.errors import EmbeddingMismatchError, InputError


def make(n: int = 4, **made: object) -> Embeddings:
    vectors = np.arange(n * 6, dtype=np.float32).reshape(n, 2, 3)
    made = {"encoder": "student", "source": "computed", "settings": {"size": 3}} | made
    return Embeddings(vectors, np.arange(n) * 10, Provenance(**made))


def edit(folder, **changes) -> None:
    record = json.loads((folder / "bank.json").read_text())
    (folder / "bank.json").write_text(json.dumps(record | changes))


def test_a_bank_comes_back_as_it_was_saved(tmp_path):
    saved = make(window={"length": 96, "stride": 24}, deterministic=True, saw="observed")
    loaded = load_bank(save_bank(tmp_path / "bank", saved))
    np.testing.assert_array_equal(loaded.vectors, saved.vectors)
    np.testing.assert_array_equal(loaded.starts, saved.starts)
    assert loaded.provenance == saved.provenance
    assert loaded.starts.dtype == np.int64


def test_loaded_vectors_are_memory_mapped(tmp_path):
    assert isinstance(load_bank(save_bank(tmp_path / "bank", make())).vectors, np.memmap)


def test_an_empty_bank_comes_back_empty(tmp_path):
    assert load_bank(save_bank(tmp_path / "bank", make(0))).vectors.shape == (0, 2, 3)


def test_nothing_but_the_bank_is_left_after_saving(tmp_path):
    save_bank(tmp_path / "bank", make(4))
    save_bank(tmp_path / "bank", make(5), overwrite=True)
    assert [path.name for path in tmp_path.iterdir()] == ["bank"]
    assert len(load_bank(tmp_path / "bank").starts) == 5


def test_saving_does_not_destroy_what_is_there(tmp_path):
    save_bank(tmp_path / "bank", make())
    with pytest.raises(InputError, match="already a bank"):
        save_bank(tmp_path / "bank", make())
    (tmp_path / "results").mkdir()
    (tmp_path / "results/scores.csv").write_text("")
    with pytest.raises(InputError, match="not a bank"):
        save_bank(tmp_path / "results", make(), overwrite=True)


def test_a_failed_save_leaves_the_old_bank(tmp_path):
    save_bank(tmp_path / "bank", make())
    with pytest.raises(TypeError):
        save_bank(tmp_path / "bank", make(settings={"size": object()}), overwrite=True)
    assert [path.name for path in tmp_path.iterdir()] == ["bank"]
    assert load_bank(tmp_path / "bank").provenance == make().provenance


def test_a_bank_refuses_other_windows_and_another_making_and_names_every_difference(tmp_path):
    save_bank(tmp_path / "bank", make(scaler_digest="aaa", saw="filled"))
    wanted = Provenance(encoder="timekd", source="elsewhere", settings={"size": 3}, scaler_digest="bbb", saw="filled")
    with pytest.raises(EmbeddingMismatchError) as caught:
        load_bank(tmp_path / "bank", starts=np.arange(3), provenance=wanted)
    message = str(caught.value)
    assert message.count("\n- ") == 3
    assert "4 from step 0 to 30, wanted 3 from step 0 to 2" in message
    assert "encoder: 'student' against 'timekd'" in message
    assert "scaler_digest: 'aaa' against 'bbb'" in message


def test_a_bank_accepts_the_windows_and_the_making_it_has(tmp_path):
    saved = make(settings={"sizes": (1, 2)})  # a tuple is a list in JSON
    save_bank(tmp_path / "bank", saved)
    load_bank(tmp_path / "bank", starts=saved.starts, provenance=saved.provenance)


def test_a_bank_whose_two_files_disagree_names_every_difference(tmp_path):
    save_bank(tmp_path / "bank", make())
    edit(tmp_path / "bank", shape=[4, 2, 7], dtype="float64", starts=[0, 10])
    with pytest.raises(EmbeddingMismatchError) as caught:
        load_bank(tmp_path / "bank")
    for words in (
        "[4, 2, 7], vectors.npy is [4, 2, 3]",
        "float64, vectors.npy is float32",
        "2, vectors.npy has 4",
    ):
        assert words in str(caught.value)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"format": 2}, "format 2, this version reads 1"),
        ({"starts": [0, 1.5, 2, 3]}, "no list of whole numbers"),
        ({"provenance": {"encoder": "x", "colour": "red"}}, "unknown key 'colour'.*no 'source'"),
        (
            {"provenance": {"encoder": "x", "source": "y", "saw": "all"}},
            "observed, filled, unknown, got 'all'",
        ),
        ({"provenance": "student"}, "not a record"),
    ],
)
def test_an_unusable_record_says_what_is_wrong(tmp_path, changes, words):
    save_bank(tmp_path / "bank", make())
    edit(tmp_path / "bank", **changes)
    with pytest.raises(InputError, match=words):
        load_bank(tmp_path / "bank")


def test_a_damaged_bank_names_the_file(tmp_path):
    folder = save_bank(tmp_path / "bank", make())
    whole = (folder / "vectors.npy").read_bytes()
    (folder / "vectors.npy").write_bytes(whole[:-20])
    with pytest.raises(InputError, match=r"vectors\.npy cannot be read"):
        load_bank(folder)
    (folder / "bank.json").write_text("{")
    with pytest.raises(InputError, match=r"bank\.json is not valid JSON"):
        load_bank(folder)
    (folder / "bank.json").write_text('{"format": 1}')
    with pytest.raises(InputError, match="no provenance, shape, dtype, starts"):
        load_bank(folder)
    with pytest.raises(InputError, match="not a packed bank"):
        load_bank(tmp_path)


def test_embeddings_check_their_shapes():
    with pytest.raises(InputError, match=r"windows, columns, size.*float32.*starts of shape \(2,\)"):
        Embeddings(np.zeros((3, 4)), np.arange(2), make().provenance)
