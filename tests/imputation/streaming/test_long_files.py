"""Long files: filled block by block, as they are when they are filled as a whole."""

import gzip
import io
import json

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from pyarrow import parquet

from latentfill.imputation.imputer import Imputer
from latentfill.imputation.streaming import blocks, sample, scan, totals, when
from latentfill.imputation.streaming.long_file import LongFile
from latentfill.imputation.streaming.when import open_long

N_STEPS = 700
ROWS = 150  # of a block
LINEAR = ("--strategy", "linear")


@pytest.fixture(autouse=True)
def short_blocks(monkeypatch):
    """Blocks and stretches of few rows."""
    monkeypatch.setattr(scan, "CELLS_AT_ONCE", 1)
    monkeypatch.setattr(scan, "FEWEST_ROWS", ROWS)
    monkeypatch.setattr(sample, "STRETCH", 100)
    monkeypatch.setattr(sample, "FEWEST_ROWS", 100)
    monkeypatch.setattr(when, "FEWEST_ROWS", 1)


@pytest.fixture
def is_long(monkeypatch):
    """Whether tables are filled block by block from now on."""

    def set_to(answer):
        monkeypatch.setattr(when, "MOST_CELLS", 1 if answer else 1 << 40)

    set_to(True)
    return set_to


def made_table(seed=0, n_steps=N_STEPS):
    """Ten-minute readings of three columns with gaps, one of which lies across two blocks."""
    rng = np.random.default_rng(seed)
    values = np.sin(np.arange(n_steps)[:, None] / 12 + [0, 1, 2]) + rng.normal(0, 0.1, (n_steps, 3))
    frame = pd.DataFrame((10 + values).round(2), columns=["x", "y", "z"])
    for _ in range(40):
        start = rng.integers(0, n_steps)
        frame.iloc[start : start + rng.integers(1, 9), rng.integers(0, 3)] = np.nan
    frame.loc[ROWS - 6 : ROWS + 5, "y"] = np.nan
    frame.insert(0, "time", pd.date_range("2024-01-01", periods=n_steps, freq="10min").astype(str))
    frame["remark"] = np.where(rng.random(n_steps) < 0.1, 'said "a, b"', "")
    return frame


def text_of(frame):
    return frame.to_csv(index=False)


def marked(frame, marker):
    """The table with a marker in its missing cells."""
    return frame.fillna(dict.fromkeys("xyz", marker))


@pytest.fixture
def fill(tmp_path, run_cli, is_long):
    """Fill a file as a whole with a model, then block by block; returns all outputs of both runs."""

    def run(data, *flags, name="in.csv", out="out.csv", fit=LINEAR):
        path, outputs = tmp_path / name, []
        path.write_bytes(data)
        is_long(False)
        assert run_cli("fit", path, "--model", tmp_path / "model", *fit) == 0
        for folder, long in ((tmp_path / "whole", False), (tmp_path / "blocks", True)):
            is_long(long)
            folder.mkdir()
            words = ["apply", path, "--model", tmp_path / "model", "-o", folder / out, "--codes", folder / "codes.csv"]
            assert run_cli(*words, *flags) == 0
            outputs.append({each.name: each.read_bytes() for each in sorted(folder.iterdir())})
        assert "block by block" in outputs[1]["out.summary.json"].decode()
        assert "block by block" not in outputs[0]["out.summary.json"].decode()
        return outputs

    return run


