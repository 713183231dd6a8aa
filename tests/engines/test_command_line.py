"""`--engine` on the command line: what it prints and refuses, and a run that is killed and started again."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from pyarrow import parquet

import latentfill
from engines.small_series import N_SERIES, contents, read, rows_of
from latentfill.embeddings.stored.packed_file import load_packed_file

LOCAL = ("--engine", "local", "--strategy", "linear", "--model", "own")


def test_impute_prints_the_summary_and_writes_it_beside_the_parts(
    run_cli: Callable[..., int], files: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    assert run_cli("impute", files, "-o", tmp_path / "out", *LOCAL, "--json", "--summary", tmp_path / "s.json") == 0
    printed = json.loads(capsys.readouterr().out)
    assert printed["table"]["series"] == N_SERIES
    assert printed == json.loads((tmp_path / "s.json").read_text())
    assert printed == json.loads((tmp_path / "out" / "_latentfill" / "summary.json").read_text())


def test_apply_fills_many_series_with_a_saved_model(run_cli: Callable[..., int], files: Path, tmp_path: Path):
    model = tmp_path / "model"
    assert run_cli("fit", files / "s0.parquet", "-m", model, "--strategy", "linear", "-q") == 0
    assert run_cli("apply", files, "-m", model, "-o", tmp_path / "out", "--engine", "local", "-q") == 0
    filled = read(tmp_path / "out").to_pandas()
    for number in (0, 3):
        alone = latentfill.Imputer.load(model).transform(rows_of(number))
        own = filled[filled["file"] == f"s{number}.parquet"]
        np.testing.assert_array_equal(own["x"], alone["x"].to_numpy())


def test_evaluate_scores_many_series_as_one_table_of_them(
    run_cli: Callable[..., int], files: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    import pyarrow as pa

    stacked = tmp_path / "stacked.parquet"
    parquet.write_table(pa.concat_tables(rows_of(n, file=f"s{n}.parquet") for n in range(N_SERIES)), stacked)
    options = ("--strategies", "linear,mean", "-q", "--rates", "0.2")
    assert run_cli("evaluate", files, "--engine", "local", "-o", tmp_path / "many.json", *options) == 0
    assert run_cli("evaluate", stacked, "--by", "file", "-o", tmp_path / "one.json", *options) == 0
    many, one = (json.loads((tmp_path / name).read_text())["scores"] for name in ("many.json", "one.json"))
    assert [score["strategy"] for score in many] == [score["strategy"] for score in one]
    assert [score["cells"] for score in many] == [score["cells"] for score in one]
    np.testing.assert_allclose([score["mse"] for score in many], [score["mse"] for score in one], rtol=1e-9)
    assert not (tmp_path / "many.json.parts").exists()


def test_embed_gives_each_series_a_packed_file(run_cli: Callable[..., int], files: Path, tmp_path: Path):
    encoder = tmp_path / "encoder.py"
    encoder.write_text("import torch\n\n\ndef embed(x):\n    return x.mean(dim=1, keepdim=True).transpose(1, 2)\n")
    options = ("--encoder", "module:encoder.embed", "--trust-code", "--seq-len", "24", "-q")
    sys.path.insert(0, str(tmp_path))
    try:
        assert run_cli("embed", files, "-o", tmp_path / "out", "--engine", "local", *options) == 0
        assert run_cli("embed", files / "s2.parquet", "-o", tmp_path / "alone.packed", *options) == 0
    finally:
        sys.path.remove(str(tmp_path))
    many, alone = load_packed_file(tmp_path / "out" / "s2.parquet.packed"), load_packed_file(tmp_path / "alone.packed")
    np.testing.assert_array_equal(many.read("all"), alone.read("all"))
    assert len(list((tmp_path / "out").glob("*.packed"))) == N_SERIES


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (("-o", "OUT", "--codes", "c.csv"), "--codes would be for a single table"),
        (("-o", "OUT", "--report", "r.html", "--samples", "2"), "--report, --samples"),
        (("-o", "OUT.csv"), "is named like a table"),
        ((), "-o OUT"),
        (("-o", "OUT", "--address", "auto"), "--engine local has none"),
        (("-o", "OUT", "--with", "IN/s0.parquet"), "covariates"),
    ],
)
def test_options_that_are_refused(
    run_cli: Callable[..., int],
    files: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    options: tuple[str, ...],
    words: str,
):
    given = [option.replace("OUT", str(tmp_path / "out")).replace("IN", str(files)) for option in options]
    assert run_cli("impute", files, *LOCAL, *given) == 2
    assert words in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


def test_an_address_needs_an_engine_and_an_output_may_be_kept(
    run_cli: Callable[..., int], files: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    assert run_cli("impute", files, "-o", tmp_path / "o.csv", "--address", "auto") == 2
    assert "add --engine ray" in capsys.readouterr().err
    assert run_cli("impute", files, "-o", tmp_path / "out", *LOCAL, "-q") == 0
    assert run_cli("impute", files, "-o", tmp_path / "out", *LOCAL, "--no-clobber") == 2
    assert "--no-clobber keeps what exists" in capsys.readouterr().err


def test_a_killed_run_goes_on_where_it_stopped_and_shows_no_half_part(tmp_path: Path):
    source = tmp_path / "in"
    source.mkdir()
    for number in range(60):
        parquet.write_table(rows_of(number), source / f"s{number:02}.parquet")
    command = [sys.executable, "-m", "latentfill", "impute", str(source), *LOCAL, "-q", "-o"]
    subprocess.run([*command, str(tmp_path / "whole")], check=True, timeout=300)
    whole = contents(tmp_path / "whole")
    killed, out = subprocess.Popen([*command, str(tmp_path / "killed")]), tmp_path / "killed"
    while not list(out.glob("part-*.parquet")) and killed.poll() is None:
        time.sleep(0.01)
    killed.kill()
    killed.wait(timeout=60)
    assert {name: data for name, data in contents(out).items() if name.startswith("part-")}.items() <= whole.items()
    subprocess.run([*command, str(out)], check=True, timeout=300)
    assert contents(out) == whole
