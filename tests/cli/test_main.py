"""The command line as a user runs it, including its error messages."""

from __future__ import annotations

import csv
import json
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

import latentfill
from latentfill.scoring.demo_table import Sample

FLAGS = [
    "length=24", "stride=8", "dim=16", "layers=1", "attention_heads=2", "encoder_steps=20", "decoder_steps=20",
    "encoder_batch=8", "decoder_batch=8", "width=16", "blocks=2", "kernel=5",
]  # fmt: skip
QUICK = [part for flag in FLAGS for part in ("--set", flag)]


@pytest.fixture(scope="module")
def source(sample: Sample, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("cli") / "sample.csv"
    path.write_text(sample.to_csv())
    return path


def cells(path: Path) -> list[list[str]]:
    with path.open(newline="") as file:
        return list(csv.reader(file))


def test_impute_fills_every_gap_and_keeps_the_text_of_observed_cells(
    run_cli: Callable[..., int], source: Path, tmp_path: Path, sample: Sample
):
    out, codes = tmp_path / "filled.csv", tmp_path / "codes.csv"
    assert run_cli("impute", source, "-o", out, "--codes", codes, *QUICK) == 0
    before, after = cells(source), cells(out)
    assert len(after) == len(before)
    for old, new in zip(before, after, strict=True):
        for a, b in zip(old, new, strict=True):
            assert b == a if a else b
    code = pd.read_csv(codes)
    names = (f"{name}_{suffix}" for suffix in ("weights", "expected") for name in sample.columns)
    assert tuple(code.columns) == (*sample.columns, *names, "model")
    np.testing.assert_array_equal(code[list(sample.columns)].to_numpy() == 0, ~sample.missing)
    summary = json.loads((tmp_path / "filled.summary.json").read_text())
    assert summary["settings"]["windows"]["length"] == 24
    assert summary["cells"]["observed"] == int((~sample.missing).sum())
    assert summary["columns"]["price"]["missing"] == int(sample.missing[:, -1].sum())
    assert summary["seconds"] > 0


def test_bounds_are_columns_of_the_table_or_a_separate_file(
    run_cli: Callable[..., int], source: Path, tmp_path: Path, sample: Sample
):
    out, without_bounds, bounds = tmp_path / "a.csv", tmp_path / "b.csv", tmp_path / "bounds.csv"
    options = ("--strategy", "linear", "--intervals", 0.9, "-q", "--samples", 2)
    assert run_cli("impute", source, "-o", out, *options) == 0
    files = ("-o", without_bounds, "--intervals-to", bounds, "--codes", tmp_path / "c.csv")
    assert run_cli("impute", source, *files, *options) == 0
    whole, separate = pd.read_csv(out), pd.read_csv(bounds)
    names = [f"{name}_{end}" for name in sample.columns for end in ("lower", "upper")]
    assert list(whole.columns) == [*pd.read_csv(source).columns, *names]
    assert list(separate.columns) == names
    assert list(pd.read_csv(without_bounds).columns) == list(pd.read_csv(source).columns)
    missing = pd.Series(sample.missing[:, -1])
    price = whole["price"]
    assert (whole["price_lower"][~missing] == price[~missing]).all()
    assert (whole["price_lower"] <= price).all()
    assert (whole["price_upper"] >= price).all()
    assert (whole["price_upper"] - whole["price_lower"])[missing].mean() > 0
    assert separate["price_lower"].between(whole["price_lower"] - 0.01, whole["price_lower"] + 0.01).all()
    assert {"price_expected", "price_lower", "price_upper", "model"} <= set(pd.read_csv(tmp_path / "c.csv").columns)
    first, second = (pd.read_csv(tmp_path / f"a.sample{i}.csv") for i in (1, 2))
    assert list(first.columns) == list(pd.read_csv(source).columns)
    assert (first["price"] != second["price"])[missing].any()
    assert (first["price"] == second["price"])[~missing].all()


def test_bounds_without_a_coverage_are_refused(run_cli: Callable[..., int], source: Path, tmp_path: Path, capsys):
    assert run_cli("impute", source, "-o", tmp_path / "a.csv", "--intervals-to", tmp_path / "b.csv") == 2
    assert "--intervals-to needs a coverage" in capsys.readouterr().err
    assert not (tmp_path / "a.csv").exists()


def test_filled_cells_have_the_decimals_of_their_column_or_the_given_precision(
    run_cli: Callable[..., int], source: Path, tmp_path: Path
):
    run_cli("impute", source, "-o", tmp_path / "a.csv", "-q", *QUICK)
    run_cli("impute", source, "-o", tmp_path / "b.csv", "-q", "--precision", 4, *QUICK)
    before, two, four = (cells(path) for path in (source, tmp_path / "a.csv", tmp_path / "b.csv"))
    filled = [(r, c) for r, row in enumerate(before) for c, cell in enumerate(row) if not cell]
    assert {len(two[r][c].partition(".")[2]) for r, c in filled} == {2}
    assert {len(four[r][c].partition(".")[2]) for r, c in filled} == {4}


def test_fit_and_apply_write_the_same_bytes_as_impute(run_cli: Callable[..., int], source: Path, tmp_path: Path):
    assert run_cli("impute", source, "-o", tmp_path / "at_once.csv", "-q", *QUICK) == 0
    assert run_cli("fit", source, "-m", tmp_path / "model", "-q", *QUICK) == 0
    command = [
        sys.executable,
        "-m",
        "latentfill",
        "apply",
        source,
        "-m",
        tmp_path / "model",
        "-o",
        tmp_path / "later.csv",
    ]
    subprocess.run([str(part) for part in command], check=True, capture_output=True)
    assert (tmp_path / "later.csv").read_bytes() == (tmp_path / "at_once.csv").read_bytes()


def test_a_csv_table_can_be_written_as_parquet(
    run_cli: Callable[..., int], source: Path, tmp_path: Path, sample: Sample
):
    assert run_cli("impute", source, "-o", tmp_path / "filled.parquet", "-q", *QUICK) == 0
    filled = pd.read_parquet(tmp_path / "filled.parquet")
    values = filled[list(sample.columns)].to_numpy(float)
    np.testing.assert_array_equal(values[~sample.missing], sample.truth[~sample.missing])
    assert not np.isnan(values).any()


def test_flags_override_the_config_file_and_the_file_overrides_defaults(
    run_cli: Callable[..., int], source: Path, tmp_path: Path
):
    settings = tmp_path / "settings.toml"
    settings.write_text("seed = 5\nnoise = 0.3\n")
    assert run_cli("impute", source, "-o", tmp_path / "f.csv", "-q", "--config", settings, "--seed", 6, *QUICK) == 0
    used = json.loads((tmp_path / "f.summary.json").read_text())["settings"]
    assert (used["seed"], used["decoder"]["noise"]) == (6, 0.3)
    assert used["training"]["patience"] == latentfill.Config().training.patience


def test_impute_prints_counts_errors_and_paths(
    run_cli: Callable[..., int], source: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    run_cli("impute", source, "-o", tmp_path / "filled.csv", *QUICK)
    output = capsys.readouterr().err
    for expected in ("Filled cells", "price", "Held-out error, built-in", "filled.csv", "filled.summary.json"):
        assert expected in output


def test_inspect_describes_a_table(
    run_cli: Callable[..., int], source: Path, capsys: pytest.CaptureFixture[str], sample: Sample
):
    assert run_cli("inspect", source) == 0
    assert "load_north" in capsys.readouterr().out
    assert run_cli("inspect", source, "--json") == 0
    inspection = json.loads(capsys.readouterr().out)
    assert inspection["kind"] == "table"
    assert inspection["rows"] == len(sample.time)
    assert inspection["time"]["columns"] == ["time"]
    assert inspection["columns"]["price"]["missing"] == int(sample.missing[:, -1].sum())
    assert sum(inspection["columns"]["price"]["gaps"].values()) > 0


def test_inspect_describes_stacked_series_with_by_and_asks_for_it_without(
    run_cli: Callable[..., int], tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    rows = [f"{name},2024-01-0{day},{day}.5" for name in ("North", "South") for day in range(1, 8)]
    (tmp_path / "t.csv").write_text("\n".join(["station,date,x", *rows]) + "\n")
    assert run_cli("inspect", tmp_path / "t.csv") == 2
    assert "`--by station`" in capsys.readouterr().err
    assert run_cli("inspect", tmp_path / "t.csv", "--by", "station") == 0
    lines = [line.strip() for line in capsys.readouterr().out.splitlines()]
    for expected in ("delimiter: comma", "number: 2", "by: station", "longest: 7", "1 day: 2", "format: %Y-%m-%d"):
        assert expected in lines


def test_inspect_describes_a_model(
    run_cli: Callable[..., int], source: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    run_cli("fit", source, "-m", tmp_path / "model", "-q", *QUICK)
    capsys.readouterr()
    assert run_cli("inspect", tmp_path / "model", "--json") == 0
    inspection = json.loads(capsys.readouterr().out)
    assert inspection["kind"] == "model"
    assert inspection["settings"]["windows"]["length"] == 24
    assert inspection["held_out_error"]["built-in"]["cells"] > 0
    assert run_cli("inspect", tmp_path / "model") == 0


def test_inspect_describes_a_folder_of_embeddings(
    run_cli: Callable[..., int], shared_data: Path, capsys: pytest.CaptureFixture[str]
):
    assert run_cli("inspect", shared_data / "timekd", "--json") == 0
    inspection = json.loads(capsys.readouterr().out)
    assert inspection["kind"] == "embeddings"
    assert inspection["splits"]["train"]["count"] == 301
    assert run_cli("inspect", shared_data / "timekd") == 0


def bad(text: str | bytes, name: str = "bad.csv") -> tuple[str, bytes]:
    return name, text.encode() if isinstance(text, str) else text


GOOD = "time,a,b\n" + "".join(f"2024-01-01 {h:02}:00,{h},{h % 5}\n" for h in range(24))

BAD_INPUTS = {
    "empty": (bad(""), [], "empty"),
    "header only": (bad("time,a,b\n"), [], "row"),
    "one row": (bad("time,a,b\n2024-01-01,1,2\n"), [], "row"),
    "no numbers": (bad("time,a\n2024-01-01,x\n2024-01-02,y\n2024-01-03,z\n"), [], "numeric|number"),
    "all missing": (bad("time,a\n2024-01-01,\n2024-01-02,\n2024-01-03,\n"), [], "missing|value"),
    "infinity": (bad(GOOD.replace(",7,", ",inf,")), [], "a"),
    "text among numbers": (bad(GOOD.replace(",7,", ",broken,")), [], "broken"),
    "mixed encodings": (bad(GOOD.encode().replace(b",7,", b",\xff\xfe\xe9,")), [], "other texts"),
    "doubled columns": (bad(GOOD.replace("time,a,b", "time,a,a")), [], "a"),
    "doubled stamps": (bad(GOOD.replace("03:00", "02:00")), [], "2024-01-01"),
    "settings out of range": (bad(GOOD), ["--length", 0, "--noise", -1, "--head", "tree"], "head"),
    "two settings out of range": (bad(GOOD), ["--length", 1, "--noise", -1], "length.*noise"),
    "an unknown setting": (bad(GOOD), ["--set", "lenght=3"], "did you mean 'length'"),
    "a setting without a value": (bad(GOOD), ["--set", "length"], "NAME=VALUE"),
    "an unknown column": (bad(GOOD), ["--columns", "q"], "q"),
    "no embeddings there": (bad(GOOD), ["--embeddings", "nowhere"], "nowhere"),
    "a split that does not fit": (bad(GOOD), ["--split", "ett-hour"], "14400.*24"),
    "an unusable device": (bad(GOOD), ["--device", "abacus"], "abacus"),
    "no such config file": (bad(GOOD), ["--config", "nowhere.toml"], "nowhere.toml"),
}


@pytest.mark.parametrize("case", sorted(BAD_INPUTS))
def test_bad_input_exits_with_code_2_and_a_message_and_writes_nothing(
    run_cli: Callable[..., int], case: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    (name, content), flags, expected = BAD_INPUTS[case]
    (tmp_path / name).write_bytes(content)
    assert run_cli("impute", tmp_path / name, "-o", tmp_path / "out.csv", *QUICK, *flags) == 2
    message = capsys.readouterr().err
    assert message.startswith("error: ")
    assert pd.Series([message.replace("\n", " ")]).str.contains(expected).item(), message
    assert [path.name for path in tmp_path.iterdir()] == [name]


def test_a_table_is_read_from_standard_input_and_written_to_standard_output(tmp_path: Path):
    text = "time,a,b\n" + "".join(f"2024-01-01 {h:02}:00,{'' if h == 7 else h / 2:},{h % 5}\n" for h in range(24))
    command = [sys.executable, "-m", "latentfill", "impute", "-", "-o", "-", "--strategy", "linear"]
    done = subprocess.run(command, input=text.encode(), capture_output=True, cwd=tmp_path, check=True)
    assert done.stdout.decode() == text.replace("07:00,,", "07:00,3.5,")
    assert b"Filled cells" in done.stderr
    assert not list(tmp_path.iterdir())


def test_a_file_with_a_preamble_units_and_decimal_commas_is_filled_at_the_first_try(
    run_cli: Callable[..., int], tmp_path: Path
):
    rows = [f"2020/01/{1 + h // 24:02d};{h % 24:02d}00 UTC;{h % 9 + 0.5:.1f};{h}".replace(".", ",") for h in range(72)]
    text = "ESTAÇÃO:;X\nLATITUDE:;-23,5\nData;Hora UTC;T (°C);U NA HORA ANT\n" + "\n".join(rows) + "\n"
    gappy = text.replace("2020/01/02;0300 UTC;0,5", "2020/01/02;0300 UTC;")
    path, out = tmp_path / "x.dat", tmp_path / "out.dat"
    path.write_bytes(gappy.encode("latin-1"))
    assert run_cli("impute", path, "-o", out, "--strategy", "linear") == 0
    assert out.read_bytes().decode("latin-1").replace("0300 UTC;5,0;27", "0300 UTC;;27") == gappy
    summary = json.loads((tmp_path / "out.summary.json").read_text())
    assert summary["table"]["time_columns"] == ["Data", "Hora UTC"]
    assert summary["table"]["step"] == "1 hour"


def test_a_missing_file_is_named(run_cli: Callable[..., int], tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    assert run_cli("impute", tmp_path / "no.csv", "-o", tmp_path / "out.csv") == 2
    assert "no.csv" in capsys.readouterr().err


def test_the_output_may_not_be_the_input(run_cli: Callable[..., int], source: Path, capsys: pytest.CaptureFixture[str]):
    before = source.read_bytes()
    assert run_cli("impute", source, "-o", source, *QUICK) == 2
    assert "input" in capsys.readouterr().err
    assert source.read_bytes() == before


def test_two_outputs_cannot_be_the_same_file(
    run_cli: Callable[..., int], source: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    assert run_cli("impute", source, "-o", tmp_path / "a.csv", "--codes", tmp_path / "a.csv", *QUICK) == 2
    assert "different files" in capsys.readouterr().err


def test_the_folders_of_the_outputs_are_made(run_cli: Callable[..., int], source: Path, tmp_path: Path):
    out, codes = tmp_path / "deep" / "er" / "out.csv", tmp_path / "other" / "codes.csv"
    assert run_cli("impute", source, "-o", out, "--codes", codes, "--strategy", "linear") == 0
    assert cells(out)[0] == cells(source)[0]
    assert codes.exists()


def test_no_clobber_refuses_to_replace_outputs_before_any_work(
    run_cli: Callable[..., int],
    source: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
):
    monkeypatch.setattr(latentfill.Imputer, "read", lambda *_: pytest.fail("work was done"))
    (tmp_path / "model").mkdir()
    for name in ("out.csv", "codes.csv", "scores.json", "totals.csv"):
        (tmp_path / name).write_text("mine")
    for command in (
        ("impute", source, "-o", tmp_path / "out.csv"),
        ("impute", source, "-o", tmp_path / "new.csv", "--codes", tmp_path / "codes.csv"),
        ("fit", source, "-m", tmp_path / "model"),
        ("evaluate", source, "-o", tmp_path / "scores.json"),
        ("totals", source, "--every", "day", "-o", tmp_path / "totals.csv"),
    ):
        assert run_cli(*command, "--no-clobber") == 2
        message = capsys.readouterr().err
        assert "already, and --no-clobber keeps" in message
        assert str(command[-1]) in message
    assert not (tmp_path / "new.csv").exists()


def test_outputs_that_exist_are_replaced_otherwise(run_cli: Callable[..., int], source: Path, tmp_path: Path):
    (tmp_path / "out.csv").write_text("old")
    assert run_cli("impute", source, "-o", tmp_path / "new.csv", "--strategy", "linear", "--no-clobber") == 0
    assert run_cli("impute", source, "-o", tmp_path / "out.csv", "--strategy", "linear") == 0
    assert (tmp_path / "out.csv").read_bytes() == (tmp_path / "new.csv").read_bytes()


def test_a_folder_that_is_not_a_model_is_refused_and_kept(
    run_cli: Callable[..., int], source: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    (tmp_path / "thing").mkdir()
    (tmp_path / "thing" / "keep.txt").write_text("mine")
    assert run_cli("apply", source, "-m", tmp_path / "thing", "-o", tmp_path / "out.csv") == 2
    assert "not a model folder" in capsys.readouterr().err
    assert run_cli("fit", source, "-m", tmp_path / "thing", *QUICK) == 2
    assert "something other than a model" in capsys.readouterr().err
    assert (tmp_path / "thing" / "keep.txt").read_text() == "mine"


def test_the_help_of_every_command_comes_without_loading_slow_libraries():
    code = """
import contextlib, io, sys
from latentfill.cli.main import app
names = [command.callback.__name__ for command in app.registered_commands]
for name in names:
    with contextlib.redirect_stdout(io.StringIO()) as output, contextlib.suppress(SystemExit):
        app([name, "--help"])
    assert f"latentfill {name}" in output.getvalue() or f" {name} " in output.getvalue()
print(len(names), [name for name in ("torch", "numpy", "pyarrow", "pandas", "sklearn") if name in sys.modules])
"""
    output = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True).stdout
    assert output.strip() == "11 []"


def test_the_demo_fills_its_sample_and_beats_linear_interpolation(
    run_cli: Callable[..., int], tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    assert run_cli("demo", "-o", tmp_path / "demo") == 0
    output = capsys.readouterr().out
    assert "filled.csv" in output.replace("\n", "")
    truth, filled = (pd.read_csv(tmp_path / "demo" / name) for name in ("truth.csv", "filled.csv"))
    assert not filled.isna().any().any()
    assert truth.shape == filled.shape
    outcome_ratio = float(next(line for line in output.splitlines() if " all " in line).split("│")[-2])
    assert outcome_ratio < 0.8


@pytest.mark.parametrize(
    ("flags", "expected"),
    [
        (["--length", 0, "--noise", -1, "--head", "tree"], "length.*head.*noise"),
        (["--length", 1, "--decimal", "x"], "length.*decimal"),
        (["--set", "grid=yes"], "grid must be true or false"),
        (["--set", "delimiter=5"], "delimiter must be text"),
        (["--set", "noise=" + "9" * 400], "noise must be from 0 to 1000"),
        (["--encoding", "base64"], "encoding 'base64' is not known"),
        (["--device", "meta"], "device must be auto, cpu, cuda"),
        (["--time", ""], "time is empty"),
    ],
)
def test_impossible_settings_are_refused_before_any_work(
    run_cli: Callable[..., int], source: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], flags, expected
):
    assert run_cli("impute", source, "-o", tmp_path / "out.csv", *flags) == 2
    assert re.search(expected, capsys.readouterr().err)
    assert not any(tmp_path.iterdir())


@pytest.mark.parametrize("precision", [-1, 18])
def test_a_precision_out_of_range_is_refused_before_any_work(run_cli, source, tmp_path, precision):
    assert run_cli("impute", source, "-o", tmp_path / "out.csv", "--precision", precision) == 2
    assert not any(tmp_path.iterdir())


def test_a_config_file_and_set_accept_lists_like_flags(run_cli: Callable[..., int], tmp_path: Path):
    (tmp_path / "in.csv").write_text(GOOD.replace(",7,", ",-200,"))
    for name, text in (
        ("a.json", '\ufeff{"missing": "-200", "time": "none"}'),
        ("b.toml", 'missing = ["-200"]\ntime = "none"'),
    ):
        (tmp_path / name).write_text(text, encoding="utf-8")
        options = ["--config", tmp_path / name, *QUICK, "-q"]
        assert run_cli("impute", tmp_path / "in.csv", "-o", tmp_path / "out.csv", *options) == 0
        assert "-200" not in (tmp_path / "out.csv").read_text()
    options = ["--set", "missing=-200", "--set", 'columns=["a"]', *QUICK, "-q"]
    assert run_cli("impute", tmp_path / "in.csv", "-o", tmp_path / "out.csv", *options) == 0
    assert "-200" not in (tmp_path / "out.csv").read_text()


def test_none_is_the_choice_of_that_name_or_no_value(run_cli: Callable[..., int], source: Path, tmp_path: Path):
    (tmp_path / "settings.toml").write_text('margin = "none"\nembeddings = "none"\n')
    choices = ("--set", "fallback=none", "--set", "context=none", "--set", "split=none")
    options = ["--config", tmp_path / "settings.toml", *choices, *QUICK, "-q"]
    assert run_cli("impute", source, "-o", tmp_path / "out.csv", *options) == 0
    used = json.loads((tmp_path / "out.summary.json").read_text())["settings"]
    assert (used["output"]["margin"], used["output"]["fallback"]) == (None, "none")
    assert (used["stored"]["embeddings"], used["decoder"]["context"]) == (None, "none")


def test_names_that_look_like_markup_are_printed_unchanged(
    run_cli: Callable[..., int], tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    source = tmp_path / "[b]in.csv"
    source.write_text(GOOD.replace("time,a,b", "time,[red]a,[/b]"))
    assert run_cli("impute", source, "-o", tmp_path / "[b]out.csv", *QUICK) == 0
    assert run_cli("inspect", source) == 0
    output = capsys.readouterr()
    assert "[/b]" in output.err
    assert "[b]out.csv" in output.err
    assert "[red]a" in output.out


def test_paths_that_are_too_long_are_refused(
    run_cli: Callable[..., int], source: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    long = tmp_path / ("x" * 300 + ".csv")
    assert run_cli("impute", long, "-o", tmp_path / "out.csv") == 2
    assert "There is no file" in capsys.readouterr().err
    assert run_cli("impute", source, "-o", long) == 2
    assert "File name too long" in capsys.readouterr().err
    assert run_cli("fit", source, "-m", long) == 2
    assert "File name too long" in capsys.readouterr().err
    assert run_cli("inspect", long) == 2


def test_a_link_to_itself_is_refused_as_input(run_cli: Callable[..., int], tmp_path: Path):
    (tmp_path / "loop.csv").symlink_to("loop.csv")
    assert run_cli("impute", tmp_path / "loop.csv", "-o", tmp_path / "out.csv") == 2


@pytest.fixture(scope="module")
def model(source: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("model") / "model"
    settings = {name: json.loads(value) for name, value in (flag.split("=") for flag in FLAGS)}
    latentfill.Imputer(**settings).fit(source).save(path)
    return path


def edit(name: str, change: Callable[[Any], object]) -> Callable[[Path], None]:
    def damage(folder: Path) -> None:
        state = json.loads((folder / name).read_text())
        change(state)
        (folder / name).write_text(json.dumps(state))

    return damage


DAMAGES = {
    "cut weights": lambda m: (m / "model.safetensors").write_bytes((m / "model.safetensors").read_bytes()[:-50]),
    "no scaler": lambda m: (m / "scaler.json").unlink(),
    "a list": lambda m: (m / "config.json").write_text("[]"),
    "only the format": lambda m: (m / "config.json").write_text('{"format": 1}'),
    "one column less known": edit("config.json", lambda s: s["known"].pop()),
    "a cycle in words": edit("config.json", lambda s: s.update(cycles=["day"])),
    "a candidate's weights less": edit("config.json", lambda s: s["builtin"]["stack"]["weight"].pop()),
    "no weights of the candidates": edit("config.json", lambda s: s["builtin"].update(stack={"weight": []})),
    "no history": edit("config.json", lambda s: s["builtin"].update(history=3)),
    "no score": edit("config.json", lambda s: s["builtin"].update(held_out=None)),
    "nothing extra": edit("config.json", lambda s: s.pop("extra")),
    "one scale less": edit("scaler.json", lambda s: s["scale"].pop()),
    "scales of zero": edit("scaler.json", lambda s: s.update(scale=[0] * len(s["scale"]))),
    "columns in another order": edit("scaler.json", lambda s: s["columns"].reverse()),
}


@pytest.mark.parametrize("signed", [False, True])
@pytest.mark.parametrize("damage", sorted(DAMAGES))
def test_a_damaged_model_is_refused_with_its_path(
    run_cli: Callable[..., int],
    source: Path,
    model: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    sign: Callable[[Path], None],
    damage: str,
    signed: bool,
):
    folder = tmp_path / "model"
    shutil.copytree(model, folder)
    DAMAGES[damage](folder)
    if signed and damage not in ("no scaler", "a list", "only the format"):  # these leave nothing to sign
        sign(folder)
    assert run_cli("apply", source, "-m", folder, "-o", tmp_path / "out.csv") == 2
    assert str(folder) in capsys.readouterr().err
    assert run_cli("inspect", folder) in (0, 2)  # it reads less than `apply`
    assert [path.name for path in tmp_path.iterdir()] == ["model"]


def test_a_table_without_a_column_of_the_model_is_refused_with_the_name_of_the_column(
    run_cli: Callable[..., int], model: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    (tmp_path / "in.csv").write_text(GOOD)
    assert run_cli("apply", tmp_path / "in.csv", "-m", model, "-o", tmp_path / "out.csv") == 2
    assert re.search("lacks columns that the model was fitted with.*'load_north'", capsys.readouterr().err)


def test_a_model_fitted_on_a_gpu_can_be_applied_on_the_given_device(
    run_cli: Callable[..., int],
    source: Path,
    model: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    sign: Callable[[Path], None],
):
    folder = tmp_path / "model"
    shutil.copytree(model, folder)
    edit("config.json", lambda s: s["settings"].update(device="cuda:99"))(folder)
    sign(folder)
    assert run_cli("apply", source, "-m", folder, "-o", tmp_path / "out.csv", "-q", "--device", "cpu") == 0
    assert run_cli("apply", source, "-m", folder, "-o", tmp_path / "out.csv", "-q") == 2
    assert "cuda:99" in capsys.readouterr().err


def test_a_model_folder_with_other_files_is_not_replaced(
    run_cli: Callable[..., int], source: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    model = tmp_path / "model"
    assert run_cli("fit", source, "-m", model, "-q", *QUICK) == 0
    assert run_cli("fit", source, "-m", model, "-q", *QUICK) == 0  # a folder with nothing but a model is replaced
    (model / "notes.txt").write_text("mine")
    assert run_cli("fit", source, "-m", model, "-q", *QUICK) == 2
    assert "something other than a model" in capsys.readouterr().err
    assert (model / "notes.txt").read_text() == "mine"


def test_a_model_folder_that_cannot_be_written_is_refused_before_fitting(
    run_cli: Callable[..., int], source: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    (tmp_path / "file").write_text("")
    assert run_cli("fit", source, "-m", tmp_path / "file" / "model", *QUICK) == 2
    output = capsys.readouterr().err
    assert "not a folder that can be written to" in output
    assert "steps" not in output


def test_fit_prints_the_notes_about_the_table(
    run_cli: Callable[..., int], tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    rows = [f"2024-01-{1 + h // 24:02} {h % 24:02}:00,{-999 if h % 9 == 0 else h % 7},{h % 5}" for h in range(200)]
    (tmp_path / "in.csv").write_text("\n".join(["time,a,b", *rows]) + "\n")
    assert run_cli("fit", tmp_path / "in.csv", "-m", tmp_path / "model", *QUICK) == 0
    assert "-999" in capsys.readouterr().err


def test_the_seed_given_to_apply_does_not_change_the_result(run_cli: Callable[..., int], source: Path, tmp_path: Path):
    assert run_cli("fit", source, "-m", tmp_path / "model", "--seed", 3, "-q", *QUICK) == 0
    for seed in (1, 2):
        assert (
            run_cli("apply", source, "-m", tmp_path / "model", "-o", tmp_path / f"{seed}.csv", "--seed", seed, "-q")
            == 0
        )
    assert (tmp_path / "1.csv").read_bytes() == (tmp_path / "2.csv").read_bytes()


def test_a_model_can_be_applied_to_its_own_table_with_an_unnamed_index_column(
    run_cli: Callable[..., int], tmp_path: Path, sample: Sample
):
    table = pd.DataFrame(sample.values, columns=list(sample.columns), index=np.arange(len(sample.time)) * 3 % 1000)
    table.to_csv(tmp_path / "in.csv")
    assert run_cli("fit", tmp_path / "in.csv", "-m", tmp_path / "model", "-q", *QUICK) == 0
    assert run_cli("apply", tmp_path / "in.csv", "-m", tmp_path / "model", "-o", tmp_path / "out.csv", "-q") == 0
    assert [row[0] for row in cells(tmp_path / "out.csv")] == [row[0] for row in cells(tmp_path / "in.csv")]
    assert run_cli("inspect", tmp_path / "in.csv") == 0
