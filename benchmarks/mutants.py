"""Mutation testing: how many small changes of the code the unit tests of its own file notice.

    pip install mutmut
    python benchmarks/mutants.py [--mutmut COMMAND] [FILE ...]

mutmut changes one thing at a time in each of `TARGETS` and runs the tests named there. A mutant counts as killed if one
of them fails, or does not end. Those that are listed as equal compute the same, whatever the test. Results are written
to benchmarks/results/mutants/.
"""

from __future__ import annotations

import argparse
import ast
import difflib
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from common import HERE, Row, measured_line, names_of, parser_of, read_results, write_results, write_table

PROTOCOL = "mutants"
ROOT = HERE.parent
LEAST = 0.85  # share of the mutants that must be killed
SURVIVED, WITHOUT_TEST = 0, 33  # exit codes that mutmut keeps
TARGETS: Final[Mapping[str, tuple[str, ...]]] = {  # files of the package, and their own tests
    "windows/scaling": ("windows/test_scaling",),
    "windows/windows": ("windows/test_windows",),
    "windows/blend": ("windows/test_blend",),
    "windows/gaps": ("windows/test_gaps",),
    "windows/hiding": ("windows/test_hiding",),
    "imputation/validation/intervals": ("imputation/validation/test_intervals",),
    "imputation/validation/quantiles": ("imputation/validation/test_quantiles",),
    "imputation/validation/error_size": ("imputation/validation/test_error_size",),
}
_ENVIRONMENT = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}  # the copy is tested
SETTINGS = """
[tool.pytest.ini_options]
addopts = "--strict-markers --import-mode=importlib -p no:cacheprovider -p no:randomly"
filterwarnings = ["error", "ignore::latentfill.core.fill_warning.FillWarning"]

[tool.mutmut]
source_paths = ["{source}"]
pytest_add_cli_args_test_selection = {tests}
also_copy = ["src/latentfill", "tests"]
"""


def main() -> None:
    parser = parser_of(__doc__, TARGETS, seeds=())
    parser.add_argument("--mutmut", default="mutmut", help="the command that runs mutmut")
    arguments = parser.parse_args()
    for name in names_of(parser, arguments, TARGETS):
        with tempfile.TemporaryDirectory() as folder:
            record = tested(name, Path(folder), arguments)
        print(_line(name, record), flush=True)
        write_results(PROTOCOL, name.replace("/", "_"), record, arguments)
    write_table(PROTOCOL, report(), arguments)


def tested(name: str, folder: Path, arguments: argparse.Namespace) -> Row:
    """The counts of mutants of one file, and what those that survived have changed."""
    source, tests = f"src/latentfill/{name}.py", [f"tests/{test}.py" for test in TARGETS[name]]
    shutil.copytree(ROOT / "src", folder / "src")
    for path in ("tests/conftest.py", *tests):
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / path, folder / path)
    (folder / "pyproject.toml").write_text(SETTINGS.format(source=source, tests=json.dumps(tests)))
    command = [arguments.mutmut, "run", "--max-children", "1"]
    subprocess.run(command, cwd=folder, env=_ENVIRONMENT, check=True, stdout=subprocess.DEVNULL, stderr=sys.stderr)
    codes = json.loads((folder / "mutants" / f"{source}.meta").read_text())["exit_code_by_key"]
    bodies = bodies_of(folder / "mutants" / source)
    left = [key for key, code in codes.items() if code in (SURVIVED, WITHOUT_TEST)]
    return {
        "mutants": len(codes),
        "killed": len(codes) - len(left),
        "survivors": [changed_lines(key, bodies) for key in left],
    }


def changed_lines(mutant: str, bodies: Mapping[str, list[str]]) -> str:
    """The lines that a mutant removes and adds."""
    name = mutant.rpartition(".")[2]
    original = bodies[re.sub(r"\d+$", "orig", name)]
    lines = [line for line in difflib.ndiff(original, bodies[name]) if line[0] in "+-"]
    return " ".join(" ".join(line.split()) for line in lines)


def bodies_of(path: Path) -> dict[str, list[str]]:
    """The lines of all functions of a file, by name."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    functions = [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)]
    return {node.name: [line for part in node.body for line in ast.unparse(part).splitlines()] for node in functions}


def report(*, quick: bool = False) -> str:
    """The results as Markdown."""
    names = {name.replace("/", "_"): name for name in TARGETS}
    records = read_results(PROTOCOL, names, quick=quick)
    lines = [_line(names[record["data"]], record) for record in records]
    return "\n".join(["| file | killed | mutants | share |", "|---|---|---|---|", *lines, "", measured_line(records)])


def _line(name: str, record: Row) -> str:
    killed, mutants = record["killed"], record["mutants"]
    return f"| {name} | {killed} | {mutants} | {killed / mutants:.0%} |"


if __name__ == "__main__":
    main()
