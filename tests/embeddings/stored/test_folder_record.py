"""Records of how embeddings were made, as people may have changed them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from latentfill.core.errors import InputError
from latentfill.embeddings.stored.folder_record import RECORD_FILE, read_record

RECORD = {"encoder": "timekd", "source": "computed", "settings": {"layers": 2}, "saw": "observed"}


def test_a_record_is_read(tmp_path: Path):
    (tmp_path / RECORD_FILE).write_text(json.dumps(RECORD))
    record = read_record(tmp_path)
    assert record is not None
    assert record.settings == {"layers": 2}


@pytest.mark.parametrize(
    ("field", "value", "words"),
    [
        ("encoder", 5, "encoder must be text, got 5"),
        ("source", None, "source must be text, got None"),
        ("settings", [1], r"settings must hold names and values, got \[1\]"),
        ("window", "ratio", "window must hold names and values, got 'ratio'"),
        ("weights_digest", {}, "weights_digest must be text, got {}"),
        ("deterministic", 1, "deterministic must be true or false, got 1"),
        ("saw", [], "saw must be one of observed, filled, unknown"),
        ("saw", "x" * 10_000, "saw must be one of"),
        ("extra", 1, "unknown key 'extra'"),
    ],
)
def test_an_entry_of_another_type_is_refused(tmp_path: Path, field: str, value: object, words: str):
    (tmp_path / RECORD_FILE).write_text(json.dumps({**RECORD, field: value}))
    with pytest.raises(InputError, match=words) as refused:
        read_record(tmp_path)
    assert len(str(refused.value)) < 1000


@pytest.mark.parametrize("content", ["[" * 200_000, "[]", "5", "{", "\xff"])
def test_what_is_no_record_is_refused(tmp_path: Path, content: str):
    (tmp_path / RECORD_FILE).write_text(content, encoding="latin-1")
    with pytest.raises(InputError, match="is no record of how embeddings were made"):
        read_record(tmp_path)