VARIANTS = {
    "plain": (text_of, ()),
    "carriage returns": (lambda frame: text_of(frame).replace("\n", "\r\n"), ()),
    "no last line end": (lambda frame: text_of(frame).removesuffix("\n"), ()),
    "lines above and comments": (
        lambda frame: "# made up\n" + text_of(frame).replace("\n2024-01-02 0", "\n# next\n\n2024-01-02 0"),
        (),
    ),
    "blank lines at the end": (lambda frame: text_of(frame) + "\n\n", ()),
    "byte order mark": (lambda frame: "\ufeff" + text_of(frame), ()),
    "cells of several lines": (lambda frame: text_of(frame).replace("a, b", "a\nb"), ()),
    "decimal commas": (lambda frame: frame.to_csv(index=False, sep=";", decimal=","), ()),
    "missing rows": (lambda frame: text_of(frame.drop(index=[*range(140, 160), 290, 449, 450])), ()),
    "added rows": (lambda frame: text_of(frame.drop(index=[*range(140, 160), 290, 449, 450])), ("--grid",)),
    "uneven stamps": (lambda frame: text_of(frame.sample(frac=0.3, random_state=0).sort_index()), ()),
    "row numbers": (lambda frame: text_of(frame.drop(columns="time")), ()),
    "bounds": (text_of, ("--intervals", "0.9")),
    "decimals": (text_of, ("--precision", "4")),
    "markers": (lambda frame: text_of(marked(frame, -8888)), ("--missing", "-8888")),
    "suspected markers": (lambda frame: text_of(marked(frame, -9999)), ()),
}


def assert_alike(whole, in_blocks):
    """The tables have the same bytes; the codes are the same, and their numbers up to rounding of sums."""
    assert sorted(whole) == sorted(in_blocks)
    for name in whole:
        if name.startswith("codes"):
            frames = [pd.read_csv(io.BytesIO(each[name])) for each in (whole, in_blocks)]
            pd.testing.assert_frame_equal(*frames, rtol=1e-9)
        elif not name.endswith(".json"):
            assert whole[name] == in_blocks[name], name


@pytest.mark.parametrize("variant", VARIANTS)
def test_blocks_give_the_same_bytes_as_the_whole(fill, variant):
    make, flags = VARIANTS[variant]
    whole, in_blocks = fill(make(made_table()).encode(), *flags)
    assert_alike(whole, in_blocks)
    summaries = [json.loads(each["out.summary.json"]) for each in (whole, in_blocks)]
    for key in ("cells", "table", "model", "filled_from", "doubtful"):
        assert summaries[0][key] == summaries[1][key]
    for name, counts in summaries[0]["columns"].items():
        assert counts == {**summaries[1]["columns"][name], "spread": counts["spread"]}


def test_packed_text_gives_packed_text(fill):
    whole, in_blocks = fill(gzip.compress(text_of(made_table()).encode()), name="in.csv.gz", out="out.csv.gz")
    assert gzip.decompress(whole["out.csv.gz"]) == gzip.decompress(in_blocks["out.csv.gz"])


def parquet_of(frame):
    file = io.BytesIO()
    frame = frame.assign(time=pd.to_datetime(frame["time"]), count=np.arange(len(frame)) % 7)
    parquet.write_table(pa.Table.from_pandas(frame, preserve_index=False), file, row_group_size=70)
    return file.getvalue()


@pytest.mark.parametrize("ending", [".csv", ".parquet"])
def test_parquet_keeps_its_values_and_types(fill, ending):
    whole, in_blocks = fill(parquet_of(made_table()), name="in.parquet", out=f"out{ending}")
    if ending == ".csv":
        assert_alike(whole, in_blocks)
        return
    tables = [parquet.read_table(io.BytesIO(each["out.parquet"])) for each in (whole, in_blocks)]
    assert tables[0].equals(tables[1], check_metadata=True)
    assert tables[1].column("x").null_count == 0


def test_text_becomes_parquet(fill):
    whole, in_blocks = fill(text_of(made_table()).encode(), out="out.parquet")
    tables = [parquet.read_table(io.BytesIO(each["out.parquet"])) for each in (whole, in_blocks)]
    assert tables[0].equals(tables[1])


QUICK = ("--candidates", "linear,state_space,kriging", "--set", "length=24")


def test_strategies_that_learn_give_nearly_the_same_values(fill, monkeypatch):
    monkeypatch.setattr(scan, "FEWEST_ROWS", 1000)
    table = made_table(n_steps=3000)
    table.loc[995:1008, ["x", "y"]] = np.nan  # across the end of the first block
    whole, in_blocks = fill(text_of(table).encode(), "--precision", "6", fit=QUICK)
    frames = [pd.read_csv(io.BytesIO(each["out.csv"])) for each in (whole, in_blocks)]
    for name in "xyz":
        gaps = table[name].isna()
        difference = (frames[0][name] - frames[1][name])[gaps].abs()
        assert difference.max() < 0.05 * table[name].std()
        assert (frames[0][name] == frames[1][name])[~gaps].all()
        assert frames[1][name].notna().all()


