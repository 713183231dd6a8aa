"""`--plots DIR` of the commands, and what their errors say."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path

import pytest

from latentfill.scoring.demo_table import Sample

Run = Callable[..., int]


@pytest.fixture
def source(tmp_path: Path) -> Path:
    path = tmp_path / "data.csv"
    rows = [f"2024-01-01 {hour:02}:00,{hour},{'' if hour in (5, 6, 7, 12) else hour % 7}" for hour in range(24)]
    path.write_text("\n".join(["time,whole,a/b", *rows]) + "\n")
    return path


def names_in(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_impute_writes_figures_into_a_new_folder(run_cli: Run, source: Path, tmp_path: Path, capsys):
    plots = tmp_path / "new" / "plots"
    assert run_cli("impute", source, "--strategy", "linear", "-o", tmp_path / "filled.csv", "--plots", plots) == 0
    assert names_in(plots) == ["gap_lengths.png", "missingness.png", "series_01_a_b.png"]
    assert "plots: 3 figures in" in capsys.readouterr().err


def test_apply_writes_figures_as_svg(run_cli: Run, source: Path, tmp_path: Path):
    assert run_cli("fit", source, "--strategy", "linear", "-m", tmp_path / "model", "-q") == 0
    flags = (
        "-m",
        tmp_path / "model",
        "-o",
        tmp_path / "f.csv",
        "--plots",
        tmp_path / "plots",
        "--plots-as",
        "svg",
        "-q",
    )
    assert run_cli("apply", source, *flags) == 0
    assert names_in(tmp_path / "plots") == ["gap_lengths.svg", "missingness.svg", "series_01_a_b.svg"]


def test_evaluate_writes_figures_of_the_scores(run_cli: Run, sample: Sample, tmp_path: Path):
    source = tmp_path / "sample.csv"
    source.write_text(sample.to_csv())
    flags = (
        "--strategies",
        "linear,mean",
        "--patterns",
        "point",
        "--intervals",
        "0.9",
        "--plots",
        tmp_path / "plots",
        "-q",
    )
    assert run_cli("evaluate", source, *flags) == 0
    assert names_in(tmp_path / "plots") == [
        *("calibration.png", "coverage_by_column.png", "error_by_column.png", "error_by_gap_length.png")
    ]


def test_each_table_of_several_has_a_folder_of_figures(run_cli: Run, source: Path, tmp_path: Path):
    other = source.with_name("other.csv")
    other.write_text(source.read_text())
    flags = ("--strategy", "linear", "--output-dir", tmp_path / "filled", "--plots", tmp_path / "plots", "-q")
    assert run_cli("impute", source, other, *flags) == 0
    assert names_in(tmp_path / "plots") == ["data.csv", "other.csv"]
    assert "missingness.png" in names_in(tmp_path / "plots" / "other.csv")


def test_each_series_of_a_stacked_table_has_a_folder_of_figures(run_cli: Run, tmp_path: Path, capsys):
    source = tmp_path / "stacked.csv"
    rows = [f"2024-01-01 {hour:02}:00,{site},{hour % 5}" for site in ("a/b", "<c>") for hour in range(24)]
    blank = {3: "2024-01-01 03:00,a/b,", 30: "2024-01-01 06:00,<c>,", 31: "2024-01-01 07:00,<c>,"}
    source.write_text("\n".join(["time,site,x", *(blank.get(i, row) for i, row in enumerate(rows))]) + "\n")
    flags = ("--by", "site", "--strategy", "linear", "-o", tmp_path / "filled.csv", "--plots", tmp_path / "plots")
    assert run_cli("impute", source, *flags) == 0
    assert names_in(tmp_path / "plots") == ["01_c", "02_a_b"]  # the most filled cells first
    assert names_in(tmp_path / "plots" / "01_c") == ["gap_lengths.png", "missingness.png", "series_01_x.png"]
    assert "plots: 6 figures in" in capsys.readouterr().err


@pytest.mark.parametrize("command", ["impute", "evaluate"])
def test_a_folder_that_holds_anything_is_not_written_to_with_no_clobber(
    run_cli: Run, source: Path, tmp_path: Path, capsys, command: str
):
    (tmp_path / "plots").mkdir()
    output = ("-o", tmp_path / "out.json") if command == "evaluate" else ("-o", tmp_path / "filled.csv")
    flags = (*output, "--strategy", "linear", "--plots", tmp_path / "plots", "--no-clobber", "-q")
    (tmp_path / "plots" / "mine.txt").touch()
    assert run_cli(command, source, *flags) == 2
    assert "plots is not empty, and --no-clobber keeps what exists" in capsys.readouterr().err
    assert not output[1].exists()


def test_an_empty_folder_is_written_to_with_no_clobber(run_cli: Run, source: Path, tmp_path: Path):
    (tmp_path / "plots").mkdir()
    flags = ("-o", tmp_path / "f.csv", "--strategy", "linear", "--plots", tmp_path / "plots", "--no-clobber", "-q")
    assert run_cli("impute", source, *flags) == 0


def test_an_unknown_format_is_refused(run_cli: Run, source: Path, tmp_path: Path, capsys):
    flags = ("-o", tmp_path / "f.csv", "--plots", tmp_path / "plots", "--plots-as", "pdf")
    assert run_cli("impute", source, *flags) == 2
    assert "--plots-as is png or svg, got 'pdf'" in capsys.readouterr().err
    assert not (tmp_path / "f.csv").exists()


def test_a_path_that_is_no_folder_is_refused(run_cli: Run, source: Path, tmp_path: Path, capsys):
    assert run_cli("impute", source, "-o", tmp_path / "f.csv", "--plots", source) == 2
    assert "cannot be written" in capsys.readouterr().err
    assert not (tmp_path / "f.csv").exists()


def test_figures_without_their_packages_are_refused_before_any_work(
    run_cli: Run, source: Path, tmp_path: Path, capsys, monkeypatch
):
    monkeypatch.setattr("latentfill.plots.packages.PACKAGES", ("no_such_package",))
    assert run_cli("impute", source, "-o", tmp_path / "f.csv", "--plots", tmp_path / "plots") == 2
    assert "needs no_such_package: pip install 'latentfill[report]'" in capsys.readouterr().err
    assert not (tmp_path / "f.csv").exists()


def test_the_page_of_evaluate_tells_the_command_and_the_digest_of_the_table(
    run_cli: Run, sample: Sample, tmp_path: Path
):
    source, page = tmp_path / "my sample.csv", tmp_path / "page.html"
    source.write_text(sample.to_csv())
    assert (
        run_cli("evaluate", source, "--strategies", "linear,mean", "--patterns", "point", "--report", page, "-q") == 0
    )
    text = page.read_text(encoding="utf-8")
    assert f"latentfill evaluate &#39;{source}&#39; --strategies linear,mean" in text
    assert hashlib.sha256(source.read_bytes()).hexdigest() in text
    assert "<dt>strategies</dt><dd>linear, mean</dd>" in text
    assert "kriging" not in text
