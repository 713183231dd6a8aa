from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file

from latentfill.core.errors import EmbeddingMismatchError, InputError, ModelFormatError
from latentfill.embeddings.protocols.embedder import Embedder, RawWindows
from latentfill.embeddings.timekd.student import DistilledStudent
from latentfill.embeddings.timekd.student_folder import check_student_path, is_student
from latentfill.embeddings.timekd.student_net import StudentShape, VariableForecaster

Sign = Callable[[Path], None]
SHAPE = StudentShape(length=12, pred_len=4, dim=8, layers=2, heads=2)


def student(shape: StudentShape = SHAPE, seed: int = 0) -> DistilledStudent:
    torch.manual_seed(seed)
    net = VariableForecaster(shape.length, shape).eval().requires_grad_(False)
    return DistilledStudent(net, shape, torch.device("cpu"), {"teacher": None})


def raw(scaled: np.ndarray) -> RawWindows:
    names = tuple(f"c{i}" for i in range(scaled.shape[2]))
    return RawWindows(10 * scaled, scaled, None, names, np.full(scaled.shape[2], 10.0), None)


def drawn(count: int = 5, length: int = 12, columns: int = 3) -> np.ndarray:
    return np.random.default_rng(0).normal(size=(count, length, columns))


def test_a_student_is_an_embedder_without_horizon():
    embedder: Embedder = student()
    assert (embedder.name, embedder.length, embedder.horizon, embedder.costly) == ("student", 12, 0, False)
    assert embedder.settings == {"length": 12, "pred_len": 4, "dim": 8, "layers": 2, "heads": 2}
    assert embedder.weights(3) == {}
    assert embedder.weights_digest == student().weights_digest != student(seed=1).weights_digest


def test_an_embedding_holds_the_encoding_mean_and_spread_of_each_column():
    scaled = drawn()
    found = student().embed(raw(scaled))
    assert (found.shape, found.dtype) == ((5, 3, 10), np.float32)
    np.testing.assert_allclose(found[:, :, 8], scaled.mean(axis=1), rtol=1e-5)
    np.testing.assert_allclose(found[:, :, 9], scaled.std(axis=1), rtol=1e-5)


