"""Two processes on this machine train the same network as one, and end together."""

from __future__ import annotations

import os
import re
import socket
import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import numpy as np
import pytest
import torch

from latentfill.core.errors import InputError
from latentfill.nn.distributed import Processes, joined

# Trains a decoder on windows with gaps, so that the shares of a batch have different numbers of cells.
FIT = """
import sys
from contextlib import nullcontext
import numpy as np
import latentfill
from latentfill.nn.distributed import joined, processes
out, together, settings = sys.argv[1], sys.argv[2] == "together", dict(each.split("=") for each in sys.argv[3:])
rng = np.random.default_rng(0)
z = rng.normal(size=(90, 2, 4))
windows = np.sin(z.sum(axis=2)[:, None] + np.arange(12)[:, None] / 3)
windows[rng.random(windows.shape) < 0.1 + 0.4 * (np.arange(90) % 2)[:, None, None]] = np.nan
with joined("cpu") if together else nullcontext():
    imputer = latentfill.WindowImputer(
        context="none", decoder_steps=60, decoder_batch=16, check_every=20, width=8, blocks=2, kernel=3, **settings
    ).fit(windows, z)
    network = imputer.path_.candidates.by_name["denoise"].net
    weights = {name: weight.numpy() for name, weight in network.state_dict().items()}
    np.savez(f"{out}.{processes().rank}.npz", held_out=imputer.path_.history["decoder"].held_out, **weights)
"""
# The first process waits for the second one, which ends.
ABANDONED = """
import os, sys, torch
from latentfill.nn.distributed import joined
with joined("cpu") as processes:
    if processes.rank == 1:
        sys.exit("the second one gives up")
    processes.sum(torch.ones(3))
"""


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def run_two(script: str, *arguments: object) -> list[tuple[int, str]]:
    """Exit code and errors of a script in each of two processes that train together."""
    world = {"WORLD_SIZE": "2", "MASTER_ADDR": "127.0.0.1", "MASTER_PORT": str(free_port()), "OMP_NUM_THREADS": "1"}
    command = [sys.executable, "-c", script, *map(str, arguments)]
    running = [
        subprocess.Popen(command, env=os.environ | world | {"RANK": rank}, stderr=subprocess.PIPE, text=True)
        for rank in "01"
    ]
    return [(process.wait(), errors) for process in running for _, errors in [process.communicate(timeout=120)]]


@pytest.mark.parametrize(
    "settings",
    [["head=mlp", "loss=mse", "noise_kind=dropout"], ["head=conv", "loss=huber"]],
    ids=" ".join,
)
def test_two_processes_train_the_same_network_as_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, settings: list[str]
):
    """Noise, dropout and hidden cells are those of whole batches, and every cell counts the same."""
    results = run_two(FIT, tmp_path / "two", "together", *settings)
    assert [code for code, _ in results] == [0, 0], results
    monkeypatch.setattr(sys, "argv", ["", str(tmp_path / "one"), "alone", *settings])
    exec(FIT, {})
    one = np.load(tmp_path / "one.0.npz")
    for rank in (0, 1):
        two = np.load(tmp_path / f"two.{rank}.npz")
        for name in one.files:
            np.testing.assert_allclose(two[name], one[name], rtol=0, atol=2e-4, err_msg=f"{name} of process {rank}")


def test_a_process_that_waits_for_one_that_ended_ends_too():
    (code, errors), (other_code, _) = run_two(ABANDONED)
    assert code == other_code == 1
    assert "process 1 of 2 cannot go on: another one has ended or does not answer" in errors


def test_processes_that_do_not_come_are_told_after_the_time_limit(monkeypatch: pytest.MonkeyPatch):
    world = {"RANK": "0", "WORLD_SIZE": "2", "MASTER_ADDR": "127.0.0.1", "MASTER_PORT": str(free_port())}
    for name, value in world.items():
        monkeypatch.setenv(name, value)
    expected = "did not find each other within 2 s (RANK=0, WORLD_SIZE=2, MASTER_ADDR=127.0.0.1"
    with pytest.raises(InputError, match=re.escape(expected)), joined("cpu", timedelta(seconds=2)):
        pytest.fail("the other process never started")


def test_a_world_that_is_only_half_described_is_refused(monkeypatch: pytest.MonkeyPatch):
    for name in ("RANK", "MASTER_ADDR", "MASTER_PORT"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("WORLD_SIZE", "2")
    with pytest.raises(InputError, match="Start all of them with torchrun"), joined("cpu"):
        pytest.fail("nothing says which process this is")


def test_shares_are_equal_and_make_up_the_batch():
    threes = [Processes(rank, 3) for rank in range(3)]
    size = threes[0].divisible(8)
    assert size == 9
    batch = torch.arange(size)
    assert torch.cat([batch[each.share(size)] for each in threes]).equal(batch)
