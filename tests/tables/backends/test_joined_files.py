"""Several files as the parts of one table."""

import pandas as pd
import pytest

from latentfill.core.errors import InputError
from latentfill.tables.read import read_table

ROWS = [f"2023-03-01 {hour:02d}:00,{'' if hour in (5, 13) else hour}\n" for hour in range(24)]


@pytest.fixture
def months(tmp_path):
    """A folder with two files, the first of which does not end its last line."""
    folder = tmp_path / "months"
    folder.mkdir()
    (folder / "a.csv").write_text("# made by a logger\ntime,x\n" + "".join(ROWS[:12]).rstrip("\n"))
    (folder / "b.csv").write_text("# made by a logger\ntime,x\n" + "# new sensor\n" + "".join(ROWS[12:]))
    (folder / "notes.md").write_text("no table")
    return folder


def test_files_of_a_folder_are_one_table_and_are_written_as_one(months, run_cli, tmp_path):
    for paths in ([months], [months / "a.csv", months / "b.csv"]):
        assert run_cli("impute", *paths, "-o", tmp_path / "out.csv", "--strategy", "linear") == 0
        filled = [
            row.replace("05:00,", "05:00,5").replace("13:00,", "13:00,13") if row.endswith(",\n") else row
            for row in ROWS
        ]
        assert (tmp_path / "out.csv").read_text() == "# made by a logger\ntime,x\n" + "".join(filled)


def test_a_note_names_the_files(months):
    table = read_table(months)
    assert table.series.n_steps == 24
    assert table.notes[0] == "2 files are read as one table: a.csv, b.csv."


def test_files_of_several_formats_are_refused_and_those_of_one_are_joined(months):
    for name in ("a", "b"):
        pd.read_csv(months / f"{name}.csv", comment="#").to_parquet(months / f"{name}.parquet")
    with pytest.raises(InputError, match="differ in format"):
        read_table([months / "a.csv", months / "b.parquet"])
    assert read_table([months / "a.parquet", months / "b.parquet"]).series.n_steps == 24


def test_files_with_other_columns_are_refused(months):
    (months / "c.csv").write_text("time,y\n2023-03-02 00:00,1\n2023-03-02 01:00,2\n")
    with pytest.raises(InputError, match=r"c\.csv has other columns than .*a\.csv: time, y, not time, x"):
        read_table(months)


def test_a_folder_without_tables_and_an_output_that_is_an_input_are_refused(months, run_cli, tmp_path, capsys):
    (tmp_path / "empty").mkdir()
    with pytest.raises(InputError, match="folder without tables"):
        read_table(tmp_path / "empty")
    assert run_cli("impute", months / "a.csv", months / "b.csv", "-o", months / "b.csv") == 2
    assert "input file itself" in capsys.readouterr().err
