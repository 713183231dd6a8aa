"""An index in a folder: the centres of its lists, its shards, and a record of the matrix that it was made of."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import Any

from latentfill.core.config_settings import Metric
from latentfill.core.folder_digests import digest_problems, with_digests
from latentfill.core.folders import write_folder
from latentfill.core.json_text import parse_json
from latentfill.core.output_paths import check_folder_path, check_room
from latentfill.engines.engine import Engine
from latentfill.strategies.neighbours.search.matrix_file import ITEM, MatrixFile
from latentfill.strategies.neighbours.search.shards import ShardRows, build_shard, train

FORMAT = 1
RECORD, TRAINED = "index.json", "centres.faiss"
SHARD_BYTES = 1 << 28  # of vectors in a shard: what building one keeps in memory
log = logging.getLogger(__name__)


def kept_index(folder: Path, vectors: MatrixFile, metric: Metric, engine: Engine | None = None) -> list[Path]:
    """The shards of the index in a folder, which is made again if it is not that of these vectors."""
    check_index_folder(folder)
    if problems := list(_problems(folder, vectors, metric)):
        log.info("the index %s is made: %s", folder, "; ".join(problems))
        check_room(folder, ITEM * vectors.rows * vectors.size)
        write_folder(folder, partial(write_index, vectors=vectors, metric=metric, engine=engine))
    return shard_paths(folder, vectors)


def write_index(folder: Path, vectors: MatrixFile, metric: Metric, engine: Engine | None = None) -> None:
    """Write the index of a matrix into an empty folder; an engine builds the shards, or without one this process."""
    trained = folder / TRAINED
    train(vectors, metric, trained)
    at_once, n = _rows_of_shard(vectors), vectors.rows
    paths = shard_paths(folder, vectors)
    parts = [
        ShardRows(vectors, first, min(first + at_once, n), path)
        for first, path in zip(range(0, n, at_once), paths, strict=True)
    ]
    list(engine.map(build_shard, trained, parts) if engine else map(partial(build_shard, trained), parts))
    record = {**_about(vectors, metric), "digest": vectors.digest()}
    names = [path.name for path in (trained, *paths)]
    (folder / RECORD).write_text(json.dumps(with_digests(record, folder, names), indent=1), encoding="utf-8")


def check_index_folder(folder: Path) -> None:
    """Raise an `InputError` if no index can be written into a folder, or if it holds something else."""
    check_folder_path(folder, "an index", lambda path: (path / RECORD).is_file() and (path / TRAINED).is_file())


def _problems(folder: Path, vectors: MatrixFile, metric: Metric) -> Iterator[str]:
    """Why the index in a folder, if there is one, cannot be used for these vectors."""
    if not (folder / RECORD).is_file():
        yield "there is none"
        return
    record, about = _record(folder), _about(vectors, metric)
    if any(record.get(name) != value for name, value in about.items()) or record.get("digest") != vectors.digest():
        yield "it is that of other windows, or of another version"
        return
    names = [path.name for path in (folder / TRAINED, *shard_paths(folder, vectors))]
    if missing := [name for name in names if not (folder / name).is_file()]:
        yield f"it lacks {', '.join(missing)}"
        return
    yield from digest_problems(record, folder, names)


def _about(vectors: MatrixFile, metric: Metric) -> dict[str, object]:
    about = {"format": FORMAT, "metric": metric, "rows": vectors.rows, "size": vectors.size}
    return {**about, "rows_of_shard": _rows_of_shard(vectors)}


def _rows_of_shard(vectors: MatrixFile) -> int:
    return max(1, SHARD_BYTES // (ITEM * vectors.size))


def shard_paths(folder: Path, vectors: MatrixFile) -> list[Path]:
    """The paths of the shards of the index of a matrix."""
    n_shards = -(-vectors.rows // _rows_of_shard(vectors))
    return [folder / f"shard-{number:04}.faiss" for number in range(n_shards)]


def _record(folder: Path) -> Mapping[str, Any]:
    """The record in a folder; an empty one if it is damaged."""
    try:
        record = parse_json((folder / RECORD).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return record if isinstance(record, Mapping) else {}
