"""A model folder: what it may replace, and what it needs to be loaded."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from safetensors.numpy import load_file, save_file

import latentfill
from latentfill import Imputer
from latentfill.core.errors import InputError, ModelFormatError
from latentfill.imputation.saving.model_checks import MAY_MISS
from latentfill.imputation.saving.model_folder import ARRAYS, CONFIG, FILES, SCALER, check_model_path
from latentfill.imputation.saving.model_state import FORMAT

FIXTURES = Path(__file__).parent / "fixtures"
Sign = Callable[[Path], None]


@pytest.fixture
def model(tmp_path: Path) -> Path:
    """A folder of a model with networks, in today's format, in which a test may change files."""
    Imputer.load(FIXTURES / "format-8/model").save(tmp_path / "model")
    return tmp_path / "model"


def rewrite(model: Path, change: Callable[[dict[str, Any]], object], file: str = CONFIG) -> None:
    state = json.loads((model / file).read_text())
    change(state)
    (model / file).write_text(json.dumps(state))


def test_a_model_of_another_library_is_not_replaced(tmp_path: Path):
    for name in ("config.json", "model.safetensors"):  # those of transformers have the same names
        (tmp_path / name).write_text("{}")
    with pytest.raises(InputError, match="holds something other than a model"):
        check_model_path(tmp_path)


@pytest.mark.parametrize("name", ["missing", "a\0b", "x" * 5000])
def test_a_path_without_a_model_is_refused(name: str):
    with pytest.raises(ModelFormatError, match=r"is not a model folder|cannot be read"):
        Imputer.load(name)


def test_an_older_model_and_an_empty_folder_may_be_replaced(tmp_path: Path):
    check_model_path(tmp_path)
    for name in FILES:
        (tmp_path / name).write_text("{}")
    check_model_path(tmp_path)


def test_a_model_with_a_strategy_that_is_not_registered_says_what_to_import(tmp_path: Path, sign: Sign):
    Imputer(strategy="linear").fit(pd.DataFrame({"a": np.arange(40.0)})).save(tmp_path / "m")
    config = tmp_path / "m" / "config.json"
    state = json.loads(config.read_text())
    state["settings"]["strategy"] = "yesterday"
    config.write_text(json.dumps(state))
    sign(tmp_path / "m")
    with pytest.raises(ModelFormatError, match=r"strategy 'yesterday', which is not registered. Import the module"):
        Imputer.load(tmp_path / "m")


@pytest.mark.parametrize("name", sorted(f"{path.parent.name}/{path.name}" for path in FIXTURES.glob("format-*/*/")))
def test_models_of_all_released_formats_are_read_and_fill_as_before(name: str):
    table = pd.read_csv(FIXTURES / "table.csv", parse_dates=["time"])
    filled = Imputer.load(FIXTURES / name).fill(table)
    expected = pd.read_csv(FIXTURES / f"{name}.filled.csv", parse_dates=["time"])
    assert table.isna().any(axis=None)
    pd.testing.assert_frame_equal(filled.frame, expected, rtol=1e-4)  # machines round differently


def test_a_newer_and_an_older_format_say_what_to_do(model: Path, sign: Sign):
    for file_format, words in (
        (FORMAT + 1, "Update latentfill"),
        (3, "Fit the model again with this version"),
        ("9", "Fit the model again with this version"),
        (None, "Fit the model again with this version"),
    ):
        rewrite(model, lambda state, new=file_format: state.update(format=new))
        sign(model)
        with pytest.raises(ModelFormatError, match=f"has format {file_format!r}, but this version reads .*{words}"):
            Imputer.load(model)


def flip_a_bit(path: Path) -> None:
    data = bytearray(path.read_bytes())
    data[-9] ^= 1  # in a number of the last array, or in a digit
    path.write_bytes(bytes(data))


@pytest.mark.parametrize("file", FILES)
def test_a_changed_bit_is_noticed(model: Path, file: str):
    flip_a_bit(model / file)
    with pytest.raises(
        ModelFormatError, match=rf"is damaged: .*{file if file != CONFIG else 'changed'}|cannot be read"
    ):
        Imputer.load(model)


