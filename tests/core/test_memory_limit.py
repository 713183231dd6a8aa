"""The limit on memory that reading takes: where it comes from, and that every kind of file keeps to it."""

from __future__ import annotations

import gzip
import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
import torch
from pyarrow import feather, orc, parquet
from safetensors.numpy import save_file

from latentfill import Imputer, read_table
from latentfill.core import memory_limit
from latentfill.core.errors import InputError, MemoryLimitError
from latentfill.core.memory_limit import VARIABLE, check_memory, kept_together
from latentfill.embeddings.stored.opening import open_embeddings
from latentfill.tables.options import TableOptions

GB = 1e9
ROWS = 40_000  # need more than 0.01 GB in all kinds of files


def test_the_limit_is_half_of_the_machine_unless_it_is_given(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.delenv(VARIABLE, raising=False)
    monkeypatch.setattr(memory_limit, "machine_memory", lambda: 8 * GB)
    assert memory_limit.memory_limit() == 4 * GB
    monkeypatch.setenv(VARIABLE, "1.5")
    assert memory_limit.memory_limit() == 1.5 * GB
    monkeypatch.setenv(VARIABLE, "none")
    check_memory(1e30, "anything")


@pytest.mark.parametrize("text", ["0", "-1", "much", "nan", ""])
def test_a_limit_that_is_no_number_is_refused(text: str, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv(VARIABLE, text)
    with pytest.raises(InputError, match="is a number of GB above 0, or none, got"):
        check_memory(1, "a file")


def test_files_that_are_kept_together_are_added_up(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv(VARIABLE, "1")
    with kept_together():
        check_memory(0.6 * GB, "a")
        with pytest.raises(
            MemoryLimitError, match=r"b needs about 0.6 GB .* read with it 0.6 GB more, .*--max-memory 2"
        ):
            check_memory(0.6 * GB, "b")
    check_memory(0.6 * GB, "c")


def csv_text(rows: int) -> bytes:
    return b"time,a\n" + b"".join(b"%d,1\n" % (2 * row) for row in range(rows))


def a_gzipped_csv(path: Path) -> None:
    path.write_bytes(gzip.compress(csv_text(10) + b"7,1\n" * ROWS * 10))


def a_csv_gzipped_in_members(path: Path) -> None:
    path.write_bytes(gzip.compress(csv_text(10)) + gzip.compress(b"7,1\n" * ROWS) * 10)


def a_long_csv(path: Path) -> None:
    path.write_bytes(csv_text(10) + b"7,1\n" * ROWS * 10)


def a_parquet_of_zeros(path: Path) -> None:
    parquet.write_table(pa.table({"time": np.arange(ROWS), **{f"c{i}": np.zeros(ROWS) for i in range(20)}}), path)


def a_parquet_of_a_text_in_all_rows(path: Path) -> None:
    parquet.write_table(pa.table({"time": np.arange(ROWS), "a": np.zeros(ROWS), "t": ["x" * 100] * ROWS}), path)


def a_parquet_of_texts_in_structures(path: Path) -> None:
    entries = pa.array([[{"text": "x" * 100}]] * ROWS)
    parquet.write_table(pa.table({"time": np.arange(ROWS), "a": np.zeros(ROWS), "entries": entries}), path)


def a_feather_of_zeros(path: Path) -> None:
    table = pa.table({"time": np.arange(ROWS), **{f"c{i}": np.zeros(ROWS) for i in range(20)}})
    feather.write_feather(table, path, compression="zstd")


def a_feather_of_nothing(path: Path) -> None:
    feather.write_feather(pa.table({f"c{i}": pa.nulls(ROWS) for i in range(20)}), path)


def a_feather_of_a_text_in_all_rows(path: Path) -> None:
    texts = pa.array(["x" * 100] * ROWS).dictionary_encode()
    feather.write_feather(pa.table({"a": np.arange(ROWS), "t": texts}), path, compression="zstd")


def an_orc_of_zeros(path: Path) -> None:
    orc.write_table(pa.table({f"c{i}": np.zeros(ROWS) for i in range(20)}), path, compression="zstd")


def a_workbook_with_a_cell_far_away(path: Path) -> None:
    from openpyxl import Workbook

    book = Workbook()
    book.active["A1"], book.active["A2"], book.active["XFD1048576"] = "a", 1, 2
    book.save(path)


def a_workbook_that_unpacks_to_much(path: Path) -> None:
    pd.DataFrame({"a": [1.0, 2.0]}).to_excel(path, index=False)
    with zipfile.ZipFile(path, "a", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/worksheets/sheet2.xml", b"<row/>" * 400_000)


TABLES: dict[str, Callable[[Path], None]] = {
    "a.csv.gz": a_gzipped_csv,
    "members.csv.gz": a_csv_gzipped_in_members,
    "a.csv": a_long_csv,
    "zeros.parquet": a_parquet_of_zeros,
    "texts.parquet": a_parquet_of_a_text_in_all_rows,
    "structures.parquet": a_parquet_of_texts_in_structures,
    "zeros.feather": a_feather_of_zeros,
    "nulls.arrow": a_feather_of_nothing,
    "texts.feather": a_feather_of_a_text_in_all_rows,
    "zeros.orc": an_orc_of_zeros,
    "far.xlsx": a_workbook_with_a_cell_far_away,
    "large.xlsx": a_workbook_that_unpacks_to_much,
}


@pytest.mark.parametrize("name", TABLES)
def test_a_table_that_needs_more_than_the_limit_is_refused(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    TABLES[name](tmp_path / name)
    monkeypatch.setenv(VARIABLE, "0.01")
    with pytest.raises(MemoryLimitError, match=rf"{name} needs .* limit of 0.01 GB.*--max-memory (\d+|none), or"):
        read_table(tmp_path / name)


@pytest.mark.parametrize("name", sorted(set(TABLES) - {"far.xlsx", "large.xlsx", "nulls.arrow", "zeros.orc"}))
def test_the_same_table_is_read_with_a_higher_limit(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    TABLES[name](tmp_path / name)
    monkeypatch.setenv(VARIABLE, "2")
    read_table(tmp_path / name, TableOptions(time=()))


def test_text_from_standard_input_keeps_to_the_limit(tmp_path: Path, run_cli, monkeypatch: pytest.MonkeyPatch, capsys):
    a_long_csv(tmp_path / "a.csv")
    monkeypatch.setenv(VARIABLE, "none")
    with (tmp_path / "a.csv").open() as text:
        monkeypatch.setattr("sys.stdin", text)
        assert run_cli("impute", "-", "-o", tmp_path / "b.csv", "--max-memory", "0.01") == 2
    assert "needs more than 0.01" in capsys.readouterr().err


def test_many_files_that_are_read_as_one_table_are_added_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    for number in range(70):
        (tmp_path / f"{number}.csv.gz").write_bytes(gzip.compress(b"a,b\n" + b"1,2\n" * 10_000))
    monkeypatch.setenv(VARIABLE, "0.01")
    read_table(tmp_path / "3.csv.gz")
    with pytest.raises(MemoryLimitError, match="and the files read with it"):
        read_table(tmp_path)


def test_a_line_that_never_ends_is_not_unpacked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    rows = b"".join(b"%d,%d,1\n" % (row % 7, row) for row in range(40_000))
    (tmp_path / "a.csv.gz").write_bytes(gzip.compress(b"s,time,x\n" + rows + b"1" * 12_000_000))
    monkeypatch.setattr("latentfill.imputation.stacked_file.LARGE", 0)
    monkeypatch.setenv(VARIABLE, "0.04")
    from latentfill.tables.backends.read_request import ReadRequest
    from latentfill.tables.backends.stacked_text import StackedText

    text = StackedText.of(tmp_path / "a.csv.gz", ReadRequest(), ("s",))
    with pytest.raises(MemoryLimitError, match=r"a\.csv\.gz needs .* limit of 0.04 GB"):
        text.divide(tmp_path, 10_000)


def test_a_series_too_long_for_memory_is_refused_before_its_file_is_divided(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    from latentfill.tables.backends.read_request import ReadRequest
    from latentfill.tables.backends.stacked_text import StackedText

    rows = b"".join(b"%d,%d,1\n" % (row % 3 == 0, row) for row in range(200_000))
    (tmp_path / "a.csv").write_bytes(b"s,time,x\n" + rows)
    monkeypatch.setenv(VARIABLE, "0.01")
    text = StackedText.of(tmp_path / "a.csv", ReadRequest(), ("s",))
    with pytest.raises(MemoryLimitError, match=r"a\.csv needs about 0.01"):
        text.divide(tmp_path, 50_000)
    assert [path.name for path in tmp_path.iterdir()] == ["a.csv"]


def npy(path: Path) -> None:
    np.save(path, np.zeros((4000, 30, 100), np.float32))


def npz(path: Path) -> None:
    np.savez_compressed(path, embeddings=np.zeros((4000, 30, 100), np.float32))


def expanded_tensor(path: Path) -> None:
    torch.save(torch.zeros(1).expand(4000, 30, 100), path)


def stored_safetensors(path: Path) -> None:
    save_file({"embeddings": np.zeros((4000, 30, 100), np.float32)}, path)


def parquet_vectors(path: Path) -> None:
    parquet.write_table(pa.table({f"{i}": np.zeros(4000) for i in range(2000)}), path)


EMBEDDINGS = {"a.npy": npy, "a.npz": npz, "a.pt": expanded_tensor, "a.safetensors": stored_safetensors}


@pytest.mark.parametrize("name", [*EMBEDDINGS, "a.parquet"])
def test_embeddings_that_need_more_than_the_limit_are_refused(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    {**EMBEDDINGS, "a.parquet": parquet_vectors}[name](tmp_path / name)
    monkeypatch.setenv(VARIABLE, "0.03")
    with pytest.raises(InputError, match=r"needs about .* limit of 0.03 GB"):
        open_embeddings(tmp_path / name).read("all")


def test_a_header_of_safetensors_with_a_giant_shape_is_refused(tmp_path: Path):
    header = b'{"embeddings":{"dtype":"F32","shape":[1000000000,1000000],"data_offsets":[0,4]}}'
    (tmp_path / "a.safetensors").write_bytes(len(header).to_bytes(8, "little") + header + bytes(4))
    with pytest.raises(InputError, match=r"a\.safetensors cannot be read as embeddings"):
        open_embeddings(tmp_path / "a.safetensors")


def test_a_header_of_npy_with_a_giant_shape_is_refused(tmp_path: Path):
    np.save(tmp_path / "a.npy", np.zeros((2, 3)))
    data = (tmp_path / "a.npy").read_bytes()
    (tmp_path / "a.npy").write_bytes(data.replace(b"(2, 3), }          ", b"(2000000000, 3), } "))
    with pytest.raises(InputError, match=r"a\.npy cannot be read as embeddings"):
        open_embeddings(tmp_path / "a.npy")


def test_the_limit_is_a_flag_of_all_commands_that_read(
    tmp_path: Path, run_cli, monkeypatch: pytest.MonkeyPatch, capsys
):
    monkeypatch.setenv(VARIABLE, "none")
    table = tmp_path / "a.feather"  # of text and Parquet files, only blocks are read
    columns = {"a": np.ones(100_000), "b": np.ones(100_000)}
    feather.write_feather(pa.table(columns), table, compression="uncompressed")
    Imputer(strategy="linear").fit({"a": [1.0, 2.0], "b": [1.0, 2.0]}).save(tmp_path / "m")
    out = tmp_path / "out"
    for arguments in (
        ("impute", table, "-o", tmp_path / "b.csv"),
        ("fit", table, "-m", out),
        ("apply", table, "-m", tmp_path / "m", "-o", tmp_path / "b.csv"),
        ("evaluate", table),
        ("totals", table, "--every", "day"),
        ("embed", table, "-o", out),
        ("distil", table, "--no-teacher", "-m", out),
        ("pack", tmp_path / "m", "--table", table, "-o", out),
        ("inspect", table),
    ):
        assert run_cli(*arguments, "--max-memory", "0.001") == 2
        assert "limit of 0.001 GB" in capsys.readouterr().err, arguments
