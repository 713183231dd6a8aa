"""The outputs of a command: all or none, never in place of what is read, and with digests of what belongs together."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import tempfile
import threading
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from latentfill.cli.outputs import Outputs
from latentfill.imputation import stacked_file
from latentfill.imputation.imputer import Imputer
from latentfill.scoring import demo
from latentfill.scoring.demo_table import make_sample
from latentfill.tables.backends import table_files

Run = Callable[..., int]
LINEAR = ("--strategy", "linear", "-q")
MANY = ("codes.csv", "doubt.csv", "intervals-to.csv")  # options that name a file each


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a table and a model of it."""
    folder, rng = tmp_path_factory.mktemp("made"), np.random.default_rng(0)
    hours = pd.date_range("2023-01-01", periods=120, freq="h")
    frame = pd.DataFrame({"time": hours, "a": rng.normal(size=120).round(2)})
    frame.loc[[5, 6, 40, 41, 42, 80], "a"] = np.nan
    frame.to_csv(folder / "in.csv", index=False)
    Imputer(strategy="linear").fit(folder / "in.csv").save(folder / "model")
    return folder


@pytest.fixture
def source(made: Path, tmp_path: Path) -> Path:
    return Path(shutil.copy(made / "in.csv", tmp_path))


@pytest.fixture
def model(made: Path, tmp_path: Path) -> Path:
    return shutil.copytree(made / "model", tmp_path / "model")


