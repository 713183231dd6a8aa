"""Commands as functions of Python: `evaluate`, `inspect`, `embed`; and the names of the package."""

from __future__ import annotations

import json
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path

import numpy as np
import pandas as pd
import polars as pl
import pytest

import latentfill
from latentfill.core import errors
from latentfill.core.errors import InputError, LatentFillError
from latentfill.embeddings.stored.packed_file import load_packed_file

Run = Callable[..., int]


@pytest.fixture
def frame(hourly) -> pd.DataFrame:
    series = hourly(150, 2, gaps=0.05)
    return pd.DataFrame(series.values, columns=["flow", "OT"]).assign(time=series.time)


@pytest.fixture
def table(frame: pd.DataFrame, tmp_path: Path) -> Path:
    frame.to_csv(tmp_path / "a.csv", index=False)
    return tmp_path / "a.csv"


def test_every_public_name_can_be_imported_and_every_error_is_public():
    assert latentfill.__version__ == version("latentfill")
    for name in latentfill.__all__:
        assert getattr(latentfill, name) is not None
    kinds = {
        name for name, each in vars(errors).items() if isinstance(each, type) and issubclass(each, LatentFillError)
    }
    assert kinds <= set(latentfill.__all__)


def test_scores_are_a_frame_with_the_numbers_of_the_command(table: Path, run_cli: Run, tmp_path: Path):
    options = {"strategies": ["kriging", "linear"], "patterns": ["point"], "rates": [0.2], "seeds": [0, 1]}
    scores = latentfill.evaluate(pd.read_csv(table), **options)
    flags = ("--strategies", "kriging,linear", "--patterns", "point", "--rates", "0.2", "--seeds", "0,1")
    assert run_cli("evaluate", table, *flags, "-o", tmp_path / "scores.json", "-q") == 0
    expected = pd.DataFrame(json.loads((tmp_path / "scores.json").read_text())["scores"])
    assert isinstance(scores, pd.DataFrame)
    names = ["strategy", "column", "gap", "seed"]
    pd.testing.assert_frame_equal(scores[names], expected[names], check_dtype=False)
    np.testing.assert_allclose(scores["mse"], expected["mse"])


def test_scores_of_stacked_series_say_which_series_they_are_of(frame: pd.DataFrame):
    both = pd.concat([frame.assign(site="north"), frame.assign(site="south")])
    scores = latentfill.evaluate(pl.from_pandas(both), by="site", strategies=["linear"], patterns=["point"])
    assert isinstance(scores, pl.DataFrame)
    assert set(scores["series"]) == {"all", "north", "south"}


def test_notes_on_the_table_are_warnings(frame: pd.DataFrame):
    with pytest.warns(latentfill.FillWarning, match="No time column was found"):
        latentfill.evaluate(frame.drop(columns="time"), strategies=["linear"], patterns=["point"])


def test_unknown_strategies_are_refused(frame: pd.DataFrame):
    with pytest.raises(InputError, match="did you mean 'kriging'"):
        latentfill.evaluate(frame, strategies=["krigging"])


def test_a_frame_and_its_file_are_described_alike(frame: pd.DataFrame, table: Path):
    of_frame, of_file = latentfill.inspect(frame), latentfill.inspect(table)
    assert of_frame["kind"] == of_file["kind"] == "table"
    assert of_frame["columns"] == of_file["columns"]
    assert of_frame["missing_cells"] == int(frame.isna().sum().sum())
    json.dumps(of_frame)


def test_a_saved_model_is_described(frame: pd.DataFrame, tmp_path: Path):
    latentfill.Imputer(strategy="linear").fit(frame).save(tmp_path / "model")
    assert latentfill.inspect(tmp_path / "model")["kind"] == "model"


def test_embeddings_in_memory_are_those_of_the_command_and_fill_the_table(
    frame: pd.DataFrame, table: Path, run_cli: Run, tmp_path: Path, small_language_model: Path, quick: dict[str, object]
):
    encoder = f"timekd:{small_language_model}"
    vectors = latentfill.embed(frame, encoder, seq_len=24, embedding_stride=12)
    mapping = {"time": list(frame.index)} | frame.to_dict("list")
    of_mapping = latentfill.embed(mapping, encoder, seq_len=24, embedding_stride=12)
    np.testing.assert_array_equal(of_mapping["all"], vectors["all"])
    flags = ("--encoder", encoder, "--seq-len", 24, "--embedding-stride", 12)
    assert run_cli("embed", table, "-o", tmp_path / "a.packed", *flags, "-q") == 0
    written = latentfill.embed(frame, encoder, path=tmp_path / "b.packed", seq_len=24, embedding_stride=12)
    expected = load_packed_file(tmp_path / "a.packed").read("all")
    np.testing.assert_array_equal(vectors["all"], expected)
    np.testing.assert_array_equal(written["all"], expected)
    settings = quick | {"strategy": "neighbours", "seq_len": 24, "pred_len": 0, "embedding_stride": 12}
    filled = latentfill.Imputer(embeddings=vectors, **settings).fit(frame).transform(frame)
    assert not filled.isna().any().any()


def test_what_an_imputer_fills_draws_itself(frame: pd.DataFrame):
    filled = latentfill.Imputer(strategy="linear").fit(frame).fill(frame)
    assert isinstance(filled, latentfill.Imputation)
    title = filled.plot().to_dict()["title"]["text"]
    assert title.endswith(f"of {frame[['flow', 'OT']].size} cells missing ({share(frame):.1f} %)")
    assert filled.plot("flow").to_dict()["title"]["text"] == "flow"


def share(frame: pd.DataFrame) -> float:
    """The missing cells of the value columns in percent."""
    return 100 * float(frame[["flow", "OT"]].isna().mean().mean())