def test_all_changed_files_are_named_at_once(model: Path):
    for file in (SCALER, ARRAYS):
        flip_a_bit(model / file)
    rewrite(model, lambda state: state.update(n_steps=5))
    with pytest.raises(ModelFormatError) as damaged:
        Imputer.load(model)
    for words in ("its own content was changed", f"{SCALER} was changed", f"{ARRAYS} was changed", "fit it again"):
        assert words in str(damaged.value)


def test_a_model_without_digests_is_no_model_of_this_format(model: Path):
    rewrite(model, lambda state: state.pop("digests"))
    with pytest.raises(ModelFormatError, match="it has no digests of its files"):
        Imputer.load(model)


def set_in(*places: str | int, value: object) -> Callable[[dict[str, Any]], None]:
    def change(state: Any) -> None:
        for place in places[:-1]:
            state = state[place]
        state[places[-1]] = value

    return change


WRONG_STATES = {
    "text for a number": (set_in("builtin", "stack", "weight", 0, 0, 0, value="1"), "must be a finite number, got '1'"),
    "no number": (
        set_in("builtin", "stack", "weight", 0, 0, 0, value=float("nan")),
        "must be a finite number, got nan",
    ),
    "a huge weight": (set_in("builtin", "stack", "weight", 0, 0, 0, value=1e30), "add up to more than 1"),
    "a negative weight": (set_in("builtin", "stack", "weight", 0, 0, 0, value=-0.5), "are below 0"),
    "names for an error": (set_in("builtin", "held_out", "mae", value={}), r"held_out\.mae must be a finite number"),
    "a list in an interval": (
        set_in("builtin", "held_out", "mse_ratio_90_percent", value=[1.0, []]),
        r"mse_ratio_90_percent\[1\] must be a finite number",
    ),
    "half of an interval": (
        set_in("builtin", "held_out", "mse_ratio_90_percent", value=[1.0]),
        "mse_ratio_90_percent must hold two numbers, got 1",
    ),
    "text for a candidate's error": (
        set_in("builtin", "held_out", "candidates", "linear", "mse", value="1"),
        "candidates must hold the numbers mse and mae of each",
    ),
    "weights of other candidates": (
        set_in("builtin", "held_out", "weights", value={"1": {}}),
        "weights must hold one of each of linear",
    ),
    "null for a list": (set_in("cycles", value=None), "cycles must be a list, got None"),
    "text for a switch": (set_in("known", value=["true", True]), r"known\[0\] must be true or false"),
    "a number as a text": (set_in("n_steps", value="240"), "n_steps must be a whole number, got '240'"),
    "a huge number": (set_in("n_steps", value=10**400), "n_steps must be a whole number, got 1000"),
    "a cycle of no length": (set_in("cycles", value=[0.0]), "cycles holds 0.0, not above 0"),
    "a kind that does not exist": (set_in("kinds", 0, "class", value="Path"), "of the unknown class 'Path'"),
    "a kind with a wrong field": (set_in("kinds", 0, "low", value="6"), r"kinds\[0\]\.low must be a finite number"),
    "a slope beyond all values": (set_in("kinds", 0, "slope", value=1e308), r"kinds\[0\]\.slope is beyond 1e\+302"),
    "a bank without end": (set_in("builtin", "banks", "neighbours", value=10**12), "does not fit its config.json"),
    "an encoder without end": (set_in("builtin", "encoder", "dim", value=10**9), "does not fit its config.json"),
    "a network without end": (set_in("settings", "encoder", "dim", value=8192), "does not fit its config.json"),
    "a field too many": (set_in("colour", value="red"), "colour is unexpected"),
    "repeated columns": (set_in("columns", value=["load", "load"]), "columns"),
}