@pytest.fixture
def elsewhere(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The temporary directory of the process."""
    folder = tmp_path_factory.mktemp("elsewhere")
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    return folder


def many_outputs(folder: Path) -> tuple[object, ...]:
    """Options for all outputs of `impute` but the page and the figures."""
    files = [word for name in MANY for word in (f"--{Path(name).stem}", folder / name)]
    return ("-o", folder / "out.csv", *files, "--samples", 2, "--intervals", 0.9)


def sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def files_in(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def fail_replacing(monkeypatch: pytest.MonkeyPatch, at: int) -> None:
    replace, calls = os.replace, []

    def failing_replace(old: Path, new: Path) -> None:
        calls.append(new)
        if len(calls) == at:
            raise OSError(28, "No space left on device")
        replace(old, new)

    monkeypatch.setattr(os, "replace", failing_replace)


# --- all or none --------------------------------------------------------------------------------------------


def test_the_summary_has_the_digests_of_all_other_outputs_and_of_the_input(run_cli: Run, source: Path, tmp_path: Path):
    out = tmp_path / "out"
    figures = ("--report", out / "report.html", "--plots", out / "plots")
    assert run_cli("impute", source, *many_outputs(out), *figures, *LINEAR) == 0
    summary = json.loads((out / "out.summary.json").read_text())
    written = {name: sha256(out / name) for name in files_in(out) if name != "out.summary.json"}
    assert len(written) >= 10
    assert summary["outputs"] == written
    assert summary["inputs"] == {str(source): sha256(source)}


@pytest.mark.parametrize("failing", [1, 4, 7])
def test_if_one_output_cannot_be_written_none_is_and_all_are_kept_elsewhere(
    run_cli: Run, source: Path, tmp_path: Path, elsewhere: Path, monkeypatch: pytest.MonkeyPatch, capsys, failing: int
):
    out = tmp_path / "out"
    assert run_cli("impute", source, *many_outputs(out), *LINEAR) == 0
    before = files_in(out)
    fail_replacing(monkeypatch, failing)
    assert run_cli("impute", source, *many_outputs(out), *LINEAR, "--seed", 1) == 2
    assert files_in(out) == before
    (kept,) = elsewhere.glob("latentfill-*")
    assert f"is kept in {kept}:" in capsys.readouterr().err
    assert set(files_in(kept / out.relative_to("/"))) == set(before)


def test_the_outputs_of_stacked_series_appear_together(
    run_cli: Run, source: Path, tmp_path: Path, elsewhere: Path, monkeypatch: pytest.MonkeyPatch
):
    frame = pd.read_csv(source)
    pd.concat([frame.assign(station=name) for name in "xyz"]).to_csv(tmp_path / "all.csv", index=False)
    out = tmp_path / "out"
    command = ("impute", tmp_path / "all.csv", "-o", out / "out.csv", "--codes", out / "codes.csv", "--by", "station")
    for large in (1 << 40, 0):  # as a whole, and in parts
        monkeypatch.setattr(stacked_file, "LARGE", large)
        assert run_cli(*command, *LINEAR) == 0
        before = files_in(out)
        summary = json.loads(before["out.summary.json"])
        assert summary["outputs"] == {name: sha256(out / name) for name in ("out.csv", "codes.csv")}
        with monkeypatch.context() as patch:
            fail_replacing(patch, 2 if large else 4)  # of a part, there are two
            assert run_cli(*command, *LINEAR, "--precision", 5) == 2
        assert files_in(out) == before
        assert any("codes.csv" in name for name in files_in(elsewhere))


def test_the_scores_have_the_digests_of_the_files_beside_them(run_cli: Run, source: Path, tmp_path: Path):
    options = ("--csv", tmp_path / "s.csv", "--report", tmp_path / "s.html", "--plots", tmp_path / "plots")
    scoring = ("--strategies", "linear,mean", "--patterns", "point", "-q")
    assert run_cli("evaluate", source, "-o", tmp_path / "s.json", *options, *scoring) == 0
    outputs = json.loads((tmp_path / "s.json").read_text())["outputs"]
    assert {"s.csv", "s.html", "plots/error_by_column.png"} <= set(outputs)
    assert outputs == {name: sha256(tmp_path / name) for name in outputs}
    assert run_cli("evaluate", source, "-o", tmp_path / "x", "--csv", tmp_path / "x", *scoring) == 2


def test_inspect_tells_which_files_no_longer_belong_to_a_summary(run_cli: Run, source: Path, tmp_path: Path, capsys):
    out = tmp_path / "out"
    run_cli("impute", source, "-o", out / "out.csv", "--codes", out / "codes.csv", *LINEAR)
    moved = out.rename(tmp_path / "moved")
    assert run_cli("inspect", moved / "out.summary.json") == 0
    assert "codes.csv: as written" in capsys.readouterr().out
    (moved / "out.csv").write_text("another")
    (moved / "codes.csv").unlink()
    assert run_cli("inspect", moved / "out.summary.json", "--json") == 1
    record = json.loads(capsys.readouterr().out)
    assert record["outputs"] == {"out.csv": "another", "codes.csv": "missing"}
    assert any("of another run" in problem for problem in record["problems"])


def test_the_demo_writes_all_files_or_none(run_cli: Run, tmp_path: Path, elsewhere: Path, monkeypatch, capsys):
    monkeypatch.setattr(demo, "make_sample", lambda seed: make_sample(seed, days=14))
    fail_replacing(monkeypatch, 3)
    assert run_cli("demo", "-o", tmp_path / "demo", "-q") == 2
    assert "No space left on device" in capsys.readouterr().err
    assert files_in(tmp_path / "demo") == {}
    assert len(files_in(elsewhere)) == 3


def test_a_disk_that_fills_up_while_the_model_is_written_does_not_lose_the_training(
    run_cli: Run, source: Path, tmp_path: Path, elsewhere: Path, monkeypatch: pytest.MonkeyPatch, capsys
):
    model, write = tmp_path / "model", Path.write_bytes
    assert run_cli("fit", source, "-m", model, *LINEAR) == 0
    before = files_in(model)

    def write_unless_full(self: Path, data: bytes) -> int:
        if tmp_path in self.parents:
            raise OSError(28, "No space left on device")
        return write(self, data)

    monkeypatch.setattr(Path, "write_bytes", write_unless_full)
    assert run_cli("fit", source, "-m", model, *LINEAR, "--seed", 1) == 2
    monkeypatch.undo()
    assert files_in(model) == before
    (kept,) = elsewhere.glob("latentfill-*/model")
    assert f"is kept in {kept.parent}:" in capsys.readouterr().err
    assert run_cli("apply", source, "-m", kept, "-o", tmp_path / "out.csv", "-q") == 0


def test_on_a_full_disk_neither_a_model_nor_tables_are_lost(
    run_cli: Run, source: Path, small_disk: Path, elsewhere: Path, capsys
):
    (small_disk / "full").write_bytes(bytes(50_000))  # leaves less than a model takes
    fill = ("impute", source, "-o", small_disk / "out.csv", "--samples", 5)
    for command in (("fit", source, "-m", small_disk / "model"), fill):
        assert run_cli(*command, *LINEAR) == 2
        assert "No space left on device" in capsys.readouterr().err
        assert [path.name for path in small_disk.iterdir()] == ["full"]
    assert {"model.safetensors", "out.csv", "out.summary.json"} <= {path.name for path in elsewhere.rglob("*")}


@pytest.mark.skipif(os.name == "nt", reason="Windows keeps folders that are in use")
@pytest.mark.parametrize("name", ["out.csv", "{folder}/out.csv"])
def test_a_folder_that_is_deleted_during_the_run_does_not_lose_the_work(
    run_cli: Run, source: Path, tmp_path: Path, elsewhere: Path, monkeypatch: pytest.MonkeyPatch, capsys, name: str
):
    folder, check = tmp_path / "gone", Outputs.check_read
    folder.mkdir()
    monkeypatch.chdir(folder)
    monkeypatch.setattr(Outputs, "check_read", lambda self: check(self) or shutil.rmtree(folder))
    code = run_cli("impute", source, "-o", name.format(folder=folder), *LINEAR)
    if name == "out.csv":  # nobody can tell where the folder was
        assert code == 2
        assert "out.csv cannot be written: No such file or directory" in capsys.readouterr().err
        (folder,) = elsewhere.iterdir()
    assert sorted(files_in(folder)) == ["out.csv", "out.summary.json"]


def test_too_little_room_is_told_before_the_work(run_cli: Run, source: Path, tmp_path: Path, monkeypatch, capsys):
    usage = shutil.disk_usage(tmp_path)._replace(free=100)
    monkeypatch.setattr(shutil, "disk_usage", lambda path: usage)
    for command in (("impute", source, "-o", tmp_path / "out.csv"), ("fit", source, "-m", tmp_path / "model")):
        assert run_cli(*command) == 2
        assert "has room for 0.0 MB, and at least" in capsys.readouterr().err
    assert [path.name for path in tmp_path.iterdir()] == ["in.csv"]


# --- what is read is never replaced -------------------------------------------------------------------------


OUTPUTS = ("-o", "--summary", "--codes", "--doubt", "--report")
PLACES = ("in.csv", "model/config.json", "model/new.csv", "soft.csv", "hard.csv", "way/in.csv")


@pytest.mark.parametrize("option", OUTPUTS)
@pytest.mark.parametrize(
    "place", ["in.csv", "model/config.json", "model/new.csv", "soft.csv", "hard.csv", "way/in.csv"]
)
def test_no_output_of_apply_destroys_the_table_or_the_model(
    run_cli: Run, source: Path, model: Path, tmp_path: Path, option: str, place: str, capsys
):
    (tmp_path / "soft.csv").symlink_to(source)
    (tmp_path / "hard.csv").hardlink_to(source)
    (tmp_path / "way").symlink_to(tmp_path)
    before = files_in(tmp_path)
    options = {"-o": tmp_path / "out.csv", option: tmp_path / place}
    code = run_cli("apply", source, "-m", model, *(word for pair in options.items() for word in pair), "-q")
    errors = capsys.readouterr().err
    assert code == 2
    assert any(words in errors for words in ("is the input", "lies in the folder", "does not say what kind"))
    assert files_in(tmp_path) == before


def test_no_output_of_other_commands_destroys_what_they_read(run_cli: Run, source: Path, tmp_path: Path, capsys):
    config = tmp_path / "c.json"
    config.write_text('{"strategy": "linear"}')
    other = Path(shutil.copy(source, tmp_path / "other.csv"))
    decisions = tmp_path / "d.json"
    decisions.write_text('{"format": 1, "refused": []}')
    run_cli("impute", source, "-o", tmp_path / "full.csv", "--samples", 3, *LINEAR)
    before = files_in(tmp_path)
    table, out = ("impute", source, *LINEAR), ("-o", tmp_path / "out.csv")
    for command in (
        (*table, *out, "--config", config, "--summary", config),
        (*table, *out, "--decisions", decisions, "--summary", decisions),
        (*table, "-o", other, "--with", other),
        (*table, "-o", other, "--donor-table", other),
        (*table, "-o", other, "--set", f"donor_table={other}"),
        ("impute", source, other, "--output-dir", tmp_path, *LINEAR),
        ("evaluate", source, "-o", source),
        ("evaluate", source, "--csv", other, "--with", other),
        ("evaluate", source, "--report", config, "--config", config),
        ("evaluate", source, "-o", other, "--donor-table", other),
        ("inspect", source, "--report", source),
        ("totals", tmp_path / "full.csv", "--every", "day", "-o", tmp_path / "full.sample2.csv"),
        ("totals", tmp_path / "full.csv", "--every", "day", "--samples", other, "-o", other),
        ("fit", source, "-m", source),
        ("embed", source, "-o", source),
        ("pack", source, "-o", source),
    ):
        assert run_cli(*command) in (1, 2), command
        assert "error:" in capsys.readouterr().err, command
        assert files_in(tmp_path) == before, command


def test_a_model_is_not_fitted_over_its_own_config_file(run_cli: Run, source: Path, model: Path, capsys):
    before = files_in(model)
    assert run_cli("fit", source, "-m", model, "--config", model / "config.json", "-q") == 2
    assert "holds" in capsys.readouterr().err
    assert files_in(model) == before


def test_figures_are_not_written_through_links_to_the_input(run_cli: Run, source: Path, tmp_path: Path, capsys):
    (tmp_path / "plots").mkdir()
    (tmp_path / "plots" / "missingness.png").symlink_to(source)
    before = source.read_bytes()
    for command in (("impute", source, "-o", tmp_path / "out.csv"), ("evaluate", source)):
        assert run_cli(*command, "--plots", tmp_path / "plots", "-q") == 2
        assert "is the input" in capsys.readouterr().err
    assert source.read_bytes() == before


def test_a_table_in_the_folder_that_is_read_as_one_table_is_not_replaced(run_cli: Run, source: Path, tmp_path: Path):
    folder = tmp_path / "parts"
    folder.mkdir()
    shutil.copy(source, folder / "a.csv")
    assert run_cli("impute", folder, "-o", folder / "a.csv", *LINEAR) == 2
    assert run_cli("impute", folder, "-o", tmp_path / "out.csv", *LINEAR) == 0
    assert sha256(folder / "a.csv") == sha256(source)


# --- what is no file ----------------------------------------------------------------------------------------


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such files")
@pytest.mark.parametrize(
    "words",
    [
        ("impute", "{pipe}", "-o", "{out}"),
        ("impute", "{table}", "-o", "{pipe}"),
        ("impute", "{table}", "-o", "{out}", "--codes", "{pipe}"),
        ("impute", "{table}", "-o", "{out}", "--summary", "/dev/null"),
        ("impute", "{table}", "-o", "/dev/null"),
        ("impute", "/dev/zero", "-o", "{out}"),
        ("impute", "{table}", "-o", "{out}", "--with", "{pipe}"),
        ("impute", "{table}", "-o", "{out}", "--config", "{pipe}"),
        ("impute", "{table}", "-o", "{out}", "--decisions", "{pipe}"),
        ("impute", "{table}", "-o", "{out}", "--embeddings", "{pipe}"),
        ("impute", "{table}", "-o", "{out}", "--donor-table", "{pipe}"),
        ("fit", "{table}", "-m", "{pipe}"),
        ("apply", "{table}", "-m", "{pipe}", "-o", "{out}"),
        ("evaluate", "{pipe}"),
        ("evaluate", "--compare", "{pipe}", "{pipe}"),
        ("inspect", "{pipe}"),
        ("pack", "{pipe}", "-o", "{out}"),
        ("embed", "{pipe}", "-o", "{out}"),
        ("distil", "{pipe}", "-m", "{out}", "--no-teacher"),
        ("totals", "{pipe}", "--every", "day"),
        ("totals", "{table}", "--every", "day", "--samples", "{pipe}"),
    ],
)
def test_pipes_and_devices_are_refused_in_words_and_block_nothing(
    run_cli: Run, source: Path, tmp_path: Path, capsys, words: tuple[str, ...]
):
    os.mkfifo(tmp_path / "pipe.csv")
    unblock = threading.Timer(20, lambda: (tmp_path / "pipe.csv").open("r+b"))  # so that the test cannot hang
    unblock.daemon = True
    unblock.start()
    places = {"pipe": tmp_path / "pipe.csv", "out": tmp_path / "out.csv", "table": source}
    assert run_cli(*(word.format(**places) for word in words)) == 2
    assert unblock.is_alive()
    unblock.cancel()
    errors = capsys.readouterr().err
    assert errors.startswith("error: ")
    assert "pipe" in errors or "device" in errors or "is a file" in errors
    assert not (tmp_path / "out.csv").exists()


# --- what changes while it is read --------------------------------------------------------------------------


def grow(path: Path) -> None:
    with path.open("a") as file:
        file.write("2023-02-01 00:00:00,1.0\n")


@pytest.mark.parametrize("command", ["impute", "apply", "evaluate"])
def test_a_table_that_changes_while_it_is_read_is_refused(
    run_cli: Run, source: Path, model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys, command: str
):
    format_of = table_files.format_of

    def growing(path: object) -> object:
        if path == source:
            grow(source)
        return format_of(path)  # type: ignore[arg-type]

    monkeypatch.setattr(table_files, "format_of", growing)
    options = ("-m", model) if command == "apply" else LINEAR[:2] if command == "impute" else ("--strategies", "linear")
    assert run_cli(command, source, "-o", tmp_path / "out.csv", *options) == 2
    assert "changed while it was read" in capsys.readouterr().err
    assert not (tmp_path / "out.csv").exists()


def test_a_change_that_keeps_size_and_time_is_found_by_the_digest(
    run_cli: Run, source: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys
):
    format_of, found = table_files.format_of, source.stat()

    def changing(path: object) -> object:
        if path == source:
            source.write_bytes(source.read_bytes().replace(b".1", b".2"))
            os.utime(source, ns=(found.st_atime_ns, found.st_mtime_ns))
        return format_of(path)  # type: ignore[arg-type]

    monkeypatch.setattr(table_files, "format_of", changing)
    assert run_cli("impute", source, "-o", tmp_path / "out.csv", *LINEAR) == 2
    assert "changed while it was read" in capsys.readouterr().err


def test_a_table_that_grows_after_it_was_read_does_no_harm(run_cli: Run, source: Path, tmp_path: Path, monkeypatch):
    known, check = sha256(source), Outputs.check_read
    monkeypatch.setattr(Outputs, "check_read", lambda self: check(self) or grow(source))
    assert run_cli("impute", source, "-o", tmp_path / "out.csv", *LINEAR) == 0
    assert json.loads((tmp_path / "out.summary.json").read_text())["inputs"] == {str(source): known}


# --- rights -------------------------------------------------------------------------------------------------


def test_models_and_tables_made_under_a_usual_umask_can_be_read_by_others(run_cli: Run, source: Path, tmp_path: Path):
    before = os.umask(0o022)
    try:
        assert run_cli("fit", source, "-m", tmp_path / "model", *LINEAR) == 0
        assert run_cli("impute", source, "-o", tmp_path / "out.csv", *LINEAR) == 0
    finally:
        os.umask(before)
    made = [tmp_path / "out.csv", tmp_path / "out.summary.json", *(tmp_path / "model").iterdir()]
    assert {path.stat().st_mode & 0o777 for path in made} == {0o644}
    assert (tmp_path / "model").stat().st_mode & 0o777 == 0o755


@pytest.mark.skipif(os.name == "nt", reason="Windows has other rights")
@pytest.mark.parametrize("name", ["config.json", "scaler.json", "model.safetensors", "."])
def test_a_model_that_may_not_be_read_is_told_so(
    run_cli: Run, source: Path, model: Path, tmp_path: Path, name: str, capsys
):
    for folder in (*tmp_path.parents, tmp_path):
        if folder.is_relative_to(tempfile.gettempdir()) and folder != Path(tempfile.gettempdir()):
            folder.chmod(0o755)
    (tmp_path / "out").mkdir(mode=0o777)
    (tmp_path / "out").chmod(0o777)
    (model / name).chmod(0)
    is_root = os.geteuid() == 0
    if is_root:
        os.seteuid(65534)  # nobody
    try:
        code = run_cli("apply", source, "-m", model, "-o", tmp_path / "out" / "out.csv")
    finally:
        if is_root:
            os.seteuid(0)
    assert code == 2
    assert "cannot be read: permission denied" in capsys.readouterr().err
    (model / name).chmod(0o755)


def test_too_many_samples_are_refused_before_their_files_are_named(run_cli: Run, source: Path, tmp_path: Path, capsys):
    assert run_cli("impute", source, "-o", tmp_path / "out.csv", "--samples", 10**15) == 2
    assert "samples must be from 0 to 1000, got 1000000000000000" in capsys.readouterr().err
