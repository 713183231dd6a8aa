"""A module imports only from its own group or an earlier one, and torch stays out of what must start fast."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

import latentfill

ROOT = Path(latentfill.__file__).parent

# 0 vocabulary, 1 data in, 2 windows to vectors, 3 vectors to estimates, 4 strung together, 5 the rim
GROUPS = (
    ("errors", "config"),
    (
        *("messages", "series", "files", "csv_text"),
        *("moments", "stamp_formats", "stamp_texts", "timestamps", "columns", "time_axis", "time_search", "grids"),
        *("changes", "frames", "sheets", "table_options", "roles", "sentinels", "series_layout", "tables"),
        *(
            "sketches",
            "splits",
            "windows",
            "scaling",
            "gaps",
            "limits",
            "hiding",
            "patterns",
            "blend",
            "intervals",
            "metrics",
            "clock",
            "sample",
        ),
    ),
    ("embeddings", "nn"),
    ("strategies", "result"),
    (
        "lesson",
        "judging",
        "fitting",
        "filling",
        "model_dir",
        "summary",
        "scores",
        "encoder_scores",
        "side_by_side",
        "report",
        "evaluate",
        "imputer",
        "inspection",
        "demo",
        "distil",
    ),
    ("terminal", "options", "cli", "__main__", "__init__"),
)
WITH_TORCH = {"embeddings", "nn", "strategies", "model_dir"}


def top(path: Path) -> str:
    return path.relative_to(ROOT).parts[0].removesuffix(".py")


def group_of(name: str) -> int:
    found = [number for number, names in enumerate(GROUPS) if name in names]
    assert found, f"{name} has no group: say where it belongs in tests/test_architecture.py"
    return found[0]


def imports(path: Path) -> set[str]:
    """Modules a file imports, also inside functions, but not for type checkers only."""
    found: set[str] = set()
    tree = ast.parse(path.read_text(encoding="utf-8"))
    guarded = {
        id(inner)
        for node in ast.walk(tree)
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.dump(node.test)
        for inner in ast.walk(node)
    }
    for node in ast.walk(tree):
        if id(node) in guarded:
            continue
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found |= {node.module} | {f"{node.module}.{alias.name}" for alias in node.names}
    return found


MODULES = sorted(ROOT.rglob("*.py"))


@pytest.mark.parametrize("path", MODULES, ids=lambda p: str(p.relative_to(ROOT)))
def test_a_module_imports_only_its_own_group_or_an_earlier_one(path: Path):
    own = group_of(top(path))
    for name in imports(path):
        parts = name.split(".")
        if (
            parts[0] == "latentfill"
            and len(parts) > 1
            and ((ROOT / parts[1]).is_dir() or (ROOT / f"{parts[1]}.py").is_file())
        ):
            assert group_of(parts[1]) <= own, f"{path.name} (group {own}) imports {name} (group {group_of(parts[1])})"


@pytest.mark.parametrize("path", MODULES, ids=lambda p: str(p.relative_to(ROOT)))
def test_torch_is_imported_only_where_it_is_needed(path: Path):
    if top(path) not in WITH_TORCH:
        assert not any(name.split(".")[0] == "torch" for name in imports(path))


def test_the_command_line_starts_without_torch_numpy_or_arrow():
    code = "import sys, latentfill.cli; print([m for m in ('torch', 'numpy', 'pyarrow', 'pandas') if m in sys.modules])"
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert found.stdout.strip() == "[]"
