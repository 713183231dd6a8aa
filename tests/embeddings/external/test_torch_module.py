"""Encoders of any origin: what they are given, what they may return, and what is refused."""

from __future__ import annotations

import sys
import warnings
import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from latentfill.core.errors import InputError
from latentfill.core.series import Series
from latentfill.embeddings.external.inputs import Inputs
from latentfill.embeddings.external.loading import DECLARED, Opened, open_attribute, open_export, open_torchscript
from latentfill.embeddings.external.torch_module import ForeignEmbedder
from latentfill.embeddings.protocols.embedder import RawWindows, cut_stretches
from latentfill.windows.scaling import ColumnScaler

CPU = torch.device("cpu")
WriteModule = Callable[[str], str]


class Mixing(nn.Module):
    """(B, L, C) -> (B, C, size): a linear layer over the steps of each column."""

    def __init__(self, length: int = 4, size: int = 3, dropout: float = 0.5) -> None:
        super().__init__()
        self.mix = nn.Linear(length, size)
        self.drop = nn.Dropout(dropout)

    def forward(self, values: Tensor) -> Tensor:
        return self.drop(self.mix(values.transpose(1, 2)))


class MixingAndMask(Mixing):
    """The same, of two tensors (B, C, L)."""

    def forward(self, values: Tensor, observed: Tensor) -> Tensor:
        return self.drop(self.mix(values * observed))


@pytest.fixture
def raw() -> RawWindows:
    """Two windows of four steps and two columns; b is missing throughout the first one."""
    values = np.array([[[10, np.nan], [np.nan, np.nan], [30, np.nan], [40, np.nan]], [[0, 1], [0, 1], [0, 3], [8, 3]]])
    return RawWindows(values, values / 10, None, ("a", "b"), np.array([10.0, 10.0]), None)


@pytest.fixture
def many(hourly: Callable[..., Series]) -> RawWindows:
    """Thirty windows of four steps and three columns, with gaps."""
    series = hourly(33, 3, gaps=0.2)
    return cut_stretches(series, ColumnScaler.fit(series.values), np.arange(30), 4)