def test_a_gap_is_seen_from_both_ends_up_to_the_reach_of_the_context(fill, monkeypatch):
    monkeypatch.setattr(blocks, "MARGIN", 20)
    monkeypatch.setattr(blocks, "REACH", 100)
    monkeypatch.setattr(totals, "REACH", 100)
    table = made_table()
    table["x"] = (np.abs(350 - np.arange(N_STEPS)) / 10).round(1)
    table.loc[120:190, "x"] = np.nan  # crosses the end of the first block, 30 and 41 rows beyond
    table.loc[300:599, "x"] = np.nan  # two whole blocks, longer than the reach
    whole, in_blocks = fill(text_of(table).encode())
    lines = [pd.read_csv(io.BytesIO(each["out.csv"]))["x"] for each in (whole, in_blocks)]
    np.testing.assert_array_equal(lines[0][:300], lines[1][:300])
    np.testing.assert_allclose(lines[0][300:600], np.linspace(5.1, 25, 302)[1:-1], atol=0.06)
    assert (lines[1][300:450] == 5.1).all()  # only the nearer end was seen
    assert (lines[1][450:600] == 25).all()
    notes = json.loads(in_blocks["out.summary.json"])["notes"]
    assert any("more than" in note and "'x'" in note and "nearer end" in note for note in notes)


def test_doubtful_readings_are_listed_with_their_rows(fill, tmp_path, monkeypatch):
    monkeypatch.setattr(scan, "FEWEST_ROWS", 300)
    table = made_table(n_steps=1500)
    table.loc[[410, 1300], "z"] = 500.0
    flags = ("--doubt", tmp_path / "doubt.csv", "--blank-doubtful", "0.9")
    whole, in_blocks = fill(text_of(table).encode(), *flags)
    doubtful = pd.read_csv(tmp_path / "doubt.csv")
    assert {410, 1300} <= set(doubtful["row"][doubtful["value"] == 500])
    assert doubtful["probability"].is_monotonic_decreasing
    codes = [pd.read_csv(io.BytesIO(each["codes.csv"]))["z"] for each in (whole, in_blocks)]
    assert codes[0][410] == codes[1][410] != 0
    summary = json.loads(in_blocks["out.summary.json"])
    assert sum(summary["doubtful"]["z"].values()) >= 2
    assert any("readings are probably wrong" in note for note in summary["notes"])


def test_a_file_that_changes_between_its_readings_is_refused(tmp_path, run_cli, capsys, monkeypatch, is_long):
    path = tmp_path / "in.csv"
    path.write_text(text_of(made_table()))
    fit = LongFile.fit

    def fit_slowly(file):
        fit(file)
        path.write_text(text_of(made_table(seed=1)))

    monkeypatch.setattr(LongFile, "fit", fit_slowly)
    assert run_cli("impute", path, "-o", tmp_path / "out.csv", *LINEAR) == 2
    assert "changed while it was read" in capsys.readouterr().err
    assert not (tmp_path / "out.csv").exists()


def test_a_model_without_its_columns_is_refused(fill, tmp_path, run_cli, capsys):
    fill(text_of(made_table()).encode())
    (tmp_path / "other.csv").write_text(text_of(made_table().drop(columns="y")))
    words = ["apply", tmp_path / "other.csv", "--model", tmp_path / "model", "-o", tmp_path / "out.csv"]
    assert run_cli(*words) == 2
    assert "lacks columns that the model was fitted with" in " ".join(capsys.readouterr().err.split())


