"""Data sets in object storage, on a server that speaks S3, on this machine."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from pyarrow import parquet

from engines.small_series import Plain, contents, rows_of
from latentfill.api.data_sets.data_set import DataSet
from latentfill.api.data_sets.fill_data_set import fill_data_set
from latentfill.core.errors import InputError
from latentfill.core.places import Place, _system
from latentfill.imputation.imputer import Imputer

SECRET = "secret-of-the-test"

pytestmark = pytest.mark.filterwarnings("ignore")  # of the server, about itself


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    """The address of the server."""
    moto = pytest.importorskip("moto.server")
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    running = moto.ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    running.start()
    host, port = running.get_host_and_port()
    yield f"http://{host}:{port}"
    running.stop()


@pytest.fixture
def bucket(server: str, files: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """A bucket with the data set; credentials are in the environment."""
    import boto3

    monkeypatch.setenv("AWS_ENDPOINT_URL", server)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "test")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", SECRET)
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    _system.cache_clear()
    bucket = boto3.resource("s3").create_bucket(Bucket="data-1")
    for path in files.iterdir():
        bucket.upload_file(str(path), f"in/{path.name}")
    yield bucket
    bucket.objects.all().delete()
    bucket.delete()
    _system.cache_clear()


def keys(bucket: Any, prefix: str) -> dict[str, bytes]:
    """The files below a prefix, by their paths below it."""
    objects = (each for each in bucket.objects.filter(Prefix=prefix) if not each.key.endswith("/"))
    return {each.key.removeprefix(prefix): each.get()["Body"].read() for each in objects}


def test_a_data_set_in_a_bucket_gives_the_same_bytes_as_one_on_this_machine(bucket: Any, data: DataSet):
    in_bucket = DataSet((Place.of("s3://data-1/in"),), Place.of("s3://data-1/out"))
    fill_data_set(in_bucket, Imputer(strategy="linear", model="own"), Plain())
    fill_data_set(data, Imputer(strategy="linear", model="own"), Plain())
    written = keys(bucket, "out/")
    assert written == contents(data.output.path)
    assert not any(SECRET.encode() in content for content in written.values())
    again = Plain()
    fill_data_set(in_bucket, Imputer(strategy="linear", model="own"), again)
    assert keys(bucket, "out/") == written


def test_the_command_line_takes_addresses(bucket: Any, run_cli: Callable[..., int], capsys: pytest.CaptureFixture[str]):
    options = ("--engine", "local", "--strategy", "linear", "--model", "own", "-q")
    assert run_cli("impute", "s3://data-1/in", "-o", "s3://data-1/out", *options) == 0
    assert "part-00000.parquet" in keys(bucket, "out/")
    assert SECRET not in "".join(capsys.readouterr())


def test_large_files_are_divided_in_the_bucket_and_the_parts_removed(
    bucket: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    import pyarrow as pa

    monkeypatch.setattr("latentfill.api.data_sets.bunches.BYTES_AT_ONCE", 1)
    monkeypatch.setattr("latentfill.api.data_sets.bunches.ROWS_AT_ONCE", 60)
    parquet.write_table(pa.concat_tables(rows_of(n, station=str(n)) for n in range(3)), tmp_path / "all.parquet")
    bucket.upload_file(str(tmp_path / "all.parquet"), "one/all.parquet")
    data = DataSet((Place.of("s3://data-1/one/all.parquet"),), Place.of("s3://data-1/out"))
    summary = fill_data_set(data, Imputer(strategy="linear", model="own", by="station"), Plain())
    assert summary["table"]["parts"] == 3
    assert not [name for name in keys(bucket, "out/") if "divided" in name]


@pytest.mark.parametrize(
    ("source", "words"),
    [
        ("s3://data-2/in", "nothing at s3://data-2/in|no such bucket"),
        ("s3://data-1/none", "nothing at s3://data-1/none"),
        ("s3://key:word@data-1/in", "must not hold credentials"),
        ("s3://data-1/in?secret_key=word", "must not hold credentials"),
    ],
)
def test_addresses_that_cannot_be_read(bucket: Any, source: str, words: str):
    with pytest.raises(InputError, match=words) as caught:
        fill_data_set(DataSet((Place.of(source),), Place.of("s3://data-1/out")), Imputer(strategy="linear"), Plain())
    assert "word" not in str(caught.value)


def test_a_bucket_without_permission(bucket: Any, monkeypatch: pytest.MonkeyPatch):
    class Refusing:
        def get_file_info(self, paths: object) -> None:
            raise OSError("When getting information for key 'in': AWS Error ACCESS_DENIED during HeadObject operation")

    monkeypatch.setattr("latentfill.core.places._system", lambda bucket: Refusing())
    with pytest.raises(InputError, match=r"no permission[.] Credentials are taken from the environment"):
        Place.of("s3://data-1/in").is_folder()


def test_nobody_answers(bucket: Any, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "1")
    _system.cache_clear()
    with pytest.raises(InputError, match="cannot be reached"):
        Place.of("s3://data-3/in").files()
