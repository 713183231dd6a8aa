"""What all tests share: a fixed seed, settings small enough to train in a second, and where the real data lies."""

from __future__ import annotations

import gc
import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path

import numpy as np
import pytest
import torch
import typer

from latentfill.cli import main as cli
from latentfill.core.folder_digests import DIGESTS, OWN, with_digests
from latentfill.core.series import Series
from latentfill.scoring.demo_table import Sample, make_sample

SHARED_DATA = Path(__file__).resolve().parents[2] / "shared" / "data"

# Small enough for a tenth of a second of training; tests that need something learnt take more steps.
QUICK = {
    "length": 24,
    "stride": 8,
    "dim": 16,
    "layers": 1,
    "attention_heads": 2,
    "encoder_steps": 12,
    "encoder_batch": 16,
    "decoder_steps": 12,
    "decoder_batch": 16,
    "width": 16,
    "blocks": 2,
    "kernel": 5,
    "check_every": 6,
}


def pytest_collection_finish() -> None:
    """Let Python look for garbage less often, and not among what is there for all tests: it takes a tenth of them."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 20)


@pytest.fixture(autouse=True)
def _seed() -> None:
    torch.manual_seed(0)


@pytest.fixture(scope="session", autouse=True)
def _commands_built_once() -> Iterator[None]:
    """Building the commands from their functions takes longer than most of them."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(typer.main, "get_command", cache(typer.main.get_command))
        yield


@pytest.fixture
def run_cli(monkeypatch: pytest.MonkeyPatch) -> Callable[..., int]:
    """Runs a command in this process and gives its exit code."""

    def run(*arguments: object) -> int:
        monkeypatch.setattr("sys.argv", ["latentfill", *map(str, arguments)])
        with pytest.raises(SystemExit) as stop:
            cli.main()
        return int(stop.value.code or 0)

    return run


@pytest.fixture
def small_disk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A disk of 64 kB; tests that need it are skipped where none can be mounted."""
    folder = tmp_path_factory.mktemp("disk")
    mount = ["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", str(folder)]
    if not sys.platform.startswith("linux") or subprocess.run(mount, check=False, capture_output=True).returncode:
        pytest.skip("mounting a small disk needs Linux and its administrator")
    yield folder
    subprocess.run(["umount", str(folder)], check=True)


@pytest.fixture(scope="session")
def quick() -> dict[str, object]:
    return dict(QUICK)


@pytest.fixture(scope="session")
def sample() -> Sample:
    """Two weeks of six hourly columns with gaps, and the truth."""
    return make_sample(seed=3, days=14)


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """Real data beside the repository; tests that need it are skipped where it is absent."""
    if not SHARED_DATA.is_dir():
        pytest.skip(f"the real data sets are not at {SHARED_DATA}")
    return SHARED_DATA


# What a small language model is made from; `LATENTFILL_LM=path` takes a real one instead.
CORPUS = [
    "From 2016-07-01 00:15:30 to 2016-07-02, the values were 12.5, -3, 40 every 15 minutes. Forecast the next after"
]


def save_language_model(folder: Path, kind: str = "gpt2", positions: int = 2048) -> Path:
    """A small random causal (gpt2) or masked (bert) language model with a byte-level tokenizer, as transformers saves
    them."""
    from tokenizers import ByteLevelBPETokenizer
    from transformers import BertConfig, BertModel, GPT2Config, GPT2Model, PreTrainedTokenizerFast

    trained = ByteLevelBPETokenizer()
    trained.train_from_iterator(CORPUS, vocab_size=320, special_tokens=["<end>", "<pad>"], show_progress=False)
    tokenizer = PreTrainedTokenizerFast(tokenizer_object=trained._tokenizer, eos_token="<end>", pad_token="<pad>")
    tokenizer.save_pretrained(folder)
    size = {"vocab_size": 320, "bos_token_id": 0, "eos_token_id": 0, "pad_token_id": 1}
    torch.manual_seed(1)
    if kind == "gpt2":
        GPT2Model(GPT2Config(n_embd=32, n_layer=3, n_head=2, n_positions=positions, **size)).save_pretrained(folder)
    else:
        shape = {"hidden_size": 32, "num_hidden_layers": 3, "num_attention_heads": 2, "intermediate_size": 64}
        BertModel(BertConfig(max_position_embeddings=positions, **shape, **size)).save_pretrained(folder)
    return folder


@pytest.fixture(scope="session", params=["gpt2", "bert"])
def language_model(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a language model."""
    if real := os.environ.get("LATENTFILL_LM"):
        return Path(real).resolve()
    return save_language_model(tmp_path_factory.mktemp(request.param), request.param)


@pytest.fixture(scope="session")
def small_language_model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a language model that was made on the spot in any case."""
    return save_language_model(tmp_path_factory.mktemp("small"), "bert")


@pytest.fixture(scope="session")
def sign() -> Callable[[Path], None]:
    """Gives a folder of a model, whose files a test has changed, digests as if it had been written so."""

    def sign(folder: Path) -> None:
        record = json.loads((folder / "config.json").read_text())
        names = [name for name in record.pop(DIGESTS) if name != OWN]
        (folder / "config.json").write_text(json.dumps(with_digests(record, folder, names)))

    return sign


@pytest.fixture
def hourly() -> Callable[..., Series]:
    """Makes a series of hourly values, of any number of steps and columns."""

    def make(steps: int = 60, columns: int = 2, *, gaps: float = 0.0) -> Series:
        rng = np.random.default_rng(steps)
        values = 20 + 5 * np.sin(np.arange(steps)[:, None] / 4 + np.arange(columns)) + rng.normal(size=(steps, columns))
        values[rng.random(values.shape) < gaps] = np.nan
        time = np.datetime64("2020-01-01T00", "ns") + np.arange(steps) * np.timedelta64(1, "h")
        names = tuple(f"c{i}" for i in range(columns))
        return Series(values, names, time, np.arange(steps), np.timedelta64(1, "h"))

    return make
