"""What all tests share: a fixed seed, settings small enough to train in a second, and where the real data lies."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
import torch

from latentfill import cli
from latentfill.sample import Sample, make_sample

SHARED_DATA = Path(__file__).resolve().parents[2] / "shared" / "data"

# Big enough to learn something, small enough for a second of training.
QUICK = {
    "length": 24,
    "stride": 8,
    "dim": 16,
    "layers": 1,
    "attention_heads": 2,
    "encoder_steps": 40,
    "encoder_batch": 16,
    "decoder_steps": 40,
    "decoder_batch": 16,
    "width": 16,
    "blocks": 2,
    "kernel": 5,
    "check_every": 20,
}


@pytest.fixture(autouse=True)
def _seed() -> None:
    torch.manual_seed(0)


@pytest.fixture
def run_cli(monkeypatch: pytest.MonkeyPatch) -> Callable[..., int]:
    """Runs a command in this process and gives its exit code."""

    def run(*arguments: object) -> int:
        monkeypatch.setattr("sys.argv", ["latentfill", *map(str, arguments)])
        with pytest.raises(SystemExit) as stop:
            cli.main()
        return int(stop.value.code or 0)

    return run


@pytest.fixture(scope="session")
def quick() -> dict[str, object]:
    return dict(QUICK)


@pytest.fixture(scope="session")
def sample() -> Sample:
    """Three weeks of six hourly columns with gaps, and the truth."""
    return make_sample(seed=3, days=21)


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """Real data beside the repository; tests that need it are skipped where it is absent."""
    if not SHARED_DATA.is_dir():
        pytest.skip(f"the real data sets are not at {SHARED_DATA}")
    return SHARED_DATA
