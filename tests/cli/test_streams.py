"""Standard streams that the caller has closed."""

from __future__ import annotations

import shlex
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="its shell closes no streams")


@pytest.fixture
def table(tmp_path: Path) -> Path:
    path = tmp_path / "t.csv"
    path.write_text("a\n" + "\n".join("" if i in (20, 21) else str(i % 24) for i in range(100)) + "\n")
    return path


def impute(source: Path | str, output: Path | str, closing: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "latentfill", "impute", str(source), "-o", str(output), "--strategy", "linear"]
    return subprocess.run(["sh", "-c", f"{shlex.join(command)} {closing}"], capture_output=True, text=True, check=False)


def test_a_table_from_closed_standard_input_is_refused(tmp_path: Path):
    done = impute("-", tmp_path / "o.csv", "<&-")
    assert done.returncode == 2
    assert "standard input is closed, so no table can be read from it. Give the path of a file." in done.stderr


def test_a_table_for_closed_standard_output_is_kept_elsewhere(table: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("TMPDIR", str(table.parent))
    done = impute(table, "-", ">&-")
    assert done.returncode == 2
    assert "standard output is closed" in done.stderr
    (kept,) = table.parent.glob("latentfill-*/standard-output")
    assert f"is kept in {kept.parent}" in done.stderr
    assert len(kept.read_text().splitlines()) == 101


@pytest.mark.parametrize("closing", ["<&-", ">&-", "2>&-", "<&- >&- 2>&-"])
def test_from_file_to_file_no_stream_is_needed(closing: str, table: Path, tmp_path: Path):
    done = impute(table, tmp_path / "o.csv", closing)
    assert done.returncode == 0
    assert len((tmp_path / "o.csv").read_text().splitlines()) == 101


def test_without_standard_errors_messages_do_not_get_into_the_table(table: Path):
    done = impute(table, "-", "2>&-")
    assert done.returncode == 0
    assert len(done.stdout.splitlines()) == 101
