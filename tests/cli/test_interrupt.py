"""Ctrl-C: one line that says what is complete, exit code 130, and nothing half-written."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.skipif(os.name == "nt", reason="Windows sends Ctrl-C to a whole console")

WRITING = """
import hashlib, sys
from pathlib import Path
from latentfill.cli.interrupt import interruptible
from latentfill.core.files import replacing, write_bytes
with interruptible():
    write_bytes(sys.argv[1] + "/whole", b"1")
    with replacing(Path(sys.argv[1], "half")) as half:
        half.write_bytes(b"2")
        print("ready", flush=True)
        hashlib.pbkdf2_hmac("sha256", b"", b"", 10**9)  # compiled code, in which no exception can be raised
        print("went on")
"""
IN_PROCESSES = """
import threading, time
from multiprocessing import active_children
from latentfill.cli.interrupt import interruptible
from latentfill.core.workers import in_processes
def report():
    while len(active_children()) < 2:
        time.sleep(0.01)
    print("ready", flush=True)
if __name__ == "__main__":
    threading.Thread(target=report).start()
    with interruptible():
        list(in_processes(time.sleep, [600, 600]))
"""


EMBEDDING = """
import time
from latentfill.cli.embed import _continuable
from latentfill.cli.interrupt import interruptible
with interruptible(), _continuable():
    print("ready", flush=True)
    time.sleep(600)
"""


def interrupted(script: str, *arguments: object) -> tuple[int, str, str]:
    """Exit code, output and errors of a script that gets Ctrl-C, with its processes, once it is ready."""
    command, environment = [sys.executable, "-c", script, *map(str, arguments)], os.environ | {"OMP_NUM_THREADS": "2"}
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
    with subprocess.Popen(command, env=environment, start_new_session=True, **pipes) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        os.killpg(process.pid, signal.SIGINT)
        output, errors = process.communicate(timeout=60)
    return process.returncode, output, errors


def test_an_interrupted_computation_leaves_whole_files_alone_and_says_which(tmp_path: Path):
    code, output, errors = interrupted(WRITING, tmp_path)
    assert (code, output) == (130, "")
    assert errors == f"interrupted: complete and kept: {tmp_path / 'whole'}; nothing else was written.\n"
    assert [path.name for path in tmp_path.iterdir()] == ["whole"]


def test_an_interrupted_run_that_can_be_continued_says_so():
    code, _, errors = interrupted(EMBEDDING)
    assert code == 130
    assert errors.endswith("The same command continues where this one stopped.\n")


def test_the_processes_of_an_interrupted_run_end_without_a_word(tmp_path: Path):
    script = tmp_path / "script.py"
    script.write_text(IN_PROCESSES)
    run = f"import runpy, sys; sys.argv = [{str(script)!r}]; runpy.run_path(sys.argv[0], run_name='__main__')"
    code, _, errors = interrupted(run)
    assert code == 130
    assert errors == "interrupted: no output was written; what was there before is unchanged.\n"


def test_an_interrupted_command_keeps_the_previous_output(tmp_path: Path):
    out = tmp_path / "out.csv"
    out.write_text("previous")
    command = [sys.executable, "-m", "latentfill", "impute", "-", "-o", str(out)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdin is not None
        process.stdin.write("time,a\n" * 2**17)  # more than a pipe holds: the command has begun to read
        process.stdin.flush()
        process.send_signal(signal.SIGINT)
        assert process.wait(timeout=60) == 130
        assert process.stderr is not None
        assert process.stderr.read().startswith("interrupted: no output was written")
    assert [path.name for path in tmp_path.iterdir()] == ["out.csv"]
    assert out.read_text() == "previous"
