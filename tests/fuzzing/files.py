"""Small files that people write or edit: configs, decisions, scores, and records of how embeddings were made."""

from __future__ import annotations

from collections.abc import Callable

from hypothesis import strategies as st

from fuzzing.arguments import TABLE
from fuzzing.outcomes import Target, folder_with, outcome_of, run_command
from fuzzing.values import altered, json_texts, json_values

FILL = ("impute", "table.csv", "-o", "out.csv", "--strategy", "linear")
TOML = (
    *("seed = 1", 'seed = "a"', "length = 1e400", "[decoder]\nsteps = 5", "decoder = 5", "[decoder]\nsteps = {a = 1}"),
    *("time = 2024-01-01", "missing = [1, 2024-01-01T00:00:00Z]", "a.b.c = 1", "seed = 1\nseed = 2", "strategy = []"),
    *("kind = {x = 'flag'}", "columns = ['y', 3]", "names = [[]]", "length = inf", "min = nan", "max = {y = '1'}"),
    *("x = " + "[" * 5000, "intervals = 0.9", "columns = ['y']", "missing = '5'", "seed = 99999999999999999999999"),
)
SCORE = {
    **{"strategy": "auto", "pattern": "mcar", "rate": 0.1, "seed": 0, "column": "all", "gap": "all", "cells": 5},
    **{"realised_rate": 0.1, "mse": 0.5, "mae": 0.4, "mre": 0.3, "label": None, "encoder": None},
}
REFUSED_FILL = {"column": "y", "from": "2024-01-03", "to": "2024-01-09"}
RECORD = {
    **{"encoder": "x", "source": "computed", "saw": "observed", "settings": {}, "window": {"split": "ratio"}},
    **{"weights_digest": None, "table_digest": "a", "scaler_digest": None, "deterministic": True},
}


def config_outcome(ending: str) -> Callable[[bytes], str]:
    """What becomes of a config file with this ending."""

    def outcome(data: bytes) -> str:
        with folder_with(**{"table__csv": TABLE, f"config__{ending}": data}):
            return outcome_of(lambda: run_command([*FILL, "--config", f"config.{ending}"]))

    return outcome


def decisions(data: bytes) -> str:
    """What becomes of a file of refused fills."""
    with folder_with(table__csv=TABLE, decisions__json=data):
        return outcome_of(lambda: run_command([*FILL, "--decisions", "decisions.json"]))


def scores(data: bytes) -> str:
    """What becomes of a file of scores that is compared with itself."""
    with folder_with(scores__json=data):
        return outcome_of(lambda: run_command(["evaluate", "--compare", "scores.json", "scores.json"]))


def provenance(data: bytes) -> str:
    """What becomes of a record of how embeddings were made."""
    from latentfill.embeddings.stored.folder_record import RECORD_FILE, read_record

    with folder_with() as folder:
        (folder / RECORD_FILE).write_bytes(data)
        return outcome_of(lambda: read_record(folder).to_dict())  # type: ignore[union-attr]


def _lists(record: dict[str, object]) -> st.SearchStrategy[object]:
    return st.lists(altered(record), max_size=2)


_CONFIGS = st.dictionaries(
    st.sampled_from(["seed", "length", "missing", "kind", "decoder", "x"]), json_values(), max_size=2
)
_SCORES = _lists(SCORE).flatmap(lambda entries: altered({"table": "x", "scores": entries}))
_DECISIONS = _lists(REFUSED_FILL).flatmap(lambda entries: altered({"format": 1, "refused": entries}))

TARGETS = (
    Target("config-toml", config_outcome("toml"), st.sampled_from(TOML).map(str.encode) | st.binary(max_size=30)),
    Target("config-json", config_outcome("json"), json_texts(_CONFIGS)),
    Target("decisions", decisions, json_texts(_DECISIONS)),
    Target("scores", scores, json_texts(_SCORES)),
    Target("provenance", provenance, json_texts(altered(RECORD))),
)
