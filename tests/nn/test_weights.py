"""Named weights: comparing two sets, and writing them to a file."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file

from latentfill.nn.weights import weight_misfits, write_weights


def test_matching_weights_have_no_misfits():
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


def test_weights_are_compared_before_memory_is_allocated():
    with torch.device("meta"):
        needed = torch.nn.Linear(3, 4).state_dict()
    assert weight_misfits(needed, torch.nn.Linear(3, 4).state_dict()) == []


def test_weights_of_any_type_are_read_back_unchanged(tmp_path: Path):
    weights = {"turned": torch.arange(6.0).reshape(2, 3).T, "learnt": torch.nn.Parameter(torch.ones(2))}
    write_weights(tmp_path / "a.safetensors", weights)
    found = load_file(tmp_path / "a.safetensors")
    assert all(torch.equal(found[name], weight) for name, weight in weights.items())


def test_written_weights_have_the_permissions_of_the_umask(tmp_path: Path):
    before = os.umask(0o022)
    try:
        write_weights(tmp_path / "a.safetensors", {"a": torch.zeros(2)})
    finally:
        os.umask(before)
    assert (tmp_path / "a.safetensors").stat().st_mode & 0o777 == 0o644


def test_an_unwritable_path_raises_os_error(tmp_path: Path):
    with pytest.raises(FileNotFoundError):
        write_weights(tmp_path / "nowhere" / "a.safetensors", {"a": torch.zeros(2)})
