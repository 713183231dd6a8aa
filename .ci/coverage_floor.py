"""Fails if the tests run too few of the lines or the branches: `coverage_floor.py REPORT`, which is in JSON."""

from __future__ import annotations

import json
import sys
from pathlib import Path

FLOORS = {"lines": 0.92, "branches": 0.85}
COUNTS = {"lines": ("covered_lines", "num_statements"), "branches": ("covered_branches", "num_branches")}


def main() -> None:
    files = json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))["files"]
    own = [each["summary"] for path, each in files.items() if path.startswith("src/")]  # not copies that tests install
    shares = {name: _share(own, *counts) for name, counts in COUNTS.items()}
    for name, share in shares.items():
        print(f"{name}: {share:.1%} are run, at least {FLOORS[name]:.0%} must be")
    if any(share < FLOORS[name] for name, share in shares.items()):
        sys.exit("Too little is tested: add tests of what you have added.")


def _share(summaries: list[dict[str, int]], covered: str, all_: str) -> float:
    return sum(each[covered] for each in summaries) / sum(each[all_] for each in summaries)


if __name__ == "__main__":
    main()