def test_a_long_file_is_fitted_in_stretches_and_filled(tmp_path, run_cli, is_long):
    table = made_table(n_steps=3000)
    path = tmp_path / "in.csv"
    path.write_text(text_of(table))
    words = ["-o", tmp_path / "out.csv", "--effort", "quick", "--samples", "2", "--intervals", "0.8"]
    extra = ["--intervals-to", tmp_path / "bounds.csv", "--doubt", tmp_path / "doubt.csv"]
    assert run_cli("impute", path, *words, *extra) == 0
    filled, bounds = pd.read_csv(tmp_path / "out.csv"), pd.read_csv(tmp_path / "bounds.csv")
    observed = table[["x", "y", "z"]].notna()
    assert filled[["x", "y", "z"]].notna().all(axis=None)
    assert (filled[["x", "y", "z"]] == table[["x", "y", "z"]])[observed].where(observed, True).all(axis=None)
    assert ((bounds["x_lower"] <= filled["x"]) & (filled["x"] <= bounds["x_upper"])).all()
    samples = [pd.read_csv(tmp_path / f"out.sample{number}.csv") for number in (1, 2)]
    errors = [(sample["y"] - filled["y"])[~observed["y"]].to_numpy() for sample in samples]
    assert (errors[0] != errors[1]).any()
    summary = json.loads((tmp_path / "out.summary.json").read_text())
    assert any("models are fitted to" in note for note in summary["notes"])
    assert summary["cells"]["observed"] == int(observed.to_numpy().sum())
    assert set(summary["outputs"]) == {
        *("out.csv", "bounds.csv", "doubt.csv", "out.sample1.csv", "out.sample2.csv"),
    }


def test_random_errors_differ_from_block_to_block(tmp_path, run_cli, is_long):
    table = made_table()
    for first in range(20, N_STEPS - ROWS, ROWS):
        table.loc[first : first + 5, "x"] = np.nan  # at the same place in each block
    (tmp_path / "in.csv").write_text(text_of(table))
    words = ["-o", tmp_path / "out.csv", "--effort", "quick", "--samples", "1", "--precision", "9"]
    assert run_cli("impute", tmp_path / "in.csv", *words) == 0
    drawn, filled = (pd.read_csv(tmp_path / name)["x"] for name in ("out.sample1.csv", "out.csv"))
    errors = (drawn - filled).to_numpy()
    signs = {tuple(np.sign(errors[first : first + 6])) for first in range(20, N_STEPS - ROWS, ROWS)}
    assert len(signs) > 1


def test_the_phase_of_a_cycle_does_not_depend_on_where_a_block_begins(fill):
    table = made_table(n_steps=1500).drop(columns="time")
    whole, in_blocks = fill(text_of(table).encode(), fit=("--strategy", "seasonal"))
    frames = [pd.read_csv(io.BytesIO(each["out.csv"])) for each in (whole, in_blocks)]
    difference = (frames[0][["x", "y", "z"]] - frames[1][["x", "y", "z"]]).abs().max().max()
    assert difference < 0.6  # half of the amplitude; the wrong phase errs by up to 2


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda lines: [*lines[:680], lines[680].replace(",1", ",oops1", 1), *lines[681:]], "line 681: 'oops"),
        (lambda lines: [*lines[:680], lines[680].rstrip("\n") + ",9\n", *lines[681:]], "line 681 has 6 fields"),
        (lambda lines: [*lines[:680], "soon" + lines[680][19:], *lines[681:]], "line 681: 'soon'"),
        (lambda lines: [*lines[:680], lines[680][19:], *lines[681:]], "is empty in 1 row (line 681)"),
    ],
)
def test_a_late_surprise_is_told_with_its_row_and_nothing_is_written(tmp_path, run_cli, capsys, is_long, make, message):
    lines = text_of(made_table().assign(remark="")).splitlines(keepends=True)
    (tmp_path / "in.csv").write_text("".join(make(lines)))
    assert run_cli("impute", tmp_path / "in.csv", "-o", tmp_path / "out.csv", *LINEAR) == 2
    assert message in " ".join(capsys.readouterr().err.split())
    assert [each.name for each in tmp_path.iterdir()] == ["in.csv"]