def test_scale_and_level_change_only_the_last_two_numbers():
    scaled = drawn()
    found, moved = student().embed(raw(scaled)), student().embed(raw(3 * scaled + 5))
    np.testing.assert_allclose(moved[:, :, :8], found[:, :, :8], atol=1e-5)
    np.testing.assert_allclose(moved[:, :, 8:], 3 * found[:, :, 8:] + [5, 0], rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("columns", [1, 2, 9])
def test_any_number_of_columns_is_embedded(columns: int):
    found = student().embed(raw(drawn(columns=columns)))
    assert found.shape == (5, columns, 10)
    assert np.isfinite(found).all()


def test_embedding_many_windows_gives_the_vectors_of_a_few():
    scaled = drawn(count=4000)
    found = student().embed(raw(scaled))
    np.testing.assert_allclose(found[3990:], student().embed(raw(scaled[3990:])), atol=1e-5)
    assert student().embed(raw(scaled[:0])).shape == (0, 3, 10)


def test_hidden_cells_do_not_change_the_students_embedding():
    scaled = drawn()
    hidden = np.random.default_rng(1).random(scaled.shape) < 0.3
    others = np.where(hidden, 1e6, scaled)  # other values in the hidden cells
    found, other = (student().embed(raw(np.where(hidden, np.nan, truth))) for truth in (scaled, others))
    np.testing.assert_array_equal(found, other)
    assert not np.array_equal(found, student().embed(raw(scaled)))


def test_only_the_scaled_values_are_read():
    windows = raw(drawn())
    moved = replace(windows, values=windows.values + 1, future=np.full((5, 4, 3), 1e6))
    np.testing.assert_array_equal(student().embed(moved), student().embed(windows))


def test_empty_windows_and_columns_have_finite_embeddings():
    scaled = drawn()
    scaled[:, :, 1] = np.nan
    scaled[2] = np.nan
    found = student().embed(raw(scaled))
    assert np.isfinite(found).all()
    assert (found[2, :, 8] == 0).all()


def test_windows_of_another_length_are_refused():
    with pytest.raises(EmbeddingMismatchError, match=r"have 10 steps, but this student reads 12. Use windows of 12"):
        student().embed(raw(drawn(length=10)))


def test_a_saved_student_gives_the_same_vectors(tmp_path: Path):
    embedder, windows = student(), raw(drawn())
    embedder.save(tmp_path / "student")
    back = DistilledStudent.load(tmp_path / "student")
    np.testing.assert_array_equal(back.embed(windows), embedder.embed(windows))
    assert (back.shape, back.about, back.weights_digest) == (embedder.shape, embedder.about, embedder.weights_digest)
    config = json.loads((tmp_path / "student" / "config.json").read_text())
    assert (config["format"], config["shape"]["dim"]) == (2, 8)


def test_saving_the_same_student_twice_gives_the_same_bytes(tmp_path: Path):
    for name in "ab":
        student().save(tmp_path / name)
    for file in ("config.json", "model.safetensors"):
        assert (tmp_path / "a" / file).read_bytes() == (tmp_path / "b" / file).read_bytes()


def test_a_student_replaces_an_older_one_and_leaves_nothing_else(tmp_path: Path):
    (tmp_path / "student").mkdir()  # an empty folder may be replaced
    student().save(tmp_path / "student")
    student(seed=1).save(tmp_path / "student")
    assert DistilledStudent.load(tmp_path / "student").weights_digest == student(seed=1).weights_digest
    assert [item.name for item in tmp_path.iterdir()] == ["student"]
    assert is_student(tmp_path / "student")


def other_model(folder: Path) -> None:
    """A model of another library with the same file names."""
    folder.mkdir()
    (folder / "config.json").write_text('{"model_type": "gpt2"}')
    (folder / "model.safetensors").write_bytes(b"x")


def test_only_a_student_is_replaced(tmp_path: Path):
    other_model(tmp_path / "gpt2")
    (tmp_path / "notes").mkdir()
    (tmp_path / "notes" / "a.txt").write_text("keep")
    (tmp_path / "file").write_text("keep")
    student().save(tmp_path / "mixed")
    (tmp_path / "mixed" / "a.txt").write_text("keep")
    for name in ("gpt2", "notes", "mixed"):
        with pytest.raises(InputError, match="holds something other than a student"):
            student().save(tmp_path / name)
    with pytest.raises(InputError, match="is a file"):
        student().save(tmp_path / "file")
    with pytest.raises(InputError, match=r"cannot be written: .*file is not a folder"):
        check_student_path(tmp_path / "file" / "student")
    assert (tmp_path / "notes" / "a.txt").read_text() == (tmp_path / "file").read_text() == "keep"


def test_a_failed_save_leaves_the_older_student(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    student().save(tmp_path / "student")

    def fails(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("latentfill.nn.weights.save", fails)
    with pytest.raises(InputError, match="No space left"):
        student(seed=1).save(tmp_path / "student")
    assert DistilledStudent.load(tmp_path / "student").weights_digest == student().weights_digest
    assert [item.name for item in tmp_path.iterdir()] == ["student"]


def test_a_folder_without_a_student_is_refused(tmp_path: Path):
    with pytest.raises(ModelFormatError, match=r"nowhere is not a student: its config.json cannot be read"):
        DistilledStudent.load(tmp_path / "nowhere")
    other_model(tmp_path / "gpt2")
    with pytest.raises(ModelFormatError, match=r"config.json describes something else"):
        DistilledStudent.load(tmp_path / "gpt2")


@pytest.mark.parametrize("file", ["config.json", "model.safetensors"])
@pytest.mark.parametrize("share", [0.0, 0.5, 0.99])
def test_a_truncated_file_is_reported(tmp_path: Path, file: str, share: float):
    student().save(tmp_path)
    whole = (tmp_path / file).read_bytes()
    (tmp_path / file).write_bytes(whole[: int(share * len(whole))])
    with pytest.raises(ModelFormatError, match=rf"{file} (is damaged|was changed).*Distil the student again"):
        DistilledStudent.load(tmp_path)


def changed(folder: Path, **changes: object) -> None:
    path = folder / "config.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | changes))


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"format": 3}, "format 3, this version reads 1 and 2"),
        ({"shape": {"length": 12}}, "pred_len"),
        ({"shape": "small"}, "shape must hold names and values, got 'small'"),
        ({"shape": {"length": 12, "pred_len": 4, "dim": 10**9}}, "dim must be a whole number from 1 to 8192"),
        ({"shape": {"length": 12, "pred_len": 4, "colour": "red"}}, "colour"),
        ({"about": 3}, "about must hold names and values, got 3"),
        ({"about": {"table_sketch": ["1"]}}, r"about.table_sketch\[0\] must be a whole number, got '1'"),
        ({"weights_digest": "0"}, "digest of the weights is not the one"),
    ],
)
def test_a_changed_record_is_reported(tmp_path: Path, changes: dict[str, object], words: str, sign: Sign):
    student().save(tmp_path)
    changed(tmp_path, **changes)
    sign(tmp_path)
    with pytest.raises(ModelFormatError, match=words):
        DistilledStudent.load(tmp_path)


def test_a_student_of_format_1_is_read():
    loaded = DistilledStudent.load(Path(__file__).parent / "fixtures/student-1")
    vectors = loaded.embed(raw(drawn(columns=2)))
    assert vectors.shape == (5, 2, 10)
    assert np.isfinite(vectors).all()


@pytest.mark.parametrize("value", [np.nan, 1e30])
def test_weights_that_no_student_has_are_refused(tmp_path: Path, value: float, sign: Sign):
    student().save(tmp_path)
    weights = load_file(tmp_path / "model.safetensors")
    weights["norm.bias"][0] = weights["norm.weight"][3] = value
    save_file(weights, tmp_path / "model.safetensors")
    with pytest.raises(ModelFormatError, match=r"model\.safetensors was changed after it was written"):
        DistilledStudent.load(tmp_path)
    sign(tmp_path)
    with pytest.raises(ModelFormatError, match=r"norm.bias holds .*; norm.weight holds"):
        DistilledStudent.load(tmp_path)


def test_all_weights_that_do_not_fit_are_reported_at_once(tmp_path: Path, sign: Sign):
    student().save(tmp_path)
    weights = load_file(tmp_path / "model.safetensors")
    del weights["norm.bias"]
    weights["future.bias"] = torch.zeros(5)
    weights["norm.weight"] = weights["norm.weight"].double()
    save_file(weights | {"colour": torch.zeros(1)}, tmp_path / "model.safetensors")
    sign(tmp_path)
    with pytest.raises(ModelFormatError) as caught:
        DistilledStudent.load(tmp_path)
    for words in (
        "norm.bias is missing",
        "colour is unexpected",
        "future.bias is (5,) float32, the settings need (4,) float32",
        "norm.weight is (8,) float64, the settings need (8,) float32",
    ):
        assert words in str(caught.value)
