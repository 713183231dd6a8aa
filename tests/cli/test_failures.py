"""How commands end that cannot do their work: one message, an exit code, and a traceback only with --debug."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from latentfill.cli.failures import FAULT, REFUSED, without_debug
from latentfill.imputation import imputer

Run = Callable[..., int]
ROWS = [f"2024-01-{day:02d},{day % 5},{'' if day % 6 == 3 else 10 * day}" for day in range(1, 25)]


@pytest.fixture
def table(tmp_path: Path) -> Path:
    path = tmp_path / "table.csv"
    path.write_text("\n".join(["time,x,y", *ROWS]))
    return path


def test_debug_may_stand_anywhere_but_behind_two_dashes():
    assert without_debug(["impute", "--debug", "a"]) == (["impute", "a"], True)
    assert without_debug(["impute", "--", "--debug"]) == (["impute", "--", "--debug"], False)


def test_an_error_of_the_user_is_one_line_and_with_debug_a_traceback(table: Path, run_cli: Run, capfd):
    arguments = ("impute", table, "-o", table.with_name("out.csv"), "--columns", "z")
    assert run_cli(*arguments) == REFUSED
    plain = capfd.readouterr().err
    assert plain.count("\n") == 1
    assert plain.startswith("error: ")
    assert run_cli("--debug", *arguments) == run_cli(*arguments, "--debug") == REFUSED
    shown = capfd.readouterr().err
    assert shown.count("Traceback") == 2
    assert shown.endswith(plain)


def test_a_fault_of_the_program_is_one_message_with_an_exit_code_of_its_own(
    table: Path, run_cli: Run, capfd, monkeypatch: pytest.MonkeyPatch
):
    def fail(*_: object) -> None:
        raise KeyError("\x1b[31mneighbours")

    monkeypatch.setattr(imputer, "read_table", fail)
    arguments = ("impute", table, "-o", table.with_name("out.csv"))
    assert run_cli(*arguments) == FAULT
    shown = capfd.readouterr().err
    assert "Traceback" not in shown
    assert "\x1b" not in shown
    assert "This is a fault of latentfill: KeyError:" in shown
    assert "Run again with --debug for details and report it." in shown
    assert run_cli(*arguments, "--debug") == FAULT
    assert "Traceback" in capfd.readouterr().err


def test_too_little_memory_is_told_in_words(table: Path, run_cli: Run, capfd, monkeypatch: pytest.MonkeyPatch):
    def fail(*_: object) -> None:
        raise MemoryError

    monkeypatch.setattr(imputer, "read_table", fail)
    assert run_cli("impute", table, "-o", table.with_name("out.csv")) == REFUSED
    assert "does not fit in memory" in capfd.readouterr().err


def test_a_delimiter_that_is_no_ascii_character_divides_cells(tmp_path: Path, run_cli: Run):
    (tmp_path / "in.csv").write_text("\n".join(["timeéxéy", *(row.replace(",", "é") for row in ROWS)]))
    assert run_cli("impute", tmp_path / "in.csv", "-o", tmp_path / "out.csv", "--delimiter", "é", "-q") == 0
    written = (tmp_path / "out.csv").read_text().splitlines()
    assert [line.split("é")[:2] for line in written[1:]] == [row.split(",")[:2] for row in ROWS]
    assert all(len(line.split("é")) == 3 and line[-1] != "é" for line in written)


@pytest.mark.parametrize("content", ["[" * 200_000, '{"scores": [{"strategy": 5}]}', '{"scores": 5}', "[]", "\xff"])
def test_scores_that_are_none_are_refused(content: str, tmp_path: Path, run_cli: Run, capfd):
    path = tmp_path / "scores.json"
    path.write_text(content, encoding="latin-1")
    assert run_cli("evaluate", "--compare", path, path) == REFUSED
    assert "does not hold scores" in capfd.readouterr().err


def test_scores_with_fields_of_another_type_are_refused(table: Path, tmp_path: Path, run_cli: Run, capfd):
    path = tmp_path / "scores.json"
    assert run_cli("evaluate", table, "--strategies", "linear", "-o", path, "-q") == 0
    record = json.loads(path.read_text())
    record["scores"][0]["mse"] = "small"
    path.write_text(json.dumps(record))
    assert run_cli("evaluate", "--compare", path, path) == REFUSED
    assert "mse must be a finite number, got 'small'" in capfd.readouterr().err


def test_a_header_of_brackets_is_a_name_like_any_other(tmp_path: Path, run_cli: Run):
    (tmp_path / "in.csv").write_text("[" * 200_000 + ",b\n1,2\n2,\n3,4\n4,5\n")
    assert run_cli("impute", tmp_path / "in.csv", "-o", tmp_path / "out.csv", "-q") == 0


def test_neighbours_that_the_time_budget_left_out_cannot_explain(tmp_path: Path, run_cli: Run, capfd):
    rows = [f"{step % 17},{'' if step % 6 == 3 else step % 29}" for step in range(300)]
    (tmp_path / "in.csv").write_text("\n".join(["x,y", *rows]))
    arguments = ("impute", tmp_path / "in.csv", "-o", tmp_path / "out.csv", "--candidates", "linear,neighbours")
    assert run_cli(*arguments, "--time-budget", "0.001", "--explain", tmp_path / "why.csv") == REFUSED
    assert "neighbours was left out (the time budget left no room for it)" in capfd.readouterr().err


def test_a_cell_of_megabytes_makes_a_short_message(tmp_path: Path, run_cli: Run, capfd):
    (tmp_path / "in.csv").write_text(
        f"time,y\n2024-01-01,1\n2024-01-02,{'x' * 5_000_000}\n2024-01-03,3\n2024-01-04,4\n"
    )
    assert run_cli("impute", tmp_path / "in.csv", "-o", tmp_path / "out.csv") == REFUSED
    shown = capfd.readouterr().err
    assert len(shown) < 1000
    assert "line 3: 'xxx" in shown
    assert "--leave 'y'" in shown  # the way out is still told


@pytest.mark.parametrize("command", ["impute", "inspect"])
def test_names_cannot_command_the_terminal(command: str, tmp_path: Path, run_cli: Run, capfd):
    (tmp_path / "in.csv").write_text(
        "time,\x1b]0;owned\x07red\x1b[31m,word\x9b\n" + "\n".join(f"{row},a" for row in ROWS)
    )
    output = ("-o", tmp_path / "out.csv", "--strategy", "linear") if command == "impute" else ()
    assert run_cli(command, tmp_path / "in.csv", *output) == 0
    shown = "".join(capfd.readouterr())
    assert not set(shown) & {"\x1b", "\x07", "\x9b"}
    assert "\\x1b" in shown


LONG = "n" * 300


@pytest.mark.parametrize(
    "arguments",
    [
        ("impute", f"{LONG}.csv", "-o", "out.csv"),
        ("impute", f"{LONG}.csv", "--output-dir", "out"),
        ("impute", f"{LONG}.csv", "-o", "out.csv", "--by", "x"),
        ("impute", f"{LONG}.h5", "-o", "out.csv"),
        ("impute", "table.csv", "-o", "out.csv", "--strategy", "linear", "--plots", LONG),
        ("impute", "table.csv", "-o", "out.csv", "--strategy", "denoise", "--embeddings", LONG),
        ("impute", "table.csv", "-o", "out.csv", "--with", f"{LONG}.csv"),
        ("pack", LONG, "-o", "out.packed"),
        ("distil", "table.csv", "--embeddings", LONG, "-m", "student"),
        ("plan", f"{LONG}.csv"),
        ("totals", f"{LONG}.csv", "--every", "day"),
        ("apply", "table.csv", "-m", LONG, "-o", "out.csv"),
        ("inspect", LONG),
    ],
    ids=lambda arguments: " ".join(arguments)[:30].replace(LONG[:20], "n"),
)
def test_a_name_that_is_too_long_for_the_system_is_refused(
    arguments: tuple[str, ...], table: Path, run_cli: Run, capfd, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.chdir(table.parent)
    assert run_cli(*arguments) == (1 if "--output-dir" in arguments else REFUSED)  # 1: one of the tables failed
    assert LONG[:20] in capfd.readouterr().err


def test_what_the_system_refuses_is_no_fault(table: Path, run_cli: Run, capfd, monkeypatch: pytest.MonkeyPatch):
    def fail(*_: object) -> None:
        raise OSError(28, "No space left on device", "/somewhere")

    monkeypatch.setattr(imputer, "read_table", fail)
    assert run_cli("impute", table, "-o", table.with_name("out.csv")) == REFUSED
    assert "/somewhere cannot be used: No space left on device" in capfd.readouterr().err
