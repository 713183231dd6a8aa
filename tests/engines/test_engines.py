"""The engines give the same results, in whatever process; those that die cost only the series they die of."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from engines import deadly_work
from engines.deadly_work import DeadlyWork
from engines.small_series import N_SERIES, Plain, contents
from latentfill.api.data_sets import bunches
from latentfill.api.data_sets.data_set import DataSet
from latentfill.api.data_sets.fill_data_set import fill_data_set
from latentfill.api.data_sets.part import DIED, RECORDS
from latentfill.core.errors import InputError
from latentfill.core.places import Place
from latentfill.engines import ray_engine
from latentfill.engines.engine import Engine
from latentfill.engines.open_engine import open_engine
from latentfill.imputation.imputer import Imputer
from latentfill.tables.options import TableOptions


@pytest.fixture(scope="module")
def cluster() -> Iterator[None]:
    """A Ray cluster of this machine, for all tests of the module."""
    ray = pytest.importorskip("ray")
    os.environ["RAY_USAGE_STATS_ENABLED"] = "0"
    ray.init(address="local", num_cpus=2, include_dashboard=False, log_to_driver=False, logging_level="ERROR")
    ray.cloudpickle.register_pickle_by_value(deadly_work)
    yield
    ray.cloudpickle.unregister_pickle_by_value(deadly_work)
    ray.shutdown()


@pytest.fixture(params=["local", "ray"])
def parallel(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Engine:
    """An engine with two processes."""
    if request.param == "ray":
        request.getfixturevalue("cluster")
    monkeypatch.setenv("OMP_NUM_THREADS", "2")
    return open_engine(request.param)


pytestmark = pytest.mark.filterwarnings("ignore")  # of Ray, about itself


def test_the_same_bytes_come_of_every_engine(parallel: Engine, data: DataSet, files: Path, tmp_path: Path):
    alone = DataSet((Place.of(files),), Place.of(tmp_path / "alone"))
    settings: dict[str, Any] = {"strategy": "linear", "intervals": 0.9}
    done: list[tuple[int, int]] = []
    fill_data_set(alone, Imputer(**settings), Plain())
    fill_data_set(data, Imputer(**settings), parallel, on_part=lambda *each: done.append(each))
    assert contents(data.output.path) == contents(alone.output.path)
    assert done == [(number + 1, len(done)) for number in range(len(done))]


def test_a_process_that_dies_is_replaced_and_a_series_that_kills_each_costs_only_itself(
    parallel: Engine, data: DataSet, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(bunches, "FEWEST_BYTES", 1)
    work = DeadlyWork(("s3.parquet", "s4.parquet"), tmp_path / "once")
    with data.opened(TableOptions()) as opened:
        parts = opened.run(parallel, work, None)
    left_out = {name: reason for part in parts for name, reason in part["left_out"].items()}
    assert left_out == {"s3.parquet": DIED, "s4.parquet": DIED}
    assert [name for part in parts for name in part["done"]] == ["s0.parquet", "s1.parquet", "s2.parquet", "s5.parquet"]
    assert (tmp_path / "once").exists()
    assert (data.output.path / "part-00001.txt").read_text() == "s1.parquet"
    assert not (data.output.path / RECORDS / "tries").exists()


def test_a_series_among_others_of_its_part(data: DataSet, tmp_path: Path):
    (tmp_path / "once").touch()
    with data.opened(TableOptions()) as opened:
        (part,) = opened.run(open_engine("local"), DeadlyWork(("s2.parquet",), tmp_path / "once"), None)
    assert len(part["done"]) == N_SERIES - 1
    assert part["left_out"] == {"s2.parquet": DIED}


def test_an_error_of_the_function_is_raised(parallel: Engine):
    with pytest.raises(Exception, match="item 7"):
        list(parallel.map(deadly_work.fail, None, [7]))


@pytest.mark.parametrize("name", ["OutOfDiskError", "ObjectStoreFullError"])
def test_a_disk_that_is_full_is_said(name: str, cluster: None, monkeypatch: pytest.MonkeyPatch):
    ray = pytest.importorskip("ray")

    def full(*_: object) -> Iterator[None]:
        raise getattr(ray.exceptions, name)("all 3 copies failed")
        yield

    monkeypatch.setattr(ray_engine, "_map", full)
    with pytest.raises(InputError, match=rf"no room .*\({name}\).*RAY_TMPDIR.*goes on from them"):
        list(open_engine("ray").map(print, None, [1]))


def test_nothing_to_do(parallel: Engine):
    assert list(parallel.map(print, None, [])) == []


@pytest.mark.parametrize(
    ("name", "address", "words"),
    [("rya", None, "did you mean 'ray'"), ("local", "auto", "--address"), ("ray", "127.0.0.1:1", "cannot be reached")],
)
def test_engines_that_cannot_be_used(name: str, address: str | None, words: str):
    with pytest.raises(InputError, match=words):
        list(open_engine(name, address).map(print, None, [1]))


def test_ray_says_how_it_is_installed(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(InputError, match=r"pip install 'latentfill\[ray\]'"):
        open_engine("ray")


def test_processes_of_this_machine_work_side_by_side(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    monkeypatch.setenv("OMP_NUM_THREADS", "2")
    results = list(open_engine("local").map(deadly_work.meet, tmp_path, ["one", "other"]))
    assert sorted(results) == ["one", "other"]
