"""Encoders in files of torch.jit.save and torch.export.save."""

from __future__ import annotations

import warnings
import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from latentfill.core.errors import InputError
from latentfill.embeddings.external.opened import INPUTS_ATTRIBUTE, OpenedEncoder
from latentfill.embeddings.external.saved_encoder import load_export, load_torchscript
from latentfill.embeddings.external.torch_module import ModuleEmbedder
from latentfill.embeddings.protocols.embedder import RawWindows

CPU = torch.device("cpu")


class Mixing(nn.Module):
    """(B, L, C) -> (B, C, size): a linear layer over the steps of each column."""

    def __init__(self, length: int = 4, size: int = 3, dropout: float = 0.5) -> None:
        super().__init__()
        self.mix = nn.Linear(length, size)
        self.drop = nn.Dropout(dropout)

    def forward(self, values: Tensor) -> Tensor:
        return self.drop(self.mix(values.transpose(1, 2)))


class MixingAndMask(Mixing):
    """The same layer on two tensors (B, C, L)."""

    def forward(self, values: Tensor, observed: Tensor) -> Tensor:
        return self.drop(self.mix(values * observed))


def embedder(call: Callable[..., object], inputs: str | None = None) -> ModuleEmbedder:
    return ModuleEmbedder(OpenedEncoder(call, {"module": "tests.call"}), "module", CPU, inputs)


def save_script(module: nn.Module, path: Path, **extra: str) -> str:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        torch.jit.save(torch.jit.script(module), str(path), _extra_files=extra)
    return str(path)


def save_export(module: nn.Module, path: Path, *shapes: tuple[int, ...], dynamic: bool = True, **extra: str) -> str:
    free = tuple({0: torch.export.Dim.AUTO} for _ in shapes) if dynamic else None
    program = torch.export.export(module, tuple(torch.zeros(shape) for shape in shapes), dynamic_shapes=free)
    torch.export.save(program, path, extra_files=extra)
    return str(path)


def test_a_torchscript_file_embeds_like_its_module(tmp_path: Path, many: RawWindows):
    module = Mixing()
    loaded = ModuleEmbedder(load_torchscript(save_script(module, tmp_path / "a.ts"), CPU), "torchscript", CPU)
    np.testing.assert_allclose(loaded.embed(many), embedder(module.eval()).embed(many), rtol=1e-6)
    assert (loaded.settings["file"], len(str(loaded.settings["file_digest"])), loaded.length) == ("a.ts", 64, None)
    assert (
        loaded.weights_digest == ModuleEmbedder(OpenedEncoder(module, {}, module.state_dict()), "", CPU).weights_digest
    )


def test_an_exported_file_embeds_like_its_module(tmp_path: Path, many: RawWindows):
    module = Mixing().eval()
    for dynamic in (True, False):  # without dynamic shapes the program takes exactly eight windows
        path = save_export(module, tmp_path / "a.pt2", (8, 4, 3), dynamic=dynamic)
        loaded = ModuleEmbedder(load_export(path, CPU), "export", CPU)
        np.testing.assert_allclose(loaded.embed(many), embedder(module).embed(many), rtol=1e-5, atol=1e-6)
        assert loaded.length == 4
        assert (
            loaded.weights_digest
            == ModuleEmbedder(OpenedEncoder(module, {}, module.state_dict()), "", CPU).weights_digest
        )


def test_an_exported_file_may_read_columns_one_by_one(tmp_path: Path, many: RawWindows):
    path = save_export(nn.Linear(4, 5), tmp_path / "a", (16, 4), dynamic=False)
    loaded = ModuleEmbedder(load_export(path, CPU), "export", CPU, "scaled:NL")
    assert (loaded.embed(many).shape, loaded.length) == ((30, 3, 5), 4)
    with pytest.raises(InputError, match=r"export:a takes a tensor of 2 axes, but filled:BLC has 3.*N1L"):
        ModuleEmbedder(load_export(path, CPU), "export", CPU)


def test_a_file_may_declare_its_inputs(tmp_path: Path, many: RawWindows):
    module, declared = MixingAndMask().eval(), {INPUTS_ATTRIBUTE: "scaled,observed:BCL"}
    expected = embedder(module, "scaled,observed:BCL").embed(many)
    script = load_torchscript(save_script(module, tmp_path / "a.pt", **declared), CPU)
    export = load_export(save_export(module, tmp_path / "a.pt2", (8, 3, 4), (8, 3, 4), **declared), CPU)
    for opened in (script, export):
        loaded = ModuleEmbedder(opened, "file", CPU)
        assert str(loaded.inputs) == "scaled,observed:BCL"
        np.testing.assert_allclose(loaded.embed(many), expected, rtol=1e-5, atol=1e-6)


def test_dropout_that_was_exported_is_refused(tmp_path: Path, many: RawWindows):
    path = save_export(Mixing().train(), tmp_path / "a.pt2", (8, 4, 3))
    with pytest.raises(InputError, match=r"export:a.pt2 returns other vectors in a second call.*after \.eval\(\)"):
        ModuleEmbedder(load_export(path, CPU), "export", CPU).embed(many)


@pytest.mark.parametrize("opener", [load_torchscript, load_export])
def test_files_of_other_formats_are_refused(opener: Callable[..., OpenedEncoder], tmp_path: Path, caplog):
    (tmp_path / "text").write_text("hello", encoding="utf-8")
    (tmp_path / "empty").touch()
    torch.save({"a": torch.zeros(1)}, tmp_path / "state.pt")
    for name, message in {
        "nowhere": "nowhere cannot be read: No such file",
        "": "cannot be read: Is a directory",
        "text": "text is not a",
        "empty": "empty is not a",
        "state.pt": r"state.pt is not a .*(torch\.jit\.save|torch\.export\.save) writes it\.$",
    }.items():
        with pytest.raises(InputError, match=message):
            opener(str(tmp_path / name), CPU)
    assert not caplog.records  # torch logs a page about it


def test_a_file_of_the_other_kind_is_refused_with_its_kind(tmp_path: Path):
    with pytest.raises(InputError, match=r"a.pt is not .*Give it as torchscript:.*a.pt"):
        load_export(save_script(Mixing(), tmp_path / "a.pt"), CPU)
    with pytest.raises(InputError, match=r"b.pt is not .*Give it as export:.*b.pt"):
        load_torchscript(save_export(Mixing(), tmp_path / "b.pt", (8, 4, 3)), CPU)


def test_a_damaged_file_is_refused(tmp_path: Path):
    with zipfile.ZipFile(save_script(Mixing(), tmp_path / "a.pt")) as whole:
        held = {name: whole.read(name) for name in whole.namelist()}
    with zipfile.ZipFile(tmp_path / "b.pt", "w") as damaged:
        for name, data in held.items():
            damaged.writestr(name, data.replace(b"def forward", b"dfe forward"))
    with pytest.raises(InputError, match=r"b.pt cannot be loaded: .*Save it again"):
        load_torchscript(str(tmp_path / "b.pt"), CPU)
