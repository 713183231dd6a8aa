"""Fails if the tests run too few of the lines or the branches: `coverage_floor.py REPORT`, which is in JSON."""

from __future__ import annotations

import json
import sys
from pathlib import Path

FLOORS = {"lines": 0.92, "branches": 0.85}


def main() -> None:
    totals = json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))["totals"]
    shares = {
        "lines": totals["covered_lines"] / totals["num_statements"],
        "branches": totals["covered_branches"] / totals["num_branches"],
    }
    for name, share in shares.items():
        print(f"{name}: {share:.1%} are run, at least {FLOORS[name]:.0%} must be")
    if any(share < FLOORS[name] for name, share in shares.items()):
        sys.exit("Too little is tested: add tests of what you have added.")


if __name__ == "__main__":
    main()