@pytest.fixture
def write_module(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> WriteModule:
    """Writes a module into the current folder; its name."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", list(sys.path))
    monkeypatch.setattr(sys, "dont_write_bytecode", True)

    def write(code: str) -> str:
        name = f"encoder_of_{tmp_path.name}".replace("-", "_")
        (tmp_path / f"{name}.py").write_text(f"import numpy as np\nimport torch\n{code}\n", encoding="utf-8")
        monkeypatch.delitem(sys.modules, name, raising=False)
        return name

    return write


def embedder(call: Callable[..., object], inputs: str | None = None) -> ForeignEmbedder:
    return ForeignEmbedder(Opened(call, {"module": "tests.call"}), "module", CPU, inputs)


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


# what they are given


@pytest.mark.parametrize(
    ("view", "first", "second"),
    [
        ("filled", [[1, 2, 3, 4], [0, 0, 0, 0]], [[0, 0, 0, 0.8], [0.1, 0.1, 0.3, 0.3]]),
        ("scaled", [[1, 0, 3, 4], [0, 0, 0, 0]], [[0, 0, 0, 0.8], [0.1, 0.1, 0.3, 0.3]]),
        ("raw", [[10, np.nan, 30, 40], [np.nan] * 4], [[0, 0, 0, 8], [1, 1, 3, 3]]),
        ("observed", [[1, 0, 1, 1], [0, 0, 0, 0]], [[1, 1, 1, 1], [1, 1, 1, 1]]),
    ],
)
def test_views_of_a_window(raw: RawWindows, view: str, first: list[list[float]], second: list[list[float]]):
    (given,) = Inputs.parse(f"{view}:BCL").tensors(raw, CPU)
    assert given.dtype == torch.float32
    np.testing.assert_allclose(given.numpy(), np.array([first, second]), rtol=1e-6)


def test_orders_of_axes(raw: RawWindows):
    given = {order: Inputs.parse(f":{order}").tensors(raw, CPU)[0] for order in ("BLC", "BCL", "NL", "N1L", "NL1")}
    assert {order: tuple(one.shape) for order, one in given.items()} == {
        "BLC": (2, 4, 2),
        "BCL": (2, 2, 4),
        "NL": (4, 4),
        "N1L": (4, 1, 4),
        "NL1": (4, 4, 1),
    }
    assert given["NL"][0].tolist() == [1, 2, 3, 4]
    torch.testing.assert_close(given["NL"][3], given["BLC"][1, :, 1])
    torch.testing.assert_close(given["NL1"][:, :, 0], given["NL"])
    torch.testing.assert_close(given["N1L"].reshape(2, 2, 4), given["BCL"])


def test_several_views_are_given_one_after_the_other(raw: RawWindows):
    found = embedder(lambda filled, observed: filled.sum(2) - observed.sum(2), " filled , observed : bcl ").embed(raw)
    np.testing.assert_allclose(found[:, 0], [[10 - 3, 0], [0.8 - 4, 0.8 - 4]], rtol=1e-6)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("fillde:BLC", r"unknown view 'fillde': did you mean 'filled'\? .*Write them as filled,observed:BLC"),
        ("filled:CBL", r"unknown order of axes 'CBL'.*\(known: BLC, BCL, NL, N1L, NL1\)"),
        ("nothing:XYZ", r"unknown view 'nothing'.*unknown order of axes 'XYZ'"),
    ],
)
def test_unknown_inputs_are_refused(text: str, message: str):
    with pytest.raises(InputError, match=message):
        Inputs.parse(text)


# what they may return


@pytest.mark.parametrize(
    ("inputs", "call", "shape"),
    [
        ("filled:BLC", lambda x: x.mean(1), (2, 1, 2)),
        ("filled:BCL", lambda x: x, (2, 2, 4)),
        ("filled:BCL", lambda x: x.flatten(1)[:, None], (2, 1, 8)),
        ("filled:BCL", lambda x: x[..., None].expand(-1, 2, 4, 5), (2, 2, 5)),
        ("filled:BCL", lambda x: x.reshape(-1, 1, 8, 1), (2, 1, 1)),
        ("filled:NL", lambda x: x[:, :3], (2, 2, 3)),
        ("filled:NL1", lambda x: x, (2, 2, 1)),
        ("filled:NL", lambda x: (x[:, :3],), (2, 2, 3)),
        ("filled:NL", lambda x: {"vectors": x[:, :3], "about": "them"}, (2, 2, 3)),
        ("filled:NL", lambda x: np.asarray(x)[:, :3], (2, 2, 3)),
        ("filled:NL", lambda x: x.double(), (2, 2, 4)),
        ("filled:NL", lambda x: x.bfloat16(), (2, 2, 4)),
        ("observed:NL", lambda x: x.long(), (2, 2, 4)),
    ],
)
def test_pooled_and_per_column_vectors_are_taken(
    raw: RawWindows, inputs: str, call: Callable[..., object], shape: tuple[int, ...]
):
    found = embedder(call, inputs).embed(raw)
    assert (found.shape, found.dtype, found.flags["C_CONTIGUOUS"]) == (shape, np.float32, True)


def test_patches_are_averaged(raw: RawWindows):
    found = embedder(lambda x: x.reshape(-1, 2, 2, 2), "filled:BCL").embed(raw)
    np.testing.assert_allclose(found[0, 0], [(1 + 3) / 2, (2 + 4) / 2])
    np.testing.assert_array_equal(found, embedder(lambda x: x.reshape(-1, 2, 2), "filled:NL").embed(raw))


@pytest.mark.parametrize(
    ("call", "inputs", "message"),
    [
        (
            lambda x: x[:, 0, 0],
            "filled:BLC",
            r"encoder module:tests.call returns shape \(2,\) for 2 windows of 2 columns",
        ),
        (lambda x: x, "filled:BLC", r"shape \(2, 4, 2\).*\(B, D\), \(B, C, D\) or \(B, C, patches, D\) with B=2, C=2"),
        (lambda x: x.flatten(0, 1), "filled:BLC", r"shape \(8, 2\)"),
        (lambda x: x.mean(), "filled:BLC", r"shape \(1,\)"),
        (lambda x: x[:, :0], "filled:BCL", r"shape \(2, 0, 4\)"),
        (lambda x: x[:3], "filled:NL", r"shape \(3, 4\).*\(N, D\) or \(N, patches, D\) with N=4, B=2, C=2"),
        (lambda x: x.to(torch.complex64), "filled:NL", r"must return real numbers"),
        (lambda x: (x, x), "filled:BCL", r"returns a tuple with 2 tensors, one is needed"),
        (lambda x: x.mean().item(), "filled:BCL", r"returns a float with 0 tensors"),
    ],
)
def test_what_cannot_be_a_vector_is_refused(raw: RawWindows, call: Callable[..., object], inputs: str, message: str):
    with pytest.raises(InputError, match=message):
        embedder(call, inputs).embed(raw)


def test_numbers_that_are_not_finite_are_refused_with_how_many_windows_have_them(raw: RawWindows):
    with pytest.raises(InputError, match=r"not finite for 1 of 2 windows.*--inputs filled:BLC"):
        embedder(lambda x: x.sum(1), "raw:BLC").embed(raw)


def test_an_encoder_that_cannot_take_what_it_is_given_says_why(raw: RawWindows):
    with pytest.raises(InputError, match=r"cannot take filled \(2, 2, 4\): RuntimeError: mat1 and mat2.*--inputs"):
        embedder(Mixing(4), "filled:BCL").embed(raw)


# what they must be


def test_a_random_encoder_is_refused(many: RawWindows):
    for dropout in (0.1, 0.5):
        with pytest.raises(InputError, match=r"gives other vectors when asked again: dropout"):
            embedder(Mixing(dropout=dropout).train(), "filled:BLC").embed(many)


def test_an_encoder_that_looks_at_other_windows_is_refused(many: RawWindows):
    with pytest.raises(InputError, match=r"depend on the other windows"):
        embedder(lambda x: x.mean(1) - x.mean((0, 1))).embed(many)
    made = embedder(lambda x: x.mean(1) - x.mean((0, 1)))
    made.embed(many.take(slice(0, 1)))  # which alone tells nothing
    with pytest.raises(InputError, match=r"depend on the other windows"):
        made.embed(many)


def test_a_window_has_the_same_vector_in_any_company(many: RawWindows, monkeypatch: pytest.MonkeyPatch):
    made = embedder(Mixing().eval())
    whole = made.embed(many)
    assert whole.shape == (30, 3, 3)
    monkeypatch.setattr("latentfill.embeddings.external.torch_module.CELLS", 4 * 3 * 7)  # seven windows at a time
    np.testing.assert_allclose(made.embed(many), whole, rtol=1e-5, atol=1e-6)


# where they come from


def test_a_module_beside_the_table_is_found(write_module: WriteModule, raw: RawWindows):
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
        opened = open_attribute(f"{name}.{attribute}", CPU)
        made = ForeignEmbedder(opened, "module", CPU)
        np.testing.assert_allclose(made.embed(raw)[0], [[20, 6], [0, 0]])
        assert made.settings == {
            "module": f"{name}.{attribute}",
            "inputs": "filled,observed:NL",
            "pooling": "mean over patches",
        }
        assert (made.costly, made.length, made.horizon, dict(made.weights(2))) == (False, None, 0, {})
        assert opened.call.scale.requires_grad
    assert ForeignEmbedder(opened, "module", CPU, "filled,scaled:NL").embed(raw)[0, 0].tolist() == [20, 16]
    function = ForeignEmbedder(open_attribute(f"{name}.encode", CPU), "module", CPU)
    assert (function.embed(raw).shape, function.weights_digest, function.costly) == ((2, 1, 2), None, True)


def test_a_module_inside_an_installed_package_is_found(many: RawWindows):
    opened = open_attribute("torch.nn.modules.activation.Tanh", CPU)
    assert ForeignEmbedder(opened, "module", CPU, "filled:BCL").embed(many).shape == (30, 3, 4)


def test_the_digest_is_that_of_the_weights(write_module: WriteModule):
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
        which: ForeignEmbedder(open_attribute(f"{name}.{which}", CPU), "module", CPU).weights_digest
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
        ("def make(): return 3", ".make", r"makes a int, which cannot be called"),
        (
            "class Net:\n  def __init__(self, size): pass",
            ".Net",
            r"cannot be made without arguments: TypeError.*'size'",
        ),
        ("def make(): raise OSError('no weights')", ".make", r"cannot be made without arguments: OSError: no weights"),
    ],
)
def test_what_cannot_be_an_encoder_is_refused(write_module: WriteModule, code: str, attribute: str, message: str):
    name = write_module(code)
    with pytest.raises(InputError, match=message):
        open_attribute(name + attribute, CPU)


def test_a_module_that_is_nowhere_is_told_with_where_it_was_looked_for(write_module: WriteModule, tmp_path: Path):
    write_module("")
    with pytest.raises(InputError, match=rf"No module named 'nowhere_at_all'.*{tmp_path}"):
        open_attribute("nowhere_at_all.encode", CPU)


def test_a_torchscript_file_embeds_as_its_module_does(tmp_path: Path, many: RawWindows):
    module = Mixing()
    made = ForeignEmbedder(open_torchscript(save_script(module, tmp_path / "a.ts"), CPU), "torchscript", CPU)
    np.testing.assert_allclose(made.embed(many), embedder(module.eval()).embed(many), rtol=1e-6)
    assert (made.settings["file"], len(str(made.settings["file_digest"])), made.length) == ("a.ts", 64, None)
    assert made.weights_digest == ForeignEmbedder(Opened(module, {}, module.state_dict()), "", CPU).weights_digest


def test_an_exported_file_embeds_as_its_module_does(tmp_path: Path, many: RawWindows):
    module = Mixing().eval()
    for dynamic in (True, False):  # the other one takes eight windows, no more and no fewer
        path = save_export(module, tmp_path / "a.pt2", (8, 4, 3), dynamic=dynamic)
        made = ForeignEmbedder(open_export(path, CPU), "export", CPU)
        np.testing.assert_allclose(made.embed(many), embedder(module).embed(many), rtol=1e-5, atol=1e-6)
        assert made.length == 4
        assert made.weights_digest == ForeignEmbedder(Opened(module, {}, module.state_dict()), "", CPU).weights_digest


def test_an_exported_file_may_read_columns_by_themselves(tmp_path: Path, many: RawWindows):
    path = save_export(nn.Linear(4, 5), tmp_path / "a", (16, 4), dynamic=False)
    made = ForeignEmbedder(open_export(path, CPU), "export", CPU, "scaled:NL")
    assert (made.embed(many).shape, made.length) == ((30, 3, 5), 4)
    with pytest.raises(InputError, match=r"export:a takes a tensor of 2 axes, filled:BLC has 3.*N1L"):
        ForeignEmbedder(open_export(path, CPU), "export", CPU)


def test_a_file_may_declare_what_it_takes(tmp_path: Path, many: RawWindows):
    module, declared = MixingAndMask().eval(), {DECLARED: "scaled,observed:BCL"}
    wanted = embedder(module, "scaled,observed:BCL").embed(many)
    script = open_torchscript(save_script(module, tmp_path / "a.pt", **declared), CPU)
    export = open_export(save_export(module, tmp_path / "a.pt2", (8, 3, 4), (8, 3, 4), **declared), CPU)
    for opened in (script, export):
        made = ForeignEmbedder(opened, "file", CPU)
        assert str(made.inputs) == "scaled,observed:BCL"
        np.testing.assert_allclose(made.embed(many), wanted, rtol=1e-5, atol=1e-6)


def test_dropout_that_was_exported_is_refused(tmp_path: Path, many: RawWindows):
    path = save_export(Mixing().train(), tmp_path / "a.pt2", (8, 4, 3))
    with pytest.raises(InputError, match=r"export:a.pt2 gives other vectors when asked again.*after \.eval\(\)"):
        ForeignEmbedder(open_export(path, CPU), "export", CPU).embed(many)


@pytest.mark.parametrize("opener", [open_torchscript, open_export])
def test_files_that_are_none_are_refused(opener: Callable[..., Opened], tmp_path: Path, caplog):
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
    assert not caplog.records  # torch would tell of it in a page of its own


def test_a_file_of_the_other_kind_is_told_as_that(tmp_path: Path):
    with pytest.raises(InputError, match=r"a.pt is not .*Give it as torchscript:.*a.pt"):
        open_export(save_script(Mixing(), tmp_path / "a.pt"), CPU)
    with pytest.raises(InputError, match=r"b.pt is not .*Give it as export:.*b.pt"):
        open_torchscript(save_export(Mixing(), tmp_path / "b.pt", (8, 4, 3)), CPU)


def test_a_damaged_file_is_refused(tmp_path: Path):
    with zipfile.ZipFile(save_script(Mixing(), tmp_path / "a.pt")) as whole:
        held = {name: whole.read(name) for name in whole.namelist()}
    with zipfile.ZipFile(tmp_path / "b.pt", "w") as damaged:
        for name, data in held.items():
            damaged.writestr(name, data.replace(b"def forward", b"dfe forward"))
    with pytest.raises(InputError, match=r"b.pt cannot be loaded: .*Save it again"):
        open_torchscript(str(tmp_path / "b.pt"), CPU)
