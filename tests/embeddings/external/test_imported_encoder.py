"""Encoders imported by name: where they are found, and which objects are refused."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch

from latentfill.core.errors import InputError
from latentfill.embeddings.external.imported_encoder import import_encoder
from latentfill.embeddings.external.torch_module import ModuleEmbedder
from latentfill.embeddings.protocols.embedder import RawWindows

CPU = torch.device("cpu")
WriteModule = Callable[[str], str]


@pytest.fixture
def write_module(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> WriteModule:
    """Writes a module into the current folder, and returns its name."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", list(sys.path))
    monkeypatch.setattr(sys, "dont_write_bytecode", True)

    def write(code: str) -> str:
        name = f"encoder_of_{tmp_path.name}".replace("-", "_")
        (tmp_path / f"{name}.py").write_text(f"import numpy as np\nimport torch\n{code}\n", encoding="utf-8")
        monkeypatch.delitem(sys.modules, name, raising=False)
        return name

    return write


def test_a_module_in_the_current_folder_is_found(write_module: WriteModule, raw: RawWindows):
    name = write_module("""
class Sums(torch.nn.Module):
    latentfill_inputs = "filled,observed:NL"
    def __init__(self):
        super().__init__()
        self.scale = torch.nn.Parameter(torch.tensor(2.0))
        self.drop = torch.nn.Dropout(0.9)
    def forward(self, filled, observed):
        return self.drop(self.scale * torch.stack([filled.sum(1), observed.sum(1)], 1))
class Kept:
    made = Sums()
def encode(x):
    return x.mean(1)
def make(size=3):
    return Sums()
number = 3
""")
    for attribute in ("Sums", "Kept.made", "make"):
        opened = import_encoder(f"{name}.{attribute}", CPU)
        embedder = ModuleEmbedder(opened, "module", CPU)
        np.testing.assert_allclose(embedder.embed(raw)[0], [[20, 6], [0, 0]])
        assert embedder.settings == {
            "module": f"{name}.{attribute}",
            "code_digest": opened.source["code_digest"],
            "inputs": "filled,observed:NL",
            "pooling": "mean over patches",
        }
        assert (embedder.costly, embedder.length, embedder.horizon, dict(embedder.weights(2))) == (False, None, 0, {})
        assert opened.call.scale.requires_grad
    assert ModuleEmbedder(opened, "module", CPU, "filled,scaled:NL").embed(raw)[0, 0].tolist() == [20, 16]
    function = ModuleEmbedder(import_encoder(f"{name}.encode", CPU), "module", CPU)
    assert (function.embed(raw).shape, function.weights_digest, function.costly) == ((2, 1, 2), None, True)


def test_a_module_inside_an_installed_package_is_found(many: RawWindows):
    opened = import_encoder("torch.nn.modules.activation.Tanh", CPU)
    assert ModuleEmbedder(opened, "module", CPU, "filled:BCL").embed(many).shape == (30, 3, 4)


def test_the_digest_is_computed_from_the_weights(write_module: WriteModule):
    name = write_module("""
torch.manual_seed(0)
class Net(torch.nn.Linear):
    def __init__(self):
        super().__init__(2, 2)
one = Net()
same = Net()
same.load_state_dict(one.state_dict())
other = Net()
half = Net().bfloat16()
""")
    digest = {
        which: ModuleEmbedder(import_encoder(f"{name}.{which}", CPU), "module", CPU).weights_digest
        for which in ("one", "same", "other", "half")
    }
    assert digest["one"] == digest["same"]
    assert len(set(digest.values())) == 3
    assert all(len(str(one)) == 64 for one in digest.values())


@pytest.mark.parametrize(
    ("code", "attribute", "message"),
    [
        ("import not_there", ".encode", r"cannot be imported: ModuleNotFoundError: No module named 'not_there'"),
        ("def encode(x:", ".encode", r"cannot be imported: SyntaxError"),
        ("def encode(x): return x", ".encoed", r"has no 'encoed'. It has encode\."),
        ("def encode(x): return x", "", r"is a module, which cannot be called.*module:package.attr"),
        ("number = 3", ".number", r"is a int, which cannot be called"),
        ("def make(): return 3", ".make", r"returns a int, which cannot be called"),
        (
            "class Net:\n  def __init__(self, size): pass",
            ".Net",
            r"cannot be called without arguments: TypeError.*'size'",
        ),
        (
            "def make(): raise OSError('no weights')",
            ".make",
            r"cannot be called without arguments: OSError: no weights",
        ),
    ],
)
def test_objects_that_cannot_be_encoders_are_refused(
    write_module: WriteModule, code: str, attribute: str, message: str
):
    name = write_module(code)
    with pytest.raises(InputError, match=message):
        import_encoder(name + attribute, CPU)


def test_a_missing_module_is_reported_with_the_searched_places(write_module: WriteModule, tmp_path: Path):
    write_module("")
    with pytest.raises(InputError, match=rf"No module named 'nowhere_at_all'.*{tmp_path}"):
        import_encoder("nowhere_at_all.encode", CPU)


def test_a_change_of_the_code_changes_the_settings(write_module: WriteModule):
    """Otherwise a resumed run would mix the embeddings of two encoders."""
    code = "def encode(values): return values.mean(1)"
    name = write_module(code)
    settings = [import_encoder(f"{name}.encode", CPU).source]
    for changed in (code, code.replace("mean", "sum")):
        write_module(changed)
        settings.append(import_encoder(f"{name}.encode", CPU).source)
    assert settings[0] == settings[1]
    assert settings[0]["code_digest"] != settings[2]["code_digest"]
