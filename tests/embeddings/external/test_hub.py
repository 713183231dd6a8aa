"""Pre-trained models: what is on this machine comes first, the hub only where that is not enough."""

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
    """Stands for a class of a package: knows what is on this machine, and what there is elsewhere."""

    def __init__(self, here: set[str], elsewhere: set[str]) -> None:
        self.here, self.elsewhere, self.asked = here, elsewhere, []

    def from_pretrained(self, where: str, *, local_files_only: bool, **settings: object) -> object:
        self.asked.append(local_files_only)
        if str(where) in self.here or (not local_files_only and where in self.elsewhere):
            return where, settings
        raise OSError(f"{where} is not there\nand more lines")


@pytest.fixture
def hub(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Hub:
    made = Hub({"cached", str(tmp_path)}, {"remote"})
    monkeypatch.setitem(sys.modules, "toy_package", SimpleNamespace(AutoToy=made))
    return made


def test_a_model_on_this_machine_is_loaded_without_asking_the_hub(hub: Hub, tmp_path: Path):
    assert load_pretrained(KIND, "AutoToy", "cached", size=3) == ("cached", {"size": 3})
    assert load_pretrained(KIND, "AutoToy", tmp_path) == (tmp_path, {})
    assert hub.asked == [True, True]


def test_a_model_that_is_not_on_this_machine_comes_from_the_hub(hub: Hub):
    assert load_pretrained(KIND, "AutoToy", "remote") == ("remote", {})
    assert hub.asked == [True, False]


def test_a_model_that_is_nowhere_is_reported_with_the_command_that_gets_it(hub: Hub):
    message = r"no toy can be loaded from 'nobody/none' \(nobody/none is not there\).* toy.json: "
    with pytest.raises(InputError, match=message + r"`hf download nobody/none --local-dir none`"):
        load_pretrained(KIND, "AutoToy", "nobody/none")


def test_the_hub_is_not_asked_for_a_folder(hub: Hub, tmp_path: Path):
    (tmp_path / "empty").mkdir()
    with pytest.raises(InputError, match=r"`hf download someone/toy --local-dir toy`"):
        load_pretrained(KIND, "AutoToy", tmp_path / "empty")
    assert hub.asked == [True]


def test_a_missing_package_is_reported_with_how_to_install_it(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setitem(sys.modules, "toy_package", None)  # importing it fails
    with pytest.raises(InputError, match=r"the toy x cannot be loaded: it needs the package toy_package: pip install"):
        load_pretrained(KIND, "AutoToy", "x")


def test_the_name_of_a_model_is_that_of_its_folder_or_on_the_hub(tmp_path: Path):
    (tmp_path / "gpt2").mkdir()
    assert model_name(tmp_path / "gpt2") == "gpt2"
    assert model_name("openai/gpt2") == "openai/gpt2"
