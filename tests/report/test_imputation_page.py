"""The pages about a filled table and about a table with gaps, without a browser."""

from __future__ import annotations

import html
import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import TypeAlias

import pyarrow as pa
import pyarrow.csv
import pytest

from latentfill import Imputer
from latentfill.imputation.imputation import Imputation
from latentfill.imputation.inspection.unfilled import unfilled
from latentfill.report.gap_parts import as_script
from latentfill.report.imputation_page import imputation_page
from latentfill.report.inspection_page import inspection_page
from latentfill.tables.options import TableOptions
from latentfill.tables.read import read_table

Run: TypeAlias = Callable[..., str]


@pytest.fixture(scope="module")
def page(filled: Imputation) -> str:
    made_from = {
        "command": "latentfill impute <in> -o out.csv",
        "sha256": "abc1",
        "output_sha256": "def2",
        "output": "o",
    }
    return imputation_page(filled, made_from).decode()


@pytest.fixture
def csv(tmp_path: Path, table_with_gaps: pa.Table, nasty: str) -> Path:
    path = tmp_path / "in.csv"
    names = ["plain" if name == nasty else name for name in table_with_gaps.column_names]
    pyarrow.csv.write_csv(table_with_gaps.rename_columns(names), path)
    return path


@pytest.fixture
def run(run_cli: Callable[..., int], capsys: pytest.CaptureFixture[str]) -> Run:
    """Runs a command, and gives all that it printed in one line."""

    def run(*arguments: object, code: int = 0) -> str:
        capsys.readouterr()
        found = run_cli(*map(str, arguments))
        printed = " ".join(capsys.readouterr().err.split())
        assert found == code, printed
        return printed

    return run


def texts(page: str) -> str:
    """The words of a page, without its scripts, styles and marks."""
    body = re.sub(r"<(script|style|svg)\b.*?</\1>", " ", page, flags=re.DOTALL)
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", body)).split())


def test_the_figures_at_the_top_are_those_of_the_summary(page: str, filled: Imputation):
    counts = filled.summary["columns"].values()
    missing = sum(each["missing"] for each in counts)
    assert f"{missing} of 1800 cells missing ({missing / 1800:.1%})" in texts(page)
    assert f"{missing} cells filled" in texts(page)
    assert "0 cells left empty" in texts(page)
    assert "1 doubtful readings" in texts(page)


def test_expected_errors_and_weights_are_those_of_the_summary(page: str, filled: Imputation):
    words = texts(page)
    for counts in filled.summary["columns"].values():
        for group in counts["by_gap_length"].values():
            assert f"±{group['expected_absolute_error']:.3g}" in words
    for name, share in filled.summary["filled_from"].items():
        assert f"{name} {100 * share:.0f} %" in words


def test_held_out_errors_are_those_of_the_summary(page: str, filled: Imputation):
    by_column = filled.summary["held_out_error"]["built-in"]["by_column"]
    ones = [lengths["1"] for lengths in by_column.values() if "1" in lengths]
    cells, gaps = (sum(each[key] for each in ones) for key in ("cells", "gaps"))
    ratio = sum(e["cells"] * e["mse"] for e in ones) / sum(e["cells"] * e["linear_mse"] for e in ones)
    few = " *" if gaps < 20 else ""
    assert f"1 (up to 1 hour) {ratio:.2f}{few} {gaps} {cells}" in texts(page)


def test_the_page_says_how_it_was_made(page: str, filled: Imputation):
    words = texts(page)
    assert "command latentfill impute <in> -o out.csv" in words
    assert "SHA-256 of the table abc1" in words
    assert "SHA-256 of the output def2" in words
    assert f"model {filled.summary['model']}" in words
    assert "effort quick" in words
    assert "output.intervals 0.9" in words
    assert "other settings the defaults" in words


def test_names_of_columns_are_text_wherever_they_are(page: str, nasty: str):
    assert nasty not in page
    assert nasty in texts(page)
    assert "alert(1)" in page


def test_the_page_loads_nothing(page: str):
    body = re.sub(r"<script.*?</script>", "", page, flags=re.DOTALL)
    assert not re.findall(r"""(?:src|href)\s*=\s*["'][^#]""", body)
    assert "<script src" not in page
    assert "default-src 'none'" in page
    assert "@import" not in page.split("<script", 1)[0]


def test_data_inside_of_a_script_end_no_script():
    text = as_script({"name": "</script><!--<script>&"})
    assert not set("<>&") & set(text)
    assert json.loads(text) == {"name": "</script><!--<script>&"}


def test_a_table_without_gaps_has_a_page(table_with_gaps: pa.Table):
    whole = Imputer(strategy="linear").fit(table_with_gaps).fill(table_with_gaps).frame.select(["time", "smooth"])
    imputation = Imputer(strategy="linear").fit(whole).fill(whole, compare=True)
    words = texts(imputation_page(imputation).decode())
    assert "Nothing was missing, and nothing was filled." in words


