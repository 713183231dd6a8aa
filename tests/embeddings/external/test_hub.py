"""Pre-trained models: local models come first, the hub is used only for missing models."""

from __future__ import annotations

import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

from latentfill.core.errors import InputError
from latentfill.embeddings.external.hub import PretrainedKind, load_pretrained, model_name

KIND = PretrainedKind(
    noun="toy", package="toy_package", install="pip install toy", files="toy.json", example="someone/toy"
)


class Hub:
    """A fake class of a package that knows local models and models on the hub."""

    def __init__(self, local: set[str], remote: set[str]) -> None:
        self.local, self.remote, self.local_only = local, remote, []

    def from_pretrained(self, where: str, *, local_files_only: bool, **settings: object) -> object:
        self.local_only.append(local_files_only)
        if str(where) in self.local or (not local_files_only and where in self.remote):
            return where, settings
        raise OSError(f"{where} is not there\nand more lines")


@pytest.fixture
def hub(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Hub:
    hub = Hub({"cached", str(tmp_path)}, {"remote"})
    monkeypatch.setitem(sys.modules, "toy_package", SimpleNamespace(AutoToy=hub))
    return hub


def test_a_local_model_is_loaded_without_the_hub(hub: Hub, tmp_path: Path):
    assert load_pretrained(KIND, "AutoToy", "cached", size=3) == ("cached", {"size": 3, "trust_remote_code": False})
    assert load_pretrained(KIND, "AutoToy", tmp_path) == (tmp_path, {"trust_remote_code": False})
    assert hub.local_only == [True, True]


def test_a_model_that_is_not_local_is_loaded_from_the_hub(hub: Hub):
    assert load_pretrained(KIND, "AutoToy", "remote") == ("remote", {"trust_remote_code": False})
    assert hub.local_only == [True, False]


def test_a_missing_model_is_reported_with_its_download_command(hub: Hub):
    message = r"no toy can be loaded from 'nobody/none' \(nobody/none is not there\).* toy.json: "
    with pytest.raises(InputError, match=message + r"`hf download nobody/none --local-dir none`"):
        load_pretrained(KIND, "AutoToy", "nobody/none")


def test_the_hub_is_not_used_for_a_folder(hub: Hub, tmp_path: Path):
    (tmp_path / "empty").mkdir()
    with pytest.raises(InputError, match=r"`hf download someone/toy --local-dir toy`"):
        load_pretrained(KIND, "AutoToy", tmp_path / "empty")
    assert hub.local_only == [True]


def test_a_missing_package_is_reported_with_how_to_install_it(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setitem(sys.modules, "toy_package", None)  # importing it fails
    with pytest.raises(InputError, match=r"the toy x cannot be loaded: it needs the package toy_package: pip install"):
        load_pretrained(KIND, "AutoToy", "x")


def test_a_model_is_named_by_its_folder_or_its_name_on_the_hub(tmp_path: Path):
    (tmp_path / "gpt2").mkdir()
    assert model_name(tmp_path / "gpt2") == "gpt2"
    assert model_name("openai/gpt2") == "openai/gpt2"
