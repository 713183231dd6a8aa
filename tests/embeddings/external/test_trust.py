"""Code that comes with encoders and models: it runs only where the user says so."""

from __future__ import annotations

import json
import os
import sys
import warnings
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch
from torch import nn

import latentfill
from latentfill.core.config import Config
from latentfill.core.errors import InputError, UntrustedCodeError
from latentfill.embeddings.external import chronos, hub
from latentfill.embeddings.external.saved_encoder import load_export, load_torchscript
from latentfill.embeddings.registry import make_embedder
from latentfill.embeddings.stored.opening import open_embeddings
from latentfill.embeddings.timekd.language_model_loading import LANGUAGE_MODEL, load_language_model

CONFIG = Config(device="cpu", seq_len=12)


class Mean(nn.Module):
    def forward(self, filled: torch.Tensor) -> torch.Tensor:
        return filled.mean(dim=-1, keepdim=True)


@pytest.fixture
def encoders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """An encoder of each kind that runs code; the module leaves a mark when it is imported."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", list(sys.path))
    (tmp_path / "leaves_a_mark.py").write_text(
        "from pathlib import Path\nPath('mark').touch()\ndef encode(filled): return filled.mean(-1)[..., None]\n"
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # of torch 2.13
        torch.jit.script(Mean()).save(tmp_path / "a.pt")
    torch.export.save(torch.export.export(Mean(), (torch.zeros(4, 2, 12),)), tmp_path / "a.pt2")
    yield {
        "module:leaves_a_mark.encode": str(tmp_path / "leaves_a_mark.py"),
        f"torchscript:{tmp_path}/a.pt": f"{tmp_path}/a.pt",
        f"export:{tmp_path}/a.pt2": f"{tmp_path}/a.pt2",
    }
    sys.modules.pop("leaves_a_mark", None)


def refuse_to_load(monkeypatch: pytest.MonkeyPatch) -> None:
    """Make it an error to open a file with a program."""

    def called(*args: object, **more: object) -> None:
        raise AssertionError("a program was loaded")

    monkeypatch.setattr(torch.jit, "load", called)
    monkeypatch.setattr(torch.export, "load", called)


def table() -> pd.DataFrame:
    return pd.DataFrame({"a": np.sin(np.arange(80.0)), "b": np.cos(np.arange(80.0))})


def ways_to_open(run_cli: Callable[..., int], capsys: pytest.CaptureFixture[str]) -> dict[str, Callable[[str], object]]:
    """Everything that opens an encoder by its name."""

    def command(*arguments: object) -> None:
        table().to_csv("table.csv", index=False)
        if run_cli(*arguments) == 2:
            raise UntrustedCodeError(capsys.readouterr().err)

    scoring = ("evaluate", "table.csv", "--strategies", "neighbours", "--length", 12)
    return {
        "make_embedder": lambda name: make_embedder(name, config=CONFIG),
        "embed": lambda name: latentfill.embed(table(), name, seq_len=12),
        "evaluate": lambda name: latentfill.evaluate(table(), encoders=[name], strategies=["neighbours"], length=12),
        "embed command": lambda name: command("embed", "table.csv", "--encoder", name, "-o", "out"),
        "evaluate command": lambda name: command(*scoring, "--encoders", name),
    }


@pytest.mark.parametrize("way", ["make_embedder", "embed", "evaluate", "embed command", "evaluate command"])
def test_code_is_not_run_unless_it_is_trusted(
    way: str,
    encoders: dict[str, str],
    run_cli: Callable[..., int],
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
):
    refuse_to_load(monkeypatch)
    for name, file in encoders.items():
        with pytest.raises(UntrustedCodeError, match=r"would run .*allow it: --trust-code") as refused:
            ways_to_open(run_cli, capsys)[way](name)
        assert file in str(refused.value)
    assert not Path("mark").exists()


def test_trusted_code_is_run(encoders: dict[str, str]):
    found = [
        latentfill.embed(table(), f"{name}+inputs=filled:BCL", seq_len=12, trust_code=True)["all"] for name in encoders
    ]
    assert Path("mark").exists()
    for other in found[1:]:
        np.testing.assert_allclose(other, found[0], atol=1e-6)


def test_trust_on_the_command_line(encoders: dict[str, str], run_cli: Callable[..., int]):
    table().to_csv("table.csv", index=False)
    name, embed = next(iter(encoders)), ("embed", "table.csv", "-o", "out", "--seq-len", 12)
    assert run_cli(*embed, "--encoder", name, "--inputs", "filled:BCL", "--trust-code") == 0


def test_a_program_is_no_file_of_embeddings(encoders: dict[str, str], monkeypatch: pytest.MonkeyPatch):
    refuse_to_load(monkeypatch)
    with pytest.raises(InputError, match=r"a\.pt holds a program of TorchScript, not an array"):
        open_embeddings("a.pt")


class Harmful:
    def __init__(self, mark: Path) -> None:
        self.mark = mark

    def __reduce__(self) -> tuple[object, ...]:
        return os.system, (f"touch {self.mark}",)


def test_old_files_of_torch_are_refused(tmp_path: Path):
    torch.save({"embeddings": torch.zeros(3, 4)}, tmp_path / "a.pt", _use_new_zipfile_serialization=False)
    with pytest.raises(InputError, match=r"torch\.save does not write such files"):
        open_embeddings(tmp_path / "a.pt")


def with_own_code(folder: Path, config: dict[str, object]) -> None:
    (folder / "own.py").write_text(f"from pathlib import Path\nPath({str(folder / 'mark')!r}).touch()\n")
    names = {"AutoConfig": "own.Config", "AutoModel": "own.Model", "AutoTokenizer": ["own.Tokenizer", None]}
    (folder / "config.json").write_text(json.dumps({**config, "auto_map": names}))


def test_a_language_model_of_an_unknown_kind_with_code_of_its_own_is_refused(
    tmp_path: Path, run_cli: Callable[..., int], capsys: pytest.CaptureFixture[str]
):
    folder = tmp_path / "model"
    folder.mkdir()
    with_own_code(folder, {"model_type": "own"})
    table().to_csv(tmp_path / "table.csv", index=False)
    assert run_cli("embed", tmp_path / "table.csv", "--lm", folder, "-o", tmp_path / "out") == 2
    assert "comes with code of its own (auto_map in its config.json), which is never run" in capsys.readouterr().err
    assert not (folder / "mark").exists()


def test_a_language_model_of_a_known_kind_is_read_without_its_own_code(small_language_model: Path, tmp_path: Path):
    for file in small_language_model.iterdir():
        (tmp_path / file.name).write_bytes(file.read_bytes())
    with_own_code(tmp_path, json.loads((tmp_path / "config.json").read_text()))
    assert load_language_model(tmp_path).digest() == load_language_model(small_language_model).digest()
    assert not (tmp_path / "mark").exists()


@pytest.mark.parametrize("kind", [LANGUAGE_MODEL, chronos.CHRONOS], ids=lambda kind: kind.noun)
def test_code_of_models_is_never_trusted(kind: hub.PretrainedKind, monkeypatch: pytest.MonkeyPatch):
    given: list[object] = []

    class Loader:
        @staticmethod
        def from_pretrained(where: object, **settings: object) -> None:
            given.append(settings["trust_remote_code"])

    monkeypatch.setattr(hub, "_package_of", lambda *_: type("Package", (), {"Loader": Loader}))
    hub.load_pretrained(kind, "Loader", "a/b")
    assert given == [False]


def test_weights_that_hold_code_are_refused_in_words(small_language_model: Path, tmp_path: Path):
    for file in small_language_model.iterdir():
        if file.suffix != ".safetensors":
            (tmp_path / file.name).write_bytes(file.read_bytes())
    torch.save({"a": Harmful(tmp_path / "mark")}, tmp_path / "pytorch_model.bin")
    with pytest.raises(InputError, match=r"hold more than numbers.*safetensors files") as refused:
        load_language_model(tmp_path)
    assert "weights_only" not in str(refused.value)
    assert not (tmp_path / "mark").exists()


@pytest.mark.parametrize("name", ["../secret.safetensors", "/etc/passwd", "sub/../../a.safetensors"])
def test_an_index_of_weights_names_no_files_outside_of_the_model(name: str, small_language_model: Path, tmp_path: Path):
    for file in small_language_model.iterdir():
        (tmp_path / file.name).write_bytes(file.read_bytes())
    (tmp_path / "model.safetensors.index.json").write_text(json.dumps({"weight_map": {"a": name}}))
    with pytest.raises(InputError, match="names weights outside of its folder, such as"):
        load_language_model(tmp_path)


def test_saved_programs_are_opened_by_the_registry_alone():
    """`load_torchscript` and `load_export` run code, so nothing but the registry, which asks for trust, calls them."""
    source = Path(latentfill.__file__).parent
    callers = {
        path.name
        for path in source.rglob("*.py")
        for each in (load_torchscript, load_export)
        if each.__name__ in path.read_text(encoding="utf-8")
    }
    assert callers == {"registry.py", "saved_encoder.py"}
