"""What the machine has left, and how fast it is."""

from __future__ import annotations

from pathlib import Path

import pytest

from latentfill.core import machine


def test_the_speed_is_a_positive_multiple():
    speed = machine.measured_speed()
    assert speed.slowness > 0
    assert speed.waiting >= 1


def test_the_least_of_all_limits_counts(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(machine, "_left_in_system", lambda: 500)
    monkeypatch.setattr(machine, "_left_in_group", lambda: 300)
    monkeypatch.setattr(machine, "_left_to_process", lambda: None)
    assert machine.available_memory() == 300
    monkeypatch.setattr(machine, "_left_in_group", lambda: None)
    monkeypatch.setattr(machine, "_left_in_system", lambda: None)
    assert machine.available_memory() is None


def test_the_limit_of_a_container_counts_without_cached_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(machine, "_CGROUP", tmp_path)
    assert machine._left_in_group() is None
    (tmp_path / "memory.max").write_text("1000\n")
    (tmp_path / "memory.current").write_text("700\n")
    (tmp_path / "memory.stat").write_text("anon 500\ninactive_file 150\n")
    assert machine._left_in_group() == 450
    (tmp_path / "memory.max").write_text("max\n")
    assert machine._left_in_group() is None


def test_the_disk_of_a_folder_that_is_yet_to_be_made_is_that_above_it(tmp_path: Path):
    assert machine.available_disk(tmp_path / "a" / "b") == pytest.approx(machine.available_disk(tmp_path), rel=0.2)
