"""The folders are the flow of data: a folder imports only from those before it, and no two import each other."""

from __future__ import annotations

import ast
import subprocess
import sys
from datetime import datetime, timedelta
from functools import cache
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

import latentfill

ROOT = Path(latentfill.__file__).parent
TESTS = Path(__file__).parent
FLOW = (
    *("core", "engines", "tables", "kinds", "windows", "nn", "embeddings", "strategies", "imputation", "scoring"),
    *("plots", "report", "api", "cli"),
)
WITHOUT_A_FOLDER = ("docs", "promises")  # tests of the documents, and of what holds for the whole package
WITH_TORCH = {"nn", "embeddings", "strategies", "imputation"}
MODULES = sorted(ROOT.rglob("*.py"))


def name_of(path: Path) -> str:
    """The dotted name of a file below the package root; '' for the root itself."""
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


BY_NAME = {name_of(path): path for path in MODULES}


def for_type_checkers(tree: ast.AST) -> set[ast.AST]:
    """All that stands below `if TYPE_CHECKING`."""
    blocks = [node for node in ast.walk(tree) if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.dump(node.test)]
    return {inner for block in blocks for inner in ast.walk(block)}


@cache
def imported(path: Path, *, at_run_time: bool = False) -> set[str]:
    """Full names that a file imports, also inside functions; with `at_run_time` not those for type checkers only."""
    found: set[str] = set()
    tree = ast.parse(path.read_text(encoding="utf-8"))
    left_out = for_type_checkers(tree) if at_run_time else set()
    for node in ast.walk(tree):
        if node in left_out:
            continue
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found |= {f"{node.module}.{alias.name}" for alias in node.names}
    return found


def own_modules(path: Path) -> set[str]:
    """The modules of this package that a file imports, by their names below the root."""
    names = (name.removeprefix("latentfill.") for name in imported(path) if name.startswith("latentfill."))
    return {name if name in BY_NAME else name.rpartition(".")[0] for name in names}


def folder(path: Path) -> str:
    return str(path.relative_to(ROOT).parent)


def test_the_folders_at_the_root_are_the_flow():
    assert {path.name for path in ROOT.iterdir() if (path / "__init__.py").is_file()} == set(FLOW)


@pytest.mark.parametrize("name", FLOW)
def test_a_folder_imports_only_from_those_before_it(name: str):
    allowed = {"", *FLOW[: FLOW.index(name) + 1]}
    used = {path: {each.split(".")[0] for each in own_modules(path)} for path in (ROOT / name).rglob("*.py")}
    assert used
    assert {path: folders - allowed for path, folders in used.items() if folders - allowed} == {}


def test_no_two_folders_import_each_other_not_even_in_a_round():
    graph: dict[str, set[str]] = {folder(path): set() for path in MODULES}
    for path in MODULES:
        graph[folder(path)] |= {folder(BY_NAME[name]) for name in own_modules(path)} - {folder(path), "."}
    del graph["."]
    TopologicalSorter(graph).prepare()  # a CycleError names the folders


def test_torch_is_imported_only_where_it_is_needed():
    others = [path for path in MODULES if path.relative_to(ROOT).parts[0] not in WITH_TORCH]
    found = {path: {name.split(".")[0] for name in imported(path, at_run_time=True)} for path in others}
    assert [path for path, names in found.items() if names & {"torch", "safetensors", "transformers"}] == []


def test_the_command_line_starts_without_torch_numpy_or_arrow():
    slow = ("torch", "numpy", "pyarrow", "pandas")
    code = f"import sys, latentfill.cli.main; print([name for name in {slow} if name in sys.modules])"
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert found.stdout.strip() == "[]"


def test_linear_interpolation_of_a_table_imports_only_what_it_needs(tmp_path: Path):
    table = tmp_path / "small.csv"
    stamps = (datetime(2024, 1, 1) + timedelta(hours=hour) for hour in range(500))
    rows = (f"{stamp},{stamp.hour},{'' if stamp.day % 3 == 0 else stamp.day}" for stamp in stamps)
    table.write_text("\n".join(("time,a,b", *rows)), encoding="utf-8")
    slow = ("torch", "sklearn", "transformers", "h5py", "pandas", "scipy")
    arguments = ["impute", str(table), "--strategy", "linear", "-o", str(tmp_path / "filled.csv")]
    code = f"""
import sys
from latentfill.cli.main import app
app({arguments}, standalone_mode=False)
print([name for name in {slow} if name in sys.modules])
"""
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert found.stdout.splitlines()[-1] == "[]"


def test_the_folders_of_the_tests_are_those_of_the_package():
    folders = {path.parent.relative_to(TESTS) for path in TESTS.rglob("*/test_*.py")}
    assert sorted(str(each) for each in folders if not (ROOT / each).is_dir()) == sorted(WITHOUT_A_FOLDER)