WHOLE = {  # what is read as a whole, and why
    "order": (lambda frame: frame.iloc[::-1], (), "not in the order of time"),
    "days": (lambda frame: frame.assign(time=pd.date_range("1990-01-01", periods=N_STEPS).astype(str)), (), "a day or"),
    "time zone": (lambda frame: frame, ("--timezone", "Europe/Berlin"), "--timezone needs"),
    "long pause": (lambda frame: frame.drop(index=range(100, 500)), ("--grid",), "400 rows are missing in one place"),
    "causal": (lambda frame: frame, ("--causal",), "--causal fits"),
    "long gaps": (lambda frame: frame, ("--max-gap", "9999"), "--max-gap is more than"),
    "words": (lambda frame: frame, ("--fill-text",), "--fill-text needs"),
}


@pytest.mark.parametrize("case", WHOLE)
def test_what_needs_the_whole_table_is_read_as_a_whole_or_refused(
    tmp_path, run_cli, capsys, monkeypatch, is_long, case
):
    monkeypatch.setattr(scan, "REACH", 100)
    change, flags, reason = WHOLE[case]
    (tmp_path / "in.csv").write_text(text_of(change(made_table())))
    words = ["impute", tmp_path / "in.csv", "-o", tmp_path / "out.csv", *flags]
    if case == "order":
        assert run_cli(*words, *LINEAR) == 0
        assert "block by block" not in (tmp_path / "out.summary.json").read_text()
        (tmp_path / "out.csv").unlink()
    capsys.readouterr()
    monkeypatch.setattr(when, "_memory", lambda: 1.0)
    assert run_cli(*words) == 2
    error = " ".join(capsys.readouterr().err.split())
    assert reason in error
    assert "is not filled block by block" in error
    assert not (tmp_path / "out.csv").exists()


def test_a_report_needs_the_whole_table(tmp_path, run_cli, capsys, monkeypatch, is_long):
    (tmp_path / "in.csv").write_text(text_of(made_table()))
    monkeypatch.setattr(when, "_memory", lambda: 1.0)
    words = ["impute", tmp_path / "in.csv", "-o", tmp_path / "out.csv", "--report", tmp_path / "page.html"]
    assert run_cli(*words) == 2
    assert "--report needs the whole table" in " ".join(capsys.readouterr().err.split())


def test_evaluate_scores_on_stretches(tmp_path, run_cli, is_long):
    (tmp_path / "in.csv").write_text(text_of(made_table(n_steps=3000)))
    words = [
        "--strategies",
        "linear,state_space,auto",
        "--effort",
        "quick",
        "-o",
        tmp_path / "scores.json",
        "--intervals",
        "0.9",
    ]
    assert run_cli("evaluate", tmp_path / "in.csv", *words, "-o", tmp_path / "scores.json") == 0
    scores = json.loads((tmp_path / "scores.json").read_text())["scores"]
    overall = {each["strategy"]: each for each in scores if each["column"] == "all" and each["gap"] == "all"}
    assert overall["state_space"]["mse"] < overall["linear"]["mse"]
    assert overall["auto"]["mse"] < overall["linear"]["mse"]
    assert 0.05 < overall["linear"]["realised_rate"] < 0.2


def test_a_file_is_long_by_its_cells_or_its_memory(tmp_path, monkeypatch):
    path = tmp_path / "in.csv"
    path.write_text(text_of(made_table()))
    assert open_long(Imputer(), path) is None
    monkeypatch.setattr(when, "_memory", lambda: 1e6)
    assert open_long(Imputer(), path) is not None


def test_the_plan_says_that_a_file_is_filled_in_blocks(tmp_path, run_cli, capsys, is_long):
    path = tmp_path / "in.csv"
    path.write_text(text_of(made_table(n_steps=3000)))
    plans = {}
    for long in (False, True):
        is_long(long)
        capsys.readouterr()
        assert run_cli("plan", path, "--json") == 0
        plans[long] = json.loads(capsys.readouterr().out)
    assert [plans[long]["in_blocks"] for long in (False, True)] == [False, True]
    for key in ("rows", "columns", "missing"):
        assert plans[False][key] == plans[True][key]
    assert run_cli("plan", path) == 0
    assert "block by block" in capsys.readouterr().out
