"""Named weights: how two sets differ, and what is said when they cannot be written."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file

from latentfill.nn.weights import weight_misfits, write_weights


def test_weights_that_fit_have_no_misfits():
    needed = {"a": torch.zeros(2, 3), "b": torch.zeros(1)}
    assert weight_misfits(needed, {name: weight + 1 for name, weight in needed.items()}) == []


def test_every_weight_that_does_not_fit_is_reported():
    needed = {"a": torch.zeros(2, 3), "b": torch.zeros(1), "c": torch.zeros(4), "d": torch.zeros(5)}
    found = {"a": torch.zeros(3, 2), "b": torch.zeros(1, dtype=torch.float64), "d": torch.zeros(5), "e": torch.zeros(1)}
    assert weight_misfits(needed, found) == [
        "c is missing",
        "e is unexpected",
        "a is (3, 2) float32, the settings need (2, 3) float32",
        "b is (1,) float64, the settings need (1,) float32",
    ]


def test_weights_are_compared_before_there_is_memory_for_them():
    with torch.device("meta"):
        needed = torch.nn.Linear(3, 4).state_dict()
    assert weight_misfits(needed, torch.nn.Linear(3, 4).state_dict()) == []


def test_any_weights_come_back_as_they_were_written(tmp_path: Path):
    weights = {"turned": torch.arange(6.0).reshape(2, 3).T, "learnt": torch.nn.Parameter(torch.ones(2))}
    write_weights(tmp_path / "a.safetensors", weights)
    found = load_file(tmp_path / "a.safetensors")
    assert all(torch.equal(found[name], weight) for name, weight in weights.items())


def test_others_may_read_weights_as_far_as_the_umask_lets_them(tmp_path: Path):
    before = os.umask(0o022)
    try:
        write_weights(tmp_path / "a.safetensors", {"a": torch.zeros(2)})
    finally:
        os.umask(before)
    assert (tmp_path / "a.safetensors").stat().st_mode & 0o777 == 0o644


def test_a_place_that_cannot_be_written_is_an_os_error(tmp_path: Path):
    with pytest.raises(FileNotFoundError):
        write_weights(tmp_path / "nowhere" / "a.safetensors", {"a": torch.zeros(2)})
