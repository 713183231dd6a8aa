"""Inputs that nobody foresaw, for as long as one likes: what latentfill neither uses nor refuses with a message.

    python benchmarks/fuzz.py [--minutes M] [--engine hypothesis|atheris] [TARGET ...]

The targets and the generators of inputs are those of tests/fuzzing, which the test suite runs for seconds: text files,
columns of time stamps, command lines, settings, small files of users, data frames, and whatever else has been added
there. Each gets the same share of the time. The engine hypothesis makes inputs from the generators; atheris changes
the seeds so that new lines of the Python code are run (Linux, `pip install atheris`). A crash is named by its type and
the line that raised it, and is kept with its smallest input. Results are written to benchmarks/results/fuzz/, one file
for each engine, and fuzz.md.
"""

from __future__ import annotations

import argparse
import importlib
import json
import multiprocessing
import os
import sys
import time
import traceback
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path
from shutil import rmtree
from tempfile import TemporaryDirectory
from typing import Any

from common import HERE, commit, machine

TESTS = HERE.parent / "tests"
sys.path.insert(0, str(TESTS))

PROTOCOL = "fuzz"
ROUND = 200  # inputs of a round of hypothesis, which begins anew with another seed
SHOWN_BYTES = 2000  # of an input in the results
LONGEST_INPUT = 4096  # bytes of an input of atheris
RESULTS = HERE / "results"


class Found:
    """What became of the inputs of a target."""

    def __init__(self, outcome: Callable[[bytes], str]) -> None:
        self.outcome = outcome
        self.counts: Counter[str] = Counter()
        self.crashes: dict[str, bytes] = {}
        self.slowest = 0.0

    def try_one(self, data: bytes) -> None:
        """Try one input, and count it."""
        began = time.monotonic()
        try:
            self.counts[self.outcome(data)] += 1
        except Exception as error:
            self.counts["crashed"] += 1
            name = _name_of(error)
            if name not in self.crashes or len(data) < len(self.crashes[name]):
                self.crashes[name] = data
        self.slowest = max(self.slowest, time.monotonic() - began)

    def record(self, target: str, seconds: float) -> dict[str, Any]:
        """The counts and the crashes as JSON values."""
        crashes = [{"error": name, "input": repr(data[:SHOWN_BYTES])} for name, data in self.crashes.items()]
        times = {"seconds": round(seconds), "slowest_seconds": round(self.slowest, 1)}
        return {"target": target, "inputs": self.counts.total(), **self.counts, **times, "crashes": crashes}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*", metavar="TARGET", help="by default all")
    parser.add_argument("--minutes", type=float, default=10.0, help="time for all targets together")
    parser.add_argument("--engine", choices=ENGINES, default="hypothesis")
    parser.add_argument("--dry", action="store_true", help="print the results, but do not write them")
    arguments = parser.parse_args()
    targets = find_targets()
    if unknown := [name for name in arguments.names if name not in targets]:
        parser.error(f"unknown target {', '.join(unknown)}; known: {', '.join(targets)}")
    names = arguments.names or list(targets)
    rows = []
    for name in names:
        rows.append(run_apart(name, arguments.engine, 60 * arguments.minutes / len(names)))
        print({key: value for key, value in rows[-1].items() if key != "crashes"}, flush=True)
    record = {"commit": commit(), "machine": machine(), "engine": arguments.engine, "targets": rows}
    print(table(record))
    if not arguments.dry:
        (RESULTS / PROTOCOL / f"{arguments.engine}.json").write_text(json.dumps(record, indent=1) + "\n")
        (RESULTS / f"{PROTOCOL}.md").write_text(report() + "\n")
    sys.exit(any(row["crashes"] for row in rows))


def find_targets() -> dict[str, Any]:
    """The targets of all modules of tests/fuzzing by name."""
    modules = [importlib.import_module(f"fuzzing.{path.stem}") for path in sorted((TESTS / "fuzzing").glob("*.py"))]
    return {target.name: target for module in modules for target in getattr(module, "TARGETS", ())}


def run_apart(name: str, engine: str, seconds: float) -> dict[str, Any]:
    """The record of a target that is run in a process of its own, which a crash of compiled code may end."""
    context = multiprocessing.get_context("spawn")
    receiver, sender = context.Pipe(duplex=False)
    process = context.Process(target=_run, args=(name, engine, seconds, sender))
    process.start()
    sender.close()
    try:
        record: dict[str, Any] = receiver.recv()
    except EOFError:
        process.join()
        record = {"target": name, "inputs": 0, "crashes": [{"error": f"process ended with {process.exitcode}"}]}
    process.join()
    return record


