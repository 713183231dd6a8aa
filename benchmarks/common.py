"""What the benchmarks share: where the data lies, and how results are kept."""

from __future__ import annotations

import json
import os
import platform
import subprocess
from collections.abc import Mapping
from pathlib import Path

HERE = Path(__file__).resolve().parent
DATA = HERE.parents[1] / "shared" / "data"


def machine() -> dict[str, object]:
    """Processor, cores and Python of this machine."""
    return {"cpu": _cpu(), "cores": os.cpu_count(), "python": platform.python_version()}


def write_results(name: str, record: Mapping[str, object], table: str) -> None:
    """`results/NAME.json` with the machine and the commit, and `results/NAME.md` with the same as a table."""
    commit = subprocess.run(["git", "describe", "--always", "--dirty"], capture_output=True, text=True, cwd=HERE)
    about = {"commit": commit.stdout.strip(), "machine": machine()}
    folder = HERE / "results"
    folder.mkdir(exist_ok=True)
    (folder / f"{name}.json").write_text(json.dumps({**about, **record}, indent=1) + "\n")
    head = f"{about['machine']['cores']} cores, {about['machine']['cpu']}, commit {about['commit']}"
    (folder / f"{name}.md").write_text(f"{head}\n\n{table}\n")
    print(f"{folder / name}.json")


def _cpu() -> str:
    """The processor's name, where the system tells."""
    info = Path("/proc/cpuinfo")
    lines = info.read_text().splitlines() if info.is_file() else []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.processor()