def test_a_table_without_stamps_and_one_of_labels_have_a_page(table_with_gaps: pa.Table):
    kinds = ["dry", "wet", None, "dry"] * 150
    table = table_with_gaps.drop_columns(["time"]).append_column("weather", pa.array(kinds))
    imputation = Imputer(effort="quick", fill_text=True).fit(table).fill(table, compare=True)
    words = texts(imputation_page(imputation).decode())
    assert "smooth, steps 300 to 339" in words
    assert "weather" in words


def test_impute_writes_the_page_with_digests(run: Run, tmp_path: Path, csv: Path):
    out, report = tmp_path / "out.csv", tmp_path / "pages" / "report.html"
    output = run("impute", csv, "-o", out, "--strategy", "linear", "--report", report)
    assert f"report: {report}" in output
    import hashlib

    for path in (csv, out):
        assert hashlib.sha256(path.read_bytes()).hexdigest() in report.read_text(encoding="utf-8")


def test_decisions_of_a_page_leave_fills_empty(run: Run, tmp_path: Path, csv: Path):
    decisions, out = tmp_path / "decisions.json", tmp_path / "out.csv"
    refused = [{"column": "smooth", "from": "2024-01-13 12:00", "to": "2024-01-15 03:00"}]
    decisions.write_text(json.dumps({"format": 1, "refused": refused}), encoding="utf-8")
    run("impute", csv, "-o", out, "--strategy", "linear", "--decisions", decisions)
    filled = pyarrow.csv.read_csv(out)["smooth"]
    assert filled.null_count == 40
    summary = json.loads((tmp_path / "out.summary.json").read_text(encoding="utf-8"))
    assert summary["refused"] == {"smooth": 40}
    model = tmp_path / "model"
    run("fit", csv, "--model", model, "--strategy", "linear")
    run("apply", csv, "--model", model, "-o", out, "--decisions", decisions)
    assert pyarrow.csv.read_csv(out)["smooth"].null_count == 40


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--report", "{csv}"], "is the input file itself"),
        (["--report", "{out}"], "must be different files"),
        (["--decisions", "{csv}"], "is no file of decisions"),
        (["--decisions", "{out}"], "cannot be read"),
        (["--report", "{page}", "--no-clobber"], "exist"),
        (["--report", "{page}", "--by", "plain"], "are for one series"),
    ],
)
def test_pages_that_cannot_be_written_are_refused_before_the_work(
    run: Run, tmp_path: Path, csv: Path, arguments: list[str], words: str
):
    page, out = tmp_path / "page.html", tmp_path / "out.csv"
    page.write_text("kept", encoding="utf-8")
    given = [each.format(csv=csv, out=out, page=page) for each in arguments]
    assert words in run("impute", csv, "-o", out, *given, code=2)
    assert not out.exists()
    assert page.read_text(encoding="utf-8") == "kept"


def test_several_tables_have_no_common_page(run: Run, tmp_path: Path, csv: Path):
    given = ["--output-dir", tmp_path / "filled", "--report", tmp_path / "page.html"]
    assert "--report would name one file for all tables" in run("impute", csv, *given, code=2)


def test_an_unfilled_table_is_shown_with_its_gaps(csv: Path):
    table = read_table(csv, TableOptions())
    words = texts(inspection_page(table, "wind_dir=circular:360", {"command": "latentfill inspect in.csv"}).decode())
    assert "600 rows of 3 value columns, 2024-01-01 to 2024-01-25 23:00, every 1 hour." in words
    assert "The longest gap, 40 hours, is in 'smooth'." in words
    assert "cells filled" not in words
    assert "Refuse this fill" in words  # hidden, for the script
    assert unfilled(table).summary["columns"]["smooth"]["missing"] == 72


def test_inspect_writes_a_page(run: Run, tmp_path: Path, csv: Path):
    report = tmp_path / "page.html"
    run("inspect", csv, "--report", report)
    assert "What is missing in in" in texts(report.read_text(encoding="utf-8"))
    assert "exist" in run("inspect", csv, "--report", report, "--no-clobber", code=2)
    assert "are for one series" not in run("inspect", csv, "--report", report)
    assert "is for one series" in run("inspect", csv, "--report", report, "--by", "plain", code=2)


def test_inspect_has_pages_of_tables_only(run: Run, tmp_path: Path, csv: Path):
    model, report = tmp_path / "model", tmp_path / "page.html"
    run("fit", csv, "--model", model, "--strategy", "linear")
    assert "--report is for tables" in run("inspect", model, "--report", report, code=2)
    assert not report.exists()
