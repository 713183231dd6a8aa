"""The examples of docs/extending.md run as they are written, and what they add does what they say."""

from __future__ import annotations

import importlib
import json
import re
import runpy
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from latentfill import Code, Config, Imputer, read_table
from latentfill.core.strategy_table import STRATEGIES
from latentfill.embeddings.embed_table import TableEmbedder
from latentfill.embeddings.registry import KINDS, make_embedder
from latentfill.scoring.scores import ALL
from latentfill.tables.backends.file_formats import FORMATS
from latentfill.windows.patterns import PATTERNS

PAGE = Path(__file__).resolve().parents[2] / "docs" / "extending.md"
REGISTRIES: tuple[dict[str, Any], ...] = (STRATEGIES, KINDS, FORMATS, PATTERNS)
MOST_LINES = 32  # of an example, blank ones not counted
BLOCK = re.compile(r"^```python\n(.*?)^```$", re.DOTALL | re.MULTILINE)
FILE_NAME = re.compile(r"# (\w+)\.py\n")

T, GAP = 24 * 14, slice(100, 108)


def blocks(title: str) -> list[str]:
    """The examples of the section with this title, after those before the first section."""
    sections = re.split(r"^## ", PAGE.read_text(), flags=re.MULTILINE)
    chosen = next(text for text in sections if text.startswith(title))
    return BLOCK.findall(sections[0]) + BLOCK.findall(chosen)


@pytest.fixture
def run_section(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[str], dict[str, Any]]]:
    """Runs the examples of a section in a folder with `data.csv`, and gives the names that they leave behind.

    Examples that begin with the name of a file become that file, so that others can import it.
    """
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(tmp_path)
    modules, registered = set(sys.modules), [registry.copy() for registry in REGISTRIES]
    data().to_csv("data.csv", index=False)

    def run(title: str) -> dict[str, Any]:
        names: dict[str, Any] = {}
        for block in blocks(title):
            if file := FILE_NAME.match(block):
                (tmp_path / f"{file[1]}.py").write_text(block)
            else:
                importlib.invalidate_caches()
                exec(block, names)
        return names

    yield run
    for registry, before in zip(REGISTRIES, registered, strict=True):
        registry.clear()
        registry.update(before)
    for name in set(sys.modules) - modules:
        if Path(getattr(sys.modules[name], "__file__", None) or "/").parent == tmp_path:
            del sys.modules[name]


def data() -> pd.DataFrame:
    """Two weeks of hours; `b` follows `a`, and has a gap."""
    rng = np.random.default_rng(0)
    a = 10 + 3 * np.sin(2 * np.pi * np.arange(T) / 24) + rng.normal(0, 0.3, T)
    frame = pd.DataFrame({"time": pd.date_range("2024-01-01", periods=T, freq="h"), "a": a, "b": 5 + 2 * a})
    frame.loc[GAP.start : GAP.stop - 1, "b"] = np.nan
    return frame


@pytest.mark.parametrize("block", BLOCK.findall(PAGE.read_text()), ids=lambda block: block.splitlines()[0])
def test_an_example_is_short(block: str):
    assert len([line for line in block.splitlines() if line.strip()]) <= MOST_LINES


def test_a_simple_imputer_fills_with_what_it_estimates(run_section, monkeypatch: pytest.MonkeyPatch):
    names = run_section("A strategy that fills a series")
    imputation = names["imputation"]
    b = data()["b"].to_numpy()
    np.testing.assert_allclose(imputation.filled.values[GAP, 1], b[76:84], rtol=1e-12)
    assert set(imputation.filled.codes[GAP, 1]) == {100}
    assert imputation.summary["codes"]["100"] == "yesterday: the value a day earlier"
    assert imputation.summary["cells"]["yesterday"] == 8
    first_day = data()
    first_day.loc[3, "a"] = np.nan
    assert names["imputer"].fill(first_day).filled.codes[3, 0] == Code.FALLBACK
    written = pd.read_csv("filled.csv")["b"].to_numpy()
    np.testing.assert_allclose(written[GAP], b[76:84], rtol=0.01)
    arguments = "impute data.csv --strategy yesterday -o again.csv -q"
    monkeypatch.setattr(sys, "argv", ["fill.py", *arguments.split()])
    with pytest.raises(SystemExit, match="0"):
        runpy.run_path("fill.py", run_name="__main__")
    assert Path("again.csv").read_bytes() == Path("filled.csv").read_bytes()