def _run(name: str, engine: str, seconds: float, sender: Any) -> None:
    sys.stderr = open(os.devnull, "w")  # noqa: SIM115 (as long as the process lives)
    with INSTRUMENTED[engine]():
        target = find_targets()[name]
    found, began = Found(target.outcome), time.monotonic()
    for seed in target.seeds:
        found.try_one(seed)
    ENGINES[engine](target, found, began + seconds, sender)
    sender.send(found.record(name, time.monotonic() - began))


def with_hypothesis(target: Any, found: Found, end: float, sender: Any) -> None:
    """Inputs of the generators until the `end`."""
    from hypothesis import HealthCheck, Phase, given, seed, settings

    checks, phases = list(HealthCheck), [Phase.generate]
    number = 0
    while time.monotonic() < end:

        @seed(number)
        @settings(max_examples=ROUND, deadline=None, database=None, suppress_health_check=checks, phases=phases)
        @given(target.inputs)
        def run(data: bytes) -> None:
            if time.monotonic() < end:
                found.try_one(data)

        run()
        number += 1


def with_atheris(target: Any, found: Found, end: float, sender: Any) -> None:
    """Changed seeds until the `end`, at which atheris leaves the process."""
    import atheris

    began = time.monotonic()

    def run(data: bytes) -> None:
        found.try_one(data)
        if time.monotonic() > end:
            sender.send(found.record(target.name, time.monotonic() - began))
            rmtree(folder)
            os._exit(0)

    limits = (f"-max_len={LONGEST_INPUT}", "-timeout=120", "-detect_leaks=0")
    with TemporaryDirectory() as folder:  # atheris adds the inputs that reached new lines
        for i, seed in enumerate(target.seeds):
            (Path(folder) / str(i)).write_bytes(seed)
        atheris.Setup(["fuzz", *limits, "-verbosity=0", f"-artifact_prefix={folder}/", folder], run)
        atheris.Fuzz()


@contextmanager
def instrumented() -> Iterator[None]:
    """Let atheris see which lines of latentfill are run; imports all of it that needs no torch."""
    import atheris

    with atheris.instrument_imports(include=["latentfill"], enable_loader_override=False):
        yield
        for part in ("cli.main", "tables", "imputation.imputer", "imputation.fitting", "kinds", "scoring.score_files"):
            importlib.import_module(f"latentfill.{part}")
        for path in sorted(Path(importlib.import_module("latentfill.tables").__file__).parent.rglob("*.py")):
            parts = path.relative_to(HERE.parent / "src").with_suffix("").parts
            importlib.import_module(".".join(parts).removesuffix(".__init__"))


INSTRUMENTED: dict[str, Callable[[], Any]] = {"hypothesis": nullcontext, "atheris": instrumented}
ENGINES: dict[str, Callable[[Any, Found, float, Any], None]] = {
    "hypothesis": with_hypothesis,
    "atheris": with_atheris,
}


def _name_of(error: Exception) -> str:
    """The type of an error, the line of latentfill that raised it, and the beginning of its message."""
    frames = traceback.extract_tb(error.__traceback__)
    own = [frame for frame in frames if f"{os.sep}latentfill{os.sep}" in frame.filename] or list(frames)
    where = f"{Path(own[-1].filename).name}:{own[-1].lineno}"
    return f"{type(error).__name__} at {where}: {str(error)[:200]}"


def report() -> str:
    """The last results of each engine as Markdown."""
    paths = sorted((RESULTS / PROTOCOL).glob("*.json"), reverse=True)
    return "\n\n".join(table(json.loads(path.read_text())) for path in paths)


def table(record: dict[str, Any]) -> str:
    """The results as Markdown."""
    lines = ["| target | inputs | used | refused | crashes | slowest |", "|---" * 6 + "|"]
    for row in record["targets"]:
        counts = (row["inputs"], row.get("used", 0), row.get("refused", 0), len(row["crashes"]))
        lines.append(f"| {row['target']} | {' | '.join(map(str, counts))} | {row.get('slowest_seconds', 0):.1f} s |")
    lines += [f"- {row['target']}: {crash['error']}" for row in record["targets"] for crash in row["crashes"]]
    about = record["machine"]
    minutes = sum(row.get("seconds", 0) for row in record["targets"]) / 60
    engine = f"Engine {record['engine']}, {minutes:.0f} minutes; crashes are counted once for each line of code."
    return "\n".join([*lines, "", f"{engine} {about['cores']} cores, {about['cpu']}; {record['commit']}."])


if __name__ == "__main__":
    main()
