"""The site is built without a warning, so every link and every name of its Python pages leads somewhere."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

import latentfill
from latentfill import plots

ROOT = Path(__file__).resolve().parents[2]
MOST_BYTES = 150_000  # of the picture, which every visitor of the README loads


def build(source: Path, target: Path) -> subprocess.CompletedProcess[str]:
    pytest.importorskip("mkdocs", reason="the docs extra is not installed")
    command = [sys.executable, "-m", "mkdocs", "build", "--strict", "-f", str(source / "mkdocs.yml"), "-d", str(target)]
    environment = {**os.environ, "NO_MKDOCS_2_WARNING": "1"}
    return subprocess.run(command, capture_output=True, text=True, env=environment)


def test_the_site_is_built_and_has_every_page(tmp_path: Path):
    built = build(ROOT, tmp_path)
    assert built.returncode == 0, built.stderr
    pages = {path.relative_to(ROOT / "docs").with_suffix("") for path in (ROOT / "docs").rglob("*.md")}
    folders = {Path() if page.name == "index" else page.parent if page.name == "README" else page for page in pages}
    assert [folder for folder in folders if not (tmp_path / folder / "index.html").exists()] == []
    assert "Fit on" in (tmp_path / "api" / "index.html").read_text(encoding="utf-8")  # from the docstring of impute


def test_the_page_of_python_has_every_public_name():
    page = (ROOT / "docs" / "api.md").read_text(encoding="utf-8")
    shown = re.findall(r"^::: latentfill\.(.+)\.(\w+)$", page, flags=re.MULTILINE)
    figures = {name for module, name in shown if module.startswith("plots.")}
    assert figures == set(plots.__all__)
    assert {name: module for module, name in shown if name not in figures} == latentfill._HOMES


def test_a_link_that_leads_nowhere_stops_the_build(tmp_path: Path):
    (tmp_path / "docs").mkdir()
    (tmp_path / "docs" / "index.md").write_text("[away](no-such-page.md)")
    settings = (ROOT / "mkdocs.yml").read_text(encoding="utf-8").split("\nnav:")[0]
    (tmp_path / "mkdocs.yml").write_text(settings)
    built = build(tmp_path, tmp_path / "built")
    assert built.returncode != 0
    assert "no-such-page.md" in built.stderr + built.stdout


def test_the_picture_is_drawn_by_its_script_and_small(tmp_path: Path):
    pytest.importorskip("vl_convert", reason="the report extra is not installed")
    drawn = tmp_path / "gap.svg"
    subprocess.run([sys.executable, ROOT / "docs" / "picture.py", drawn], check=True, capture_output=True)
    for path in (drawn, ROOT / "docs" / "gap.svg"):
        assert path.read_text(encoding="utf-8").startswith("<svg")
        assert path.stat().st_size < MOST_BYTES
