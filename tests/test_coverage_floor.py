"""The floor of the coverage, as CI applies it to a report."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

SCRIPT = Path(__file__).resolve().parents[1] / ".ci" / "coverage_floor.py"


@pytest.mark.parametrize(
    ("lines", "branches", "code"), [(920, 850, 0), (919, 1000, 1), (1000, 849, 1)], ids=["enough", "lines", "branches"]
)
def test_too_few_lines_or_branches_are_an_error(tmp_path: Path, lines: int, branches: int, code: int):
    own = {"covered_lines": lines, "num_statements": 1000, "covered_branches": branches, "num_branches": 1000}
    copied = {**own, "covered_lines": 0, "covered_branches": 0}
    files = {"src/latentfill/a.py": {"summary": own}, "/tmp/copy/latentfill/a.py": {"summary": copied}}
    (tmp_path / "report.json").write_text(json.dumps({"files": files}))
    assert subprocess.run([sys.executable, SCRIPT, tmp_path / "report.json"], capture_output=True).returncode == code
