"""Large stacked files: filled a few series at a time, with the same bytes as when they are read as a whole."""

import gzip
import json

import numpy as np
import pandas as pd
import pytest

from latentfill.imputation import stacked_file
from latentfill.imputation.imputer import Imputer
from latentfill.imputation.stacked_file import is_divisible

N_SERIES, N_STEPS = 5, 30


@pytest.fixture
def table():
    """Stations one after the other, with gaps, words and a missing row in each."""
    rng = np.random.default_rng(0)
    frames = []
    for number in range(N_SERIES):
        hours = pd.date_range("2023-03-01", periods=N_STEPS, freq="h").strftime("%Y-%m-%d %H:%M")
        values = (number + np.sin(np.arange(N_STEPS)[:, None] / 4 + [0, 1]) + rng.normal(0, 0.1, (N_STEPS, 2))).round(2)
        values[rng.random(values.shape) < 0.2] = np.nan
        frame = pd.DataFrame(values, columns=["x", "y"])
        frame.insert(0, "time", hours)
        frame.insert(0, "station", f"s{number}")
        frame["remark"] = np.where(rng.random(N_STEPS) < 0.1, 'said "a, b"', "")
        frames.append(frame.drop(index=5 + number))
    return pd.concat(frames)


@pytest.fixture
def fill(tmp_path, run_cli, monkeypatch):
    """Fill a text as a whole, then in parts; returns the bytes of all outputs of both runs."""

    n_parts = []

    def in_this_process(function, items):
        n_parts.append(len(items))
        return map(function, items)

    monkeypatch.setattr(stacked_file, "in_processes", in_this_process)
    monkeypatch.setattr(stacked_file, "ROWS_AT_ONCE", 2 * N_STEPS + 5)

    def run(text, *flags, name="in.csv", out="out.csv"):
        path, outputs = tmp_path / name, []
        path.write_bytes(gzip.compress(text.encode()) if name.endswith(".gz") else text.encode())
        for folder, large in ((tmp_path / "whole", 1 << 40), (tmp_path / "parts", 0)):
            monkeypatch.setattr(stacked_file, "LARGE", large)
            folder.mkdir()
            words = ["impute", path, "-o", folder / out, "--by", "station", "--codes", folder / "codes.csv"]
            assert run_cli(*words, "--effort", "quick", *flags) == 0
            outputs.append({each.name: each.read_bytes() for each in sorted(folder.iterdir())})
        assert n_parts[0] >= N_SERIES // 2
        return outputs

    return run


def text_of(table, line_end="\n"):
    return table.to_csv(index=False, lineterminator=line_end)


def in_turns(table):
    return table.sort_values(["time", "station"], kind="stable")


VARIANTS = {
    "one after the other": (text_of, ()),
    "in turns": (lambda table: text_of(in_turns(table)), ()),
    "own models": (text_of, ("--model", "own")),
    "added rows": (text_of, ("--grid",)),
    "added rows in turns": (lambda table: text_of(in_turns(table)), ("--grid",)),
    "bounds": (text_of, ("--intervals", "0.9")),
    "samples": (text_of, ("--samples", "2", "--model", "shared")),
    "carriage returns": (lambda table: text_of(table, "\r\n"), ()),
    "no last line end": (lambda table: text_of(table).removesuffix("\n"), ("--grid",)),
    "comments": (lambda table: "# made up\n" + text_of(table).replace("\ns3,", "\n# third\n\ns3,", 1), ()),
    "byte order mark": (lambda table: "\ufeff" + text_of(table), ()),
}


@pytest.mark.parametrize("variant", VARIANTS)
def test_parts_give_the_same_bytes_as_the_whole(fill, table, variant):
    make, flags = VARIANTS[variant]
    whole, parts = fill(make(table), *flags)
    assert sorted(whole) == sorted(parts)
    for name in whole:
        if not name.endswith(".json"):
            assert whole[name] == parts[name], name
    summaries = [json.loads(each["out.summary.json"]) for each in (whole, parts)]
    for key in ("cells", "columns", "table", "model", "not_filled"):
        assert summaries[0][key] == summaries[1][key]


def test_a_packed_file_is_divided_too(fill, table):
    whole, parts = fill(text_of(table), name="in.csv.gz", out="out.csv.gz")
    assert gzip.decompress(whole["out.csv.gz"]) == gzip.decompress(parts["out.csv.gz"])


def test_a_series_that_cannot_be_filled_stays_and_is_named(fill, table):
    single = "single,2023-03-01 00:00,,2,\n"
    whole, parts = fill(text_of(table).replace("s4,", single + "s4,", 1))
    assert whole["out.csv"] == parts["out.csv"]
    assert single.encode() in parts["out.csv"]
    assert list(json.loads(parts["out.summary.json"])["not_filled"]) == ["single"]


def test_nothing_is_left_beside_the_outputs(fill, table):
    _, parts = fill(text_of(table))
    assert sorted(parts) == ["codes.csv", "out.csv", "out.summary.json"]


@pytest.mark.parametrize(
    ("lines", "message"),
    [("s0,2023-03-01 00:00,1,2,\n", "more than one row"), ("s0,2023-03-02 07:00,1\n", "line 147 has 3 fields")],
)
def test_a_bad_row_is_refused_as_in_the_whole_file(tmp_path, run_cli, capsys, monkeypatch, table, lines, message):
    monkeypatch.setattr(stacked_file, "LARGE", 0)
    path = tmp_path / "in.csv"
    path.write_text(text_of(table) + 3 * lines)
    assert run_cli("impute", path, "-o", tmp_path / "out.csv", "--by", "station", "--effort", "quick") == 2
    assert message in capsys.readouterr().err
    assert [each.name for each in tmp_path.iterdir()] == ["in.csv"]


def test_small_files_and_other_formats_are_read_as_a_whole(tmp_path, monkeypatch):
    imputer, path = Imputer(by="station"), tmp_path / "in.csv"
    path.write_text("a\n")

    def outputs(name):
        return stacked_file.StackedOutputs({tmp_path / name: print}, {})

    assert not is_divisible(imputer, path, outputs("out.csv"))
    monkeypatch.setattr(stacked_file, "LARGE", 0)
    assert is_divisible(imputer, path, outputs("out.csv"))
    assert not is_divisible(imputer, path, outputs("out.parquet"))
    assert not is_divisible(imputer, tmp_path / "none.csv", outputs("out.csv"))
    assert not is_divisible(Imputer(by="station", covariates="x.csv"), path, outputs("out.csv"))


def test_processes_give_the_same_bytes(tmp_path, run_cli, monkeypatch, table):
    monkeypatch.setattr(stacked_file, "ROWS_AT_ONCE", 4 * N_STEPS)
    monkeypatch.setattr(stacked_file, "LARGE", 0)
    path = tmp_path / "in.csv"
    path.write_text(text_of(table))
    for threads in ("1", "2"):
        monkeypatch.setenv("OMP_NUM_THREADS", threads)
        words = ["impute", path, "-o", tmp_path / f"{threads}.csv", "--by", "station", "--intervals", "0.9"]
        assert run_cli(*words, "--samples", "1", "--effort", "quick") == 0
    for name in ("1.csv", "1.sample1.csv"):
        assert (tmp_path / name).read_bytes() == (tmp_path / name.replace("1", "2", 1)).read_bytes()


def test_files_in_other_encodings_are_divided_if_the_encoding_is_given(fill, table):
    text = text_of(table).replace("said", "sagte für")
    whole, parts = fill(text, "--encoding", "utf-8")
    assert whole["out.csv"] == parts["out.csv"]
    assert "für".encode() in parts["out.csv"]
