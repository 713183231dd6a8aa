"""Damaged files of every kind: each works with finite results or is refused in words, and no other error comes of it.

The same damage is done in every run. The files in `fuzzing/` can do more of it, for hours.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

sys.path.insert(0, str(Path(__file__).parent))

from fuzzing import banks, configs, h5, models, students
from fuzzing.damage import Change, array_changes, byte_changes, changed_bytes, changed_json, json_changes

EVERY_RUN = {"derandomize": True, "deadline": None, "database": None, "suppress_health_check": list(HealthCheck)}


@pytest.mark.parametrize("name", models.NAMES)
def test_intact_models_work(name: str):
    assert models.outcome(models.whole(name), name) == "works"
    assert models.outcome(models.signed(models.whole(name)), name) == "works"


@settings(max_examples=15, **EVERY_RUN)
@given(st.sampled_from(models.NAMES), st.sampled_from(models.FILES), byte_changes())
def test_models_with_changed_bytes(name: str, file: str, changes: list[Change]):
    files = models.whole(name)
    changed = {**files, file: changed_bytes(files[file], changes)}
    assert models.outcome(changed, name) == ("works" if changed == files else "refused")
    models.outcome(models.signed(changed), name)


@settings(max_examples=25, **EVERY_RUN)
@given(st.sampled_from(models.NAMES), st.sampled_from(["config.json", "config.json", "scaler.json"]), json_changes())
def test_models_with_other_values(name: str, file: str, changes: list[tuple[float, Any]]):
    models.outcome(models.with_json(models.whole(name), file, changes), name)


@settings(max_examples=25, **EVERY_RUN)
@given(st.sampled_from(models.NAMES), array_changes())
def test_models_with_other_arrays(name: str, changes: list[tuple[float, str]]):
    models.outcome(models.with_arrays(models.whole(name), changes), name)


def test_an_intact_student_works():
    assert students.outcome(students.whole()) == students.outcome(models.signed(students.whole())) == "works"


@settings(max_examples=20, **EVERY_RUN)
@given(st.sampled_from(students.FILES), byte_changes())
def test_students_with_changed_bytes(file: str, changes: list[Change]):
    files = students.whole()
    changed = {**files, file: changed_bytes(files[file], changes)}
    assert students.outcome(changed) == ("works" if changed == files else "refused")
    students.outcome(models.signed(changed))


@settings(max_examples=40, **EVERY_RUN)
@given(st.one_of(json_changes().map(lambda c: ("config.json", c)), array_changes().map(lambda c: (None, c))))
def test_students_with_other_values(change: tuple[str | None, Any]):
    file, changes = change
    files = students.whole()
    changed = models.with_arrays(files, changes) if file is None else models.with_json(files, file, changes)
    students.outcome(changed)


@pytest.mark.parametrize("kind", h5.KINDS)
def test_intact_h5_files_work(kind: str):
    assert h5.outcome(h5.whole(kind), kind) == "works"


@settings(max_examples=60, **EVERY_RUN)
@given(st.sampled_from(h5.KINDS), byte_changes())
def test_h5_files_with_changed_bytes(kind: str, changes: list[Change]):
    h5.outcome(changed_bytes(h5.whole(kind), changes), kind)


@pytest.mark.parametrize("ending", banks.ENDINGS)
def test_intact_banks_work(ending: str):
    assert banks.outcome(banks.whole(ending), ending) == "works"


@settings(max_examples=60, **EVERY_RUN)
@given(st.sampled_from(banks.ENDINGS), byte_changes())
def test_banks_with_changed_bytes(ending: str, changes: list[Change]):
    data = changed_bytes(banks.whole(ending), changes)
    banks.outcome(data, ending)
    if ending == ".packed":
        banks.outcome(banks.sealed(data), ending)


@pytest.mark.parametrize("ending", configs.ENDINGS)
def test_intact_configs_work(ending: str):
    assert configs.outcome(configs.whole(ending), ending) == "works"


@settings(max_examples=100, **EVERY_RUN)
@given(st.sampled_from(configs.ENDINGS), byte_changes())
def test_configs_with_changed_bytes(ending: str, changes: list[Change]):
    configs.outcome(changed_bytes(configs.whole(ending), changes), ending)


@settings(max_examples=100, **EVERY_RUN)
@given(json_changes())
def test_configs_with_other_values(changes: list[tuple[float, Any]]):
    configs.outcome(changed_json(configs.whole(".json"), changes), ".json")
