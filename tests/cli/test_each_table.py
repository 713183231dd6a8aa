"""Several tables, each with its own model: `--output-dir`, and what `--json`, `-v` and `-q` print."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

import latentfill

QUICK = ("--strategy", "linear")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Two tables with a gap each, and one that cannot be read."""
    folder = tmp_path / "in"
    folder.mkdir()
    for name, factor in (("a", 1), ("b", 10)):
        rows = (f"2024-01-01 {h:02}:00,{'' if h == 7 else factor * h}" for h in range(24))
        (folder / f"{name}.csv").write_text("\n".join(["time,x", *rows]) + "\n")
    (folder / "broken.csv").write_text("time,x\n")
    return folder


def test_each_table_is_filled_by_itself_and_one_that_fails_does_not_stop_the_others(
    run_cli: Callable[..., int], folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    out = tmp_path / "deep" / "out"
    sources = [folder / f"{name}.csv" for name in ("a", "broken", "b")]
    assert run_cli("impute", *sources, "--output-dir", out, *QUICK) == 1
    captured = capsys.readouterr()
    first, failed, second = captured.err.splitlines()
    assert captured.out == ""
    assert first.startswith(f"{sources[0]} -> {out / 'a.csv'}: 1 cell in 1 of 1 column; nothing was left empty; ")
    assert failed.startswith(f"error: {sources[1]}: ")
    assert second.startswith(f"{sources[2]} -> {out / 'b.csv'}: 1 cell")
    assert "07:00,7\n" in (out / "a.csv").read_text()
    assert "07:00,70\n" in (out / "b.csv").read_text()
    assert sorted(path.name for path in out.iterdir()) == ["a.csv", "a.summary.json", "b.csv", "b.summary.json"]


def test_a_folder_stands_for_its_tables(run_cli: Callable[..., int], folder: Path, tmp_path: Path):
    (folder / "broken.csv").unlink()
    assert run_cli("impute", folder, "--output-dir", tmp_path / "out", *QUICK, "-q") == 0
    assert {"a.csv", "b.csv"} <= {path.name for path in (tmp_path / "out").iterdir()}


def test_results_of_each_table_as_json(
    run_cli: Callable[..., int], folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    assert run_cli("impute", folder, "--output-dir", tmp_path / "out", *QUICK, "--json") == 1
    first, second, broken = json.loads(capsys.readouterr().out)
    assert (first["table"], second["filled"]) == (str(folder / "a.csv"), str(tmp_path / "out" / "b.csv"))
    assert second["summary"] == json.loads((tmp_path / "out" / "b.summary.json").read_text())
    assert "row" in broken["error"]


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ((), "-o FILE for one table"),
        (("-o", "f.csv", "--output-dir", "out"), "-o FILE for one table"),
        (("--output-dir", "out", "--codes", "c.csv"), "--codes would name one file"),
        (("--output-dir", "out", "--length", "0"), "length must be"),
        (("--output-dir", "kept", "--no-clobber"), "kept/b.csv exists already"),
        (("../other/a.csv", "--output-dir", "out"), "a.csv, ../other/a.csv do not have alone"),
        (("-", "--output-dir", "out"), "standard input has no name"),
        (("-o", "-", "--json"), "--json prints the summary where -o - prints the table"),
        (("-o", "out/f.csv", "-q", "-v"), "--quiet and --verbose ask for different outputs"),
    ],
)
def test_what_cannot_be_done_is_refused_once_and_before_any_work(
    run_cli: Callable[..., int],
    folder: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    arguments: tuple[str, ...],
    expected: str,
):
    monkeypatch.chdir(folder)
    monkeypatch.setattr(latentfill.Imputer, "read", lambda *_: pytest.fail("work was done"))
    (folder / "kept").mkdir()
    (folder / "kept" / "b.csv").write_text("mine")
    assert run_cli("impute", "a.csv", "b.csv", *arguments) == 2
    error = capsys.readouterr().err
    assert error.count("error: ") == 1
    assert expected in error
    assert not (folder / "out").exists()


def test_without_output_dir_several_files_are_one_table(run_cli: Callable[..., int], folder: Path, tmp_path: Path):
    text = (folder / "a.csv").read_text()
    (folder / "c.csv").write_text(text.replace("2024-01-01", "2024-01-02"))
    assert run_cli("impute", folder / "a.csv", folder / "c.csv", "-o", tmp_path / "one.csv", *QUICK, "-q") == 0
    assert len((tmp_path / "one.csv").read_text().splitlines()) == 49


@pytest.mark.parametrize("command", ["impute", "apply"])
def test_the_summary_as_json_is_all_that_is_printed(
    run_cli: Callable[..., int], folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], command: str
):
    assert run_cli("fit", folder / "a.csv", "-m", tmp_path / "model", "-q", *QUICK) == 0
    options = QUICK if command == "impute" else ("-m", tmp_path / "model")
    assert run_cli(command, folder / "a.csv", "-o", tmp_path / "f.csv", "--json", *options) == 0
    captured = capsys.readouterr()
    assert json.loads(captured.out) == json.loads((tmp_path / "f.summary.json").read_text())
    assert captured.err == ""


def test_quiet_prints_nothing_and_verbose_more(
    run_cli: Callable[..., int], folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    printed = {}
    for flag in ("-q", "-v", "--seed=0"):
        assert run_cli("impute", folder / "a.csv", "-o", tmp_path / "f.csv", *QUICK, flag) == 0
        captured = capsys.readouterr()
        assert captured.out == ""
        printed[flag] = captured.err
    assert printed["-q"] == ""
    assert "seconds: " in printed["-v"]
    assert "seconds: " not in printed["--seed=0"]
    assert printed["--seed=0"].startswith("Filled ")