@pytest.mark.parametrize("name", WRONG_STATES)
def test_a_state_that_no_model_has_is_refused_though_its_digests_fit(name: str, model: Path, sign: Sign):
    change, words = WRONG_STATES[name]
    rewrite(model, change)
    sign(model)
    with pytest.raises(ModelFormatError, match=words):
        Imputer.load(model)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (set_in("shift", 0, value=None), r"shift\[0\] must be a finite number, got None"),
        (set_in("scale", 0, value=1e308), r"shift or scale holds values that are not finite, or beyond 1e\+302"),
        (set_in("shift", 0, value="9.9"), r"shift\[0\] must be a finite number, got '9.9'"),
        (set_in("scale", 0, value=0.0), "scale holds values that are not above 0"),
        (set_in("scale", 0, value=-1.0), "scale holds values that are not above 0"),
        (set_in("scale", value=[1.0]), r"scale has shape \(1,\), it should be \(2,\)"),
        (set_in("colour", value=[1.0]), "colour is unexpected"),
    ],
)
def test_a_scaler_that_no_model_has_is_refused(
    change: Callable[[dict[str, Any]], None], words: str, model: Path, sign: Sign
):
    rewrite(model, change, SCALER)
    sign(model)
    with pytest.raises(ModelFormatError, match=words):
        Imputer.load(model)


def with_array(model: Path, name: str, change: Callable[[np.ndarray], np.ndarray]) -> None:
    arrays = load_file(model / ARRAYS)
    save_file({**arrays, name: np.ascontiguousarray(change(arrays[name].copy()))}, model / ARRAYS)


def first_as(value: float) -> Callable[[np.ndarray], np.ndarray]:
    def change(array: np.ndarray) -> np.ndarray:
        array.ravel()[:1] = value
        return array

    return change


def test_arrays_with_impossible_numbers_are_refused(model: Path, sign: Sign):
    arrays = load_file(model / ARRAYS)
    for name, array in arrays.items():
        if array.dtype.kind != "f" or not array.size or name.rpartition(".")[2] in MAY_MISS:
            continue
        for value in (np.nan, 1e30):
            save_file({**arrays, name: first_as(value)(array.copy())}, model / ARRAYS)
            sign(model)
            with pytest.raises(ModelFormatError, match=re.escape(name)):
                Imputer.load(model)


def test_arrays_of_another_shape_are_refused_or_do_no_harm(model: Path, sign: Sign):
    arrays, table = load_file(model / ARRAYS), pd.read_csv(FIXTURES / "table.csv", parse_dates=["time"])
    refused = 0
    for name, array in arrays.items():
        save_file({**arrays, name: array.reshape(1, *array.shape)}, model / ARRAYS)
        sign(model)
        try:
            filled = Imputer.load(model, intervals=0.9).fill(table)
        except ModelFormatError:
            refused += 1
        else:  # such as means (1, 1, C) in place of (1, C)
            assert np.isfinite(filled.frame.drop(columns="time")).all(axis=None)
    assert refused > 40


def test_problems_of_many_arrays_are_told_at_once(model: Path, sign: Sign):
    names = ("linear.mean", "encoder.token.weight", "denoise.decoder.head.inlet.bias")
    for name, value in zip(names, (np.nan, np.inf, 1e30), strict=True):
        with_array(model, name, first_as(value))
    sign(model)
    with pytest.raises(ModelFormatError) as wrong:
        Imputer.load(model)
    assert "denoise.decoder.head.inlet.bias holds 1e+30, beyond 1e+15" in str(wrong.value)
    assert "encoder.token.weight holds values that are not finite; linear.mean holds" in str(wrong.value)


def test_json_nested_too_deeply_is_refused(model: Path):
    (model / CONFIG).write_text("[" * 100_000 + "]" * 100_000)
    with pytest.raises(ModelFormatError, match="it is nested too deeply"):
        Imputer.load(model)


def test_inspection_notices_damage_too(model: Path):
    flip_a_bit(model / SCALER)
    with pytest.raises(ModelFormatError, match=f"{SCALER} was changed after it was written"):
        latentfill.inspect(model)