def test_a_strategy_on_the_whole_series_fills_and_is_saved_and_loaded(run_section):
    imputer = run_section("A strategy that learns from the whole series")["imputer"]
    gappy = data()
    gappy.loc[50, "a"] = np.nan
    filled = imputer.fill(gappy).filled
    assert set(filled.codes[GAP, 1]) == {102}
    a = data()["a"].to_numpy()
    assert abs(filled.values[50, 0] - (a[49] + a[51]) / 2) < 0.3
    imputer.save("model")
    np.testing.assert_array_equal(Imputer.load("model").fill(gappy).filled.values, filled.values)
    weighed = Imputer(candidates=("before_and_after",)).fit(gappy).fill(gappy).summary
    assert "before_and_after" in weighed["held_out_error"]["built-in"]["candidates"]


def test_a_strategy_on_windows_is_weighed_saved_and_loaded(run_section):
    imputation = run_section("A strategy that works on windows")["imputation"]
    weights = imputation.filled.weights.cell_texts[GAP, 1]
    assert all(text.startswith("common_signal=") for text in weights)  # it counts more than linear interpolation
    alone = Imputer(strategy="common_signal").fit("data.csv")
    found = alone.fill("data.csv").filled.values
    np.testing.assert_allclose(found[GAP, 1], 5 + 2 * data()["a"].to_numpy()[GAP], atol=0.2)
    alone.save("model")
    np.testing.assert_array_equal(Imputer.load("model").fill("data.csv").filled.values, found)


def test_encoders_are_compared_and_fill_from_a_packed_file(run_section):
    (run,) = run_section("An encoder")["runs"]
    scored = {score.encoder for score in run.scores if score.strategy == "neighbours" and score.column == ALL}
    assert scored == {"module:local_means.LocalMeans", "fourier:12"}
    config = Config(length=48, seq_len=48, pred_len=0, strategy="neighbours", encoder_steps=1)
    embedder = make_embedder("fourier:12", config=config)
    TableEmbedder(read_table("data.csv").series, embedder, config).make_packed_file(Path("data.packed"))
    imputation = Imputer(config, embeddings="data.packed").fit("data.csv").fill("data.csv")
    assert set(imputation.filled.codes[GAP, 1]) == {Code.STORED_NEIGHBOURS}


def test_a_file_format_keeps_numbers_and_stamps_as_they_were(run_section):
    names = run_section("A file format")
    imputation, table = names["imputation"], names["table"]
    np.testing.assert_array_equal(table.series.values[:, 0], data()["a"].to_numpy())
    np.testing.assert_array_equal(table.series.time, imputation.table.series.time)
    assert not np.isnan(table.series.values).any()
    assert json.loads(Path("filled.jsonl").read_text().splitlines()[0])["time"].startswith("2024-01-01")
    imputation.write_codes("codes.jsonl")
    assert json.loads(Path("codes.jsonl").read_text().splitlines()[100])["b"] == Code.LINEAR


def test_a_broken_file_of_a_new_format_is_refused_with_its_name(run_section):
    run_section("A file format")
    Path("broken.jsonl").write_text("{")
    with pytest.raises(ValueError, match=r"broken\.jsonl is not a readable JSON Lines file"):
        read_table("broken.jsonl")


def test_a_pattern_hides_what_it_says(run_section):
    (run,) = run_section("A missing pattern")["runs"]
    hours = np.flatnonzero(run.hidden.any(axis=1)) % 24
    assert set(hours) == set(range(6))
    assert run.hidden.mean() == pytest.approx(0.1, abs=0.02)
    assert {score.pattern for score in run.scores} == {"mornings"}
