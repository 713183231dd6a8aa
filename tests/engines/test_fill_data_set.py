"""Many series as a data set: what is written, what is done again, and what one series costs the others."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from pyarrow import parquet

import latentfill
from engines.small_series import N_ROWS, N_SERIES, Plain, contents, read, rows_of
from latentfill.api.data_sets import bunches
from latentfill.api.data_sets.data_set import DataSet
from latentfill.api.data_sets.fill_data_set import fill_data_set
from latentfill.api.data_sets.fill_work import FillWork
from latentfill.api.data_sets.part import RECORDS
from latentfill.core.errors import InputError
from latentfill.core.places import Place
from latentfill.imputation.imputer import Imputer
from latentfill.imputation.summary.headlines import trust_text

QUICK: dict[str, Any] = {"strategy": "linear", "model": "own"}


def fill(data: DataSet, engine: Plain, **settings: Any) -> dict[str, Any]:
    return fill_data_set(data, Imputer(**{**QUICK, **settings}), engine)


def test_each_file_of_a_folder_is_a_series_that_is_filled_as_if_alone(data: DataSet, engine: Plain, files: Path):
    summary = fill(data, engine)
    filled = read(data.output.path)
    for number in range(N_SERIES):
        own = filled.filter(pa.compute.equal(filled["file"], f"s{number}.parquet"))
        alone = latentfill.impute(parquet.read_table(files / f"s{number}.parquet"), strategy="linear")
        for name in ("time", "x", "y"):
            assert own[name].to_pylist() == alone[name].to_pylist()
    assert (summary["table"]["series"], summary["table"]["rows"]) == (N_SERIES, N_SERIES * N_ROWS)
    missing = sum(parquet.read_table(path)[name].null_count for path in files.iterdir() for name in ("x", "y"))
    assert sum(n for code, n in summary["cells"].items() if code != "observed") == missing
    assert json.loads((data.output.path / RECORDS / "summary.json").read_text()) == json.loads(json.dumps(summary))


def test_codes_errors_and_bounds_are_columns_of_the_data_set(data: DataSet, engine: Plain, files: Path):
    fill(data, engine, intervals=0.9)
    filled = read(data.output.path).to_pandas()
    was_missing = parquet.read_table(sorted(files.iterdir())).to_pandas()["x"].isna()
    assert (filled["x_code"].eq(latentfill.Code.LINEAR) == was_missing).all()
    assert filled["x_expected"].isna().eq(~was_missing).all()
    assert (filled["x_lower"] <= filled["x"]).all()
    assert (filled["x"] <= filled["x_upper"]).all()


def test_the_order_of_work_changes_nothing(data: DataSet, files: Path, tmp_path: Path, engine: Plain):
    class Forwards(Plain):
        def map(self, function: Callable[[Any, Any], Any], shared: Any, items: Any) -> Any:
            return super().map(function, shared, list(reversed(items)))

    other = DataSet((Place.of(files),), Place.of(tmp_path / "other"))
    fill(data, engine)
    fill(other, Forwards())
    assert contents(data.output.path) == contents(other.output.path)


def test_the_same_run_again_does_only_what_is_missing_or_damaged(
    data: DataSet, engine: Plain, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(bunches, "FEWEST_BYTES", 1)
    fill(data, engine)
    before, worked = contents(data.output.path), list[str]()
    original = FillWork.do
    monkeypatch.setattr(
        FillWork,
        "do",
        lambda self, series, left, name, to: (worked.append(name), original(self, series, left, name, to))[1],
    )
    fill(data, engine)
    assert (worked, contents(data.output.path)) == ([], before)
    (data.output.path / "part-00001.parquet").unlink()
    (data.output.path / "part-00002.parquet").write_bytes(b"damaged")
    (data.output.path / RECORDS / "part-00003.json").write_text("{")
    fill(data, engine)
    assert sorted(worked) == ["part-00001", "part-00002", "part-00003"]
    assert contents(data.output.path) == before


def test_a_changed_file_or_setting_is_done_anew_and_parts_that_are_no_more_are_removed(
    data: DataSet, engine: Plain, files: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(bunches, "FEWEST_BYTES", 1)
    fill(data, engine)
    before = contents(data.output.path)
    parquet.write_table(rows_of(70), files / "s2.parquet")
    fill(data, engine)
    after = contents(data.output.path)
    changed = {name for name in after if name.endswith(".parquet") and after[name] != before[name]}
    assert changed == {"part-00002.parquet"}
    (files / "s5.parquet").unlink()
    fill(data, engine)
    assert "part-00005.parquet" not in contents(data.output.path)
    assert f"{RECORDS}/part-00005.json" not in contents(data.output.path)


def test_series_of_partitioned_files_are_told_apart_by_their_paths(tmp_path: Path, engine: Plain):
    for number in range(3):
        for month, rows in enumerate((slice(0, 30), slice(30, 60))):
            folder = tmp_path / "in" / f"station=no%20{number}" / f"month={month}"
            folder.mkdir(parents=True)
            parquet.write_table(rows_of(number)[rows], folder / "a.parquet")
    data = DataSet((Place.of(tmp_path / "in"),), Place.of(tmp_path / "out"))
    fill(data, engine, by="station")
    filled = read(tmp_path / "out")
    assert sorted(set(filled["station"].to_pylist())) == ["no 0", "no 1", "no 2"]
    alone = latentfill.impute(rows_of(1), strategy="linear")
    own = filled.filter(pa.compute.equal(filled["station"], "no 1"))
    assert own["x"].to_pylist() == alone["x"].to_pylist()


@pytest.mark.parametrize("ending", [".parquet", ".csv"])
def test_one_large_file_of_many_series_is_divided_into_whole_series(
    tmp_path: Path, engine: Plain, monkeypatch: pytest.MonkeyPatch, ending: str
):
    monkeypatch.setattr(bunches, "BYTES_AT_ONCE", 1)
    monkeypatch.setattr(bunches, "ROWS_AT_ONCE", 2 * N_ROWS)
    rows = pa.concat_tables([rows_of(number, station=f"st {number}") for number in range(N_SERIES)])
    in_turns = rows.take(np.argsort(np.tile(np.arange(N_ROWS), N_SERIES), kind="stable"))
    path = tmp_path / f"all{ending}"
    if ending == ".parquet":
        parquet.write_table(in_turns, path, row_group_size=50)
    else:
        in_turns.to_pandas().to_csv(path, index=False)
    data = DataSet((Place.of(path),), Place.of(tmp_path / "out"))
    summary = fill(data, engine, by="station")
    assert (summary["table"]["series"], summary["table"]["parts"]) == (N_SERIES, N_SERIES // 2)
    filled = read(tmp_path / "out")
    for number in range(N_SERIES):
        own = filled.filter(pa.compute.equal(filled["station"], f"st {number}"))
        alone = latentfill.impute(rows_of(number), strategy="linear")
        np.testing.assert_allclose(own["x"].to_numpy(), alone["x"].to_numpy(), atol=1e-12)
    assert not (tmp_path / "out" / RECORDS / "divided").exists()


def test_a_series_that_cannot_be_filled_is_reported_and_kept_as_it_was(data: DataSet, engine: Plain, files: Path):
    empty = (
        rows_of(3).set_column(1, "x", pa.nulls(N_ROWS, pa.float64())).set_column(2, "y", pa.nulls(N_ROWS, pa.float64()))
    )
    parquet.write_table(empty, files / "s3.parquet")
    summary = fill(data, engine)
    assert list(summary["not_filled"]) == ["s3.parquet"]
    filled = read(data.output.path)
    own = filled.filter(pa.compute.equal(filled["file"], "s3.parquet"))
    assert own["x"].null_count == own["y"].null_count == own.num_rows == N_ROWS
    assert set(own["x_code"].to_pylist()) == {latentfill.Code.EMPTY}


def test_a_series_that_raises_any_error_costs_only_itself(
    data: DataSet, engine: Plain, monkeypatch: pytest.MonkeyPatch
):
    original = FillWork._fill

    def poisoned(self: FillWork, series: Any, problems: Any) -> Any:
        if any(each.name == "s4.parquet" and each.name not in problems for each in series):
            raise ZeroDivisionError("poison")
        return original(self, series, problems)

    monkeypatch.setattr(FillWork, "_fill", poisoned)
    summary = fill(data, engine)
    assert summary["not_filled"] == {"s4.parquet": "ZeroDivisionError: poison"}
    filled = read(data.output.path)
    assert filled.num_rows == N_SERIES * N_ROWS
    others = filled.filter(pa.compute.not_equal(filled["file"], "s4.parquet"))
    assert others["x"].null_count == 0


def test_a_file_that_cannot_be_read_costs_only_itself(tmp_path: Path, engine: Plain, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(bunches, "FEWEST_BYTES", 1)
    (tmp_path / "in").mkdir()
    for number in range(3):
        rows_of(number).to_pandas().to_csv(tmp_path / "in" / f"s{number}.csv", index=False)
    (tmp_path / "in" / "s1.csv").write_bytes(b"\x00\xff\x00" * 50)
    summary = fill(DataSet((Place.of(tmp_path / "in"),), Place.of(tmp_path / "out")), engine)
    assert list(summary["not_filled"]) == ["s1.csv"]
    assert summary["table"]["series"] == 3
    assert set(read(tmp_path / "out")["file"].to_pylist()) == {"s0.csv", "s2.csv"}


def test_the_error_on_the_held_out_cells_of_all_models_is_told(data: DataSet, engine: Plain, files: Path):
    summary = fill(data, engine)
    records = [json.loads(path.read_text()) for path in sorted((data.output.path / RECORDS).glob("part-*.json"))]
    scores = [
        score
        for record in records
        for each in record["content"]["of each"].values()
        for score in each["held_out_error"].values()
        if score.get("linear_mse")
    ]
    cells = sum(score["cells"] for score in scores)
    assert summary["held_out_of_series"]["models"] == len(scores) == N_SERIES
    assert summary["held_out_of_series"]["mse"] == pytest.approx(sum(s["cells"] * s["mse"] for s in scores) / cells)
    assert f"1.00 x the squared error of linear interpolation, on {cells} held-out cells" in trust_text(summary)


def test_one_model_for_all_is_fitted_once_and_kept(data: DataSet, engine: Plain, monkeypatch: pytest.MonkeyPatch):
    fill(data, engine, model="shared")
    model = data.output.path / RECORDS / "model"
    assert latentfill.Imputer.load(model).fitted_.by_series is not None
    monkeypatch.setattr("latentfill.api.data_sets.shared_model._fit", None)  # it would be called
    (data.output.path / "part-00000.parquet").unlink()
    fill(data, engine, model="shared")
    assert (data.output.path / "part-00000.parquet").exists()


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"pivot": ("a", "b")}, "long table"),
        ({"by": "nothing"}, "nothing"),
        ({"columns": ("time",)}, "time"),
    ],
)
def test_settings_that_cannot_be_used(data: DataSet, engine: Plain, settings: dict[str, Any], words: str):
    with pytest.raises(InputError, match=words):
        fill(data, engine, **settings)


def test_files_with_other_columns_or_types_are_named(data: DataSet, engine: Plain, files: Path):
    parquet.write_table(rows_of(1).rename_columns(["time", "x", "z"]), files / "s1.parquet")
    with pytest.raises(InputError, match="'z' only there and 'y' missing"):
        fill(data, engine)
    texts = pa.array(["high"] * N_ROWS)
    parquet.write_table(rows_of(1).set_column(2, "y", texts), files / "s1.parquet")
    with pytest.raises(InputError, match="other types of columns than"):
        fill(data, engine)


def test_the_output_is_never_something_else(data: DataSet, engine: Plain, files: Path, tmp_path: Path):
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "precious.md").write_text("keep")
    with pytest.raises(InputError, match="something other than a data set"):
        fill(data, engine)
    with pytest.raises(InputError, match="must not hold each other"):
        fill(DataSet((Place.of(files),), Place.of(files / "out")), engine)
    with pytest.raises(InputError, match="no table"):
        fill(DataSet((Place.of(tmp_path / "out"),), Place.of(tmp_path / "new")), engine)


def test_added_columns_must_not_have_the_name_of_another(data: DataSet, engine: Plain, files: Path):
    for path in files.iterdir():
        table = parquet.read_table(path)
        parquet.write_table(table.append_column("x_code", table["x"]), path)
    with pytest.raises(InputError, match="'x_code'"):
        fill(data, engine)
