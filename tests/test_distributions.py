"""The wheel and the source distribution hold what a user needs, and the wheel works where it is unpacked."""

from __future__ import annotations

import os
import subprocess
import sys
import tarfile
import tomllib
import zipfile
from email.message import Message
from email.parser import Parser
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[1]
PROJECT: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]


def built(kind: str, folder: Path) -> Path:
    """The distribution of this kind, built from the checkout without network."""
    pytest.importorskip("hatchling", reason="the test extra is not installed")
    command = [sys.executable, "-m", "hatchling", "build", "--directory", str(folder), "--target", kind]
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True)
    (path,) = folder.iterdir()
    return path


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return built("wheel", tmp_path_factory.mktemp("wheel"))


@pytest.fixture(scope="module")
def wheel_metadata(wheel: Path) -> Message:
    with zipfile.ZipFile(wheel) as archive:
        (name,) = (name for name in archive.namelist() if name.endswith(".dist-info/METADATA"))
        return Parser().parsestr(archive.read(name).decode())


def test_the_wheel_holds_every_file_of_the_package_and_nothing_else(wheel: Path):
    files = {path.relative_to(ROOT / "src").as_posix() for path in (ROOT / "src").rglob("*") if path.is_file()}
    files = {name for name in files if "__pycache__" not in name}
    assert {"latentfill/py.typed", "latentfill/report/templates/evaluation.html.jinja"} <= files
    with zipfile.ZipFile(wheel) as archive:
        assert {name for name in archive.namelist() if ".dist-info/" not in name} == files


def test_the_wheel_says_who_made_it_what_it_is_about_and_what_it_needs(wheel_metadata: Message):
    assert wheel_metadata["Author"] == PROJECT["authors"][0]["name"]
    assert sorted(wheel_metadata["Keywords"].split(",")) == sorted(PROJECT["keywords"])
    assert set(wheel_metadata.get_all("Classifier")) == set(PROJECT["classifiers"])
    assert len(wheel_metadata.get_all("Project-URL")) == len(PROJECT["urls"])
    needed = [line for line in wheel_metadata.get_all("Requires-Dist") if "extra ==" not in line]
    assert sorted(needed) == sorted(PROJECT["dependencies"])


def test_a_file_is_filled_by_the_unpacked_wheel(wheel: Path, tmp_path: Path):
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(tmp_path / "unpacked")
    (tmp_path / "data.csv").write_text("time,a\n2024-01-01,1\n2024-01-02,\n2024-01-03,3\n")
    command = [sys.executable, "-m", "latentfill", "impute", "data.csv", "--strategy", "linear", "-o", "filled.csv"]
    environment = {**os.environ, "PYTHONPATH": str(tmp_path / "unpacked")}
    subprocess.run(command, cwd=tmp_path, env=environment, check=True, capture_output=True)
    assert (tmp_path / "filled.csv").read_text() == "time,a\n2024-01-01,1\n2024-01-02,2\n2024-01-03,3\n"


def test_the_source_distribution_can_be_built_tested_and_read(tmp_path: Path):
    with tarfile.open(built("sdist", tmp_path)) as archive:
        names = {name.partition("/")[2] for name in archive.getnames()}
    files = ("pyproject.toml", "constraints.txt", "Makefile", "LICENSE", "README.md", "CHANGELOG.md", "CITATION.cff")
    assert set(files) <= names
    assert {"src/latentfill/__init__.py", "tests/conftest.py", "docs/files.md"} <= names
    assert {"mkdocs.yml", "examples/fill_a_csv.py"} <= names
    assert [name for name in names if "__pycache__" in name or name.startswith(".venv")] == []


def test_the_citation_has_the_version_and_the_licence_of_the_package():
    citation = (ROOT / "CITATION.cff").read_text(encoding="utf-8")
    assert f"\nversion: {PROJECT['version']}\n" in citation
    assert f"\nlicense: {PROJECT['license']}\n" in citation
