"""Saved models that fill from the past alone: the same bytes as in memory, and nothing of the future."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from safetensors.numpy import load_file, save_file

from latentfill.core.errors import InputError, ModelFormatError
from latentfill.imputation.filling.filled import Filled
from latentfill.imputation.imputer import Imputer

N, LEARNT = 420, 300
ARRAYS = ("values", "codes", "expected", "lower", "upper", "samples")
OUTPUT = {"intervals": 0.9, "samples": 2}


def gappy() -> pd.DataFrame:
    """A daily wave, a related one, a direction and words."""
    rng, hours = np.random.default_rng(0), np.arange(N)
    wave = np.sin(2 * np.pi * hours / 24) + 0.1 * rng.normal(size=N)
    frame = pd.DataFrame(
        {"wave": wave, "other": 2 * wave + 0.1 * rng.normal(size=N), "wind_dir": (350 + 30 * wave).round() % 360},
        index=pd.date_range("2023-01-01", periods=N, freq="h", name="time"),
    )
    for column in range(3):
        for start in rng.integers(0, N - 15, 20):
            frame.iloc[start : start + rng.integers(1, 12), column] = np.nan
    frame["state"] = np.where(hours % 24 < 8, "idle", "busy")
    frame.iloc[LEARNT + 12 : LEARNT + 20, 3] = None
    return frame


@pytest.fixture(scope="module")
def fitted() -> Imputer:
    return Imputer(causal=True, fill_text=True, **OUTPUT).fit(gappy().iloc[:LEARNT])


@pytest.fixture(scope="module")
def folder(fitted: Imputer, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("models") / "past"
    fitted.save(path)
    return path


def assert_same(first: Filled, other: Filled, stop: int | None = None) -> None:
    for name in ARRAYS:
        before, after = (getattr(each, name)[..., :stop, :] for each in (first, other))
        np.testing.assert_array_equal(before, after, err_msg=name)


def test_a_loaded_model_fills_as_the_one_in_memory(fitted: Imputer, folder: Path):
    later = gappy().iloc[LEARNT:]
    first, other = fitted.fill(later), Imputer.load(folder).fill(later)
    assert_same(first.filled, other.filled)
    assert first.summary["model"] == other.summary["model"]
    pd.testing.assert_frame_equal(first.to_frame(), other.to_frame())


@pytest.mark.parametrize("cut", [1, 40, 100])
def test_the_future_of_new_data_changes_nothing(folder: Path, cut: int):
    later = gappy().iloc[LEARNT:]
    changed, rng = later.copy(), np.random.default_rng(cut)
    future = rng.normal(size=(len(later) - cut, 3)) * 1e6
    changed.iloc[cut:, :3] = np.where(rng.random(future.shape) < 0.5, np.nan, future)
    changed.iloc[cut:, 3] = "idle"
    first, other = (Imputer.load(folder).fill(each).filled for each in (later, changed))
    assert_same(first, other, stop=cut)
    assert not np.array_equal(first.values[cut:], other.values[cut:])


def test_a_saved_model_is_only_data(folder: Path):
    assert {path.name for path in folder.iterdir()} == {"config.json", "scaler.json", "model.safetensors"}
    assert json.loads((folder / "config.json").read_text())["causal"] is True
    assert all(array.dtype.kind in "if" for array in load_file(folder / "model.safetensors").values())


def test_the_output_may_be_changed_and_the_method_not(folder: Path):
    later = gappy().iloc[LEARNT:]
    assert Imputer.load(folder, intervals=None).fill(later).filled.lower is None
    with pytest.raises(InputError, match="kind cannot be changed on a fitted model"):
        Imputer.load(folder, kind="wave=code")
    with pytest.raises(InputError, match=re.escape("covariates (--with) may know later steps")):
        Imputer.load(folder, covariates=[later])
    with pytest.raises(InputError, match="fitted with time stamps and the table has none"):
        Imputer.load(folder).fill(later.reset_index(drop=True))


def test_fit_and_apply_on_the_command_line(tmp_path: Path, run_cli: Callable[..., int], capsys):
    frame = gappy()
    frame.iloc[:LEARNT].to_csv(tmp_path / "early.csv")
    model, written = tmp_path / "model", []
    assert run_cli("fit", tmp_path / "early.csv", "-m", model, "--causal", "--leave", "state") == 0
    for factor in (1.0, 1e5):
        later = frame.iloc[LEARNT:].copy()
        later.iloc[60:, :2] *= factor
        later.to_csv(tmp_path / "later.csv")
        given = ("--precision", 6, "--intervals", 0.9)
        assert run_cli("apply", tmp_path / "later.csv", "-m", model, "-o", tmp_path / "out.csv", *given) == 0
        written.append((tmp_path / "out.csv").read_text().splitlines()[:61])
    assert written[0] == written[1]
    for flag, words in (("--doubt", "looks back only"), ("--explain", "only the strategy neighbours")):
        extra = (flag, tmp_path / "extra.csv")
        assert run_cli("apply", tmp_path / "later.csv", "-m", model, "-o", tmp_path / "out.csv", *extra) == 2
        assert words in " ".join(capsys.readouterr().err.split())
    assert run_cli("inspect", model, "--json") == 0
    described = json.loads(capsys.readouterr().out)
    assert (described["causal"], described["steps_learnt_from"]) == (True, LEARNT)


def test_nothing_to_learn_is_not_saved(tmp_path: Path):
    frame = gappy()[["wave"]].iloc[:30] * np.nan
    with pytest.raises(InputError):
        Imputer(causal=True).fit(frame).save(tmp_path / "model")


@pytest.mark.parametrize("damage", ["longest", "calibration.quantiles"])
def test_a_damaged_model_is_refused(folder: Path, tmp_path: Path, damage: str, sign: Callable[[Path], None]):
    for path in folder.iterdir():
        (tmp_path / path.name).write_bytes(path.read_bytes())
    if damage == "longest":
        state = json.loads((tmp_path / "config.json").read_text())
        del state["longest"]
        (tmp_path / "config.json").write_text(json.dumps(state))
    else:
        arrays = load_file(tmp_path / "model.safetensors")
        save_file({**arrays, damage: arrays[damage][:1].copy()}, tmp_path / "model.safetensors")
    with pytest.raises(ModelFormatError, match="is damaged: by the digests"):
        Imputer.load(tmp_path)
    sign(tmp_path)
    with pytest.raises(ModelFormatError, match=f"{damage.partition('.')[0]}.* Fit it again"):
        Imputer.load(tmp_path)
