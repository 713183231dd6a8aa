"""Kills commands at random moments, and at random operations on files, and looks at what is left.

    python benchmarks/kills.py [--kills 200] [--quick] [COMMAND ...]

Each command has written its outputs once before, and is killed (SIGKILL) while it writes others in their place. Then

- every output must be the old or the new one, as a whole;
- nothing that is read may have changed;
- where some outputs are old and some new, the digests in the summary must tell (`latentfill inspect`);
- the same command, run again, must write all outputs, and leave no temporary file.

Half of the kills come at a random time of the run, half at a random operation: a rename, a link, a new folder, a file
that is put on the disk or removed.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import random
import shutil
import signal
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import numpy as np

from common import Row, measured_line, names_of, parser_of, read_results, write_results, write_table
from latentfill.core.temporary import PREFIX

PROTOCOL = "kills"
KILLS, QUICK_KILLS = 200, 24
PATIENCE = 300  # seconds for a command
SHARE_MISSING = 0.1  # of the cells
ROWS = 96  # of the table, small enough that most of a run is reading and writing
OPERATIONS = ("replace", "rename", "link", "fsync", "mkdir", "unlink")  # functions of `os` at which a run is killed
NO_KILL = 0
PRELOADED = (  # what commands import, so that kills come while they work
    *("latentfill.cli.main", "latentfill.imputation.imputer", "latentfill.imputation.saving.model_folder"),
    *("latentfill.scoring.evaluate", "latentfill.report.imputation_page", "latentfill.report.evaluation_page"),
    *("latentfill.plots.folder", "latentfill.embeddings.timekd.distil", "latentfill.embeddings.timekd.student"),
    *("altair", "vl_convert", "torch._dynamo"),
)

Files = Mapping[str, str]  # digests by path


@dataclass(frozen=True)
class Command:
    """A command in two variants, the old and the new; `{in}` stands for the inputs, `{out}` for the outputs."""

    line: str
    old: str = "--seed 0"
    new: str = "--seed 1"
    summary: str = ""  # the output with the digests of the others
    resumes: bool = False  # the outputs are a file for each window, which appear one after the other


FILL = "--strategy linear"
FIGURES = "--plots {out}/plots --plots-as svg"
EVERY_OUTPUT = (
    "-o {out}/out.csv --codes {out}/codes.csv --doubt {out}/doubt.csv --report {out}/page.html --samples 2 "
    f"--intervals 0.9 --intervals-to {{out}}/bounds.csv {FIGURES}"
)
DECIMALS = {"old": "--precision 3", "new": "--precision 4"}
SUMMARY = ".summary.json"
STUDENT = "--no-teacher --steps 3 --split custom --seq-len 12 --pred-len 4"
ENCODER = "--encoder student --student {in}/student --seq-len 12"
COMMANDS: Mapping[str, Command] = {
    "impute": Command(f"impute {{in}}/a.csv {EVERY_OUTPUT} {FILL}", **DECIMALS, summary="out.summary.json"),
    "stacked": Command(
        f"impute {{in}}/all.csv --by name -o {{out}}/out.csv --codes {{out}}/codes.csv {FILL}",
        **DECIMALS,
        summary="out.summary.json",
    ),
    "folder": Command(f"impute {{in}}/a.csv {{in}}/b.csv --output-dir {{out}} {FILL}", **DECIMALS),
    "apply": Command(
        "apply {in}/a.csv -m {in}/model -o {out}/out.parquet --codes {out}/codes.csv.gz",
        **DECIMALS,
        summary="out.summary.json",
    ),
    "fit": Command(f"fit {{in}}/a.csv -m {{out}}/model {FILL}"),
    "evaluate": Command(
        "evaluate {in}/a.csv --strategies linear,mean --patterns point -o {out}/s.json --csv {out}/s.csv "
        f"--report {{out}}/s.html {FIGURES}",
        old="--seeds 0",
        new="--seeds 1",
        summary="s.json",
    ),
    "totals": Command("totals {in}/full.csv --every day -o {out}/days.csv", old="--coverage 0.8", new="--coverage 0.9"),
    "inspect": Command("inspect {in}/a.csv --report {out}/page.html", old="--columns x", new="--columns x,OT"),
    "distil": Command(f"distil {{in}}/a.csv -m {{out}}/student {STUDENT}"),
    "embed": Command(
        f"embed {{in}}/a.csv -o {{out}}/a.packed --embedding-stride 8 --overwrite {ENCODER}",
        old="--columns x",
        new="--columns OT",
    ),
    "embed files": Command(f"embed {{in}}/a.csv -o {{out}}/z --layout timekd {ENCODER}", old="", new="", resumes=True),
    "pack": Command("pack {in}/z -o {out}/z.packed --overwrite", old="", new="--table {in}/a.csv"),
    "demo": Command("demo -o {out}"),
}
SETUP = (
    f"fit {{in}}/a.csv -m {{in}}/model {FILL}",
    f"impute {{in}}/a.csv -o {{in}}/full.csv --samples 5 {FILL}",
    f"distil {{in}}/a.csv -m {{in}}/student {STUDENT}",
    f"embed {{in}}/a.csv -o {{in}}/z --layout timekd {ENCODER}",
)


def words_of(line: str, inputs: Path, out: Path | None = None) -> list[str]:
    """The words of a command line, with the folders in their places."""
    return [word.replace("{in}", str(inputs)).replace("{out}", str(out)) for word in line.split()]


# --- a run --------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Run:
    """How a run ended."""

    code: int  # exit code; minus the number of the signal that ended it
    seconds: float
    operations: int  # on files, if it came to its end
    errors: str


def run(words: Sequence[str], *, at_operation: int = NO_KILL, after: float | None = None) -> Run:
    """Run a command in a process of its own, which is killed at an operation or after some seconds."""
    context = get_context("forkserver")
    context.set_forkserver_preload(list(PRELOADED))
    with tempfile.NamedTemporaryFile() as errors, tempfile.NamedTemporaryFile() as count:
        process = context.Process(target=_in_child, args=(list(words), at_operation, errors.name, count.name))
        began = time.monotonic()
        process.start()
        process.join(PATIENCE if after is None else after)
        if process.is_alive():
            process.kill()
            process.join()
        seconds = time.monotonic() - began
        assert process.exitcode is not None
        counted = Path(count.name).read_text()
        return Run(process.exitcode, seconds, int(counted or 0), Path(errors.name).read_text())


def _in_child(words: list[str], at_operation: int, errors: str, count: str) -> None:
    """Run the command line, with small parts and a small demo, counting operations on files."""
    from latentfill.cli.main import main
    from latentfill.core import folders
    from latentfill.imputation import stacked_file
    from latentfill.scoring import demo

    os.dup2(os.open(errors, os.O_WRONLY), 2)
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
    stacked_file.LARGE, stacked_file.ROWS_AT_ONCE = 0, ROWS
    make_sample = demo.make_sample
    demo.make_sample = lambda seed: make_sample(seed, days=14)
    calls = Counter[str]()

    def counting(function: Callable[..., Any]) -> Callable[..., Any]:
        def call(*arguments: Any, **named: Any) -> Any:
            calls["all"] += 1
            if calls["all"] == at_operation:
                os.kill(os.getpid(), signal.SIGKILL)
            return function(*arguments, **named)

        return call

    for name in OPERATIONS:
        setattr(os, name, counting(getattr(os, name)))
    folders.exchange = counting(folders.exchange)
    sys.argv = ["latentfill", *words]
    try:
        main()
    finally:
        with open(count, "w") as file:
            file.write(str(calls["all"]))


# --- what must hold -----------------------------------------------------------------------------------------


@dataclass
class Scene:
    """A command with its inputs and its outputs, as they are before and after."""

    name: str
    folder: Path
    command: Command = field(init=False)
    old: Files = field(init=False)
    new: Files = field(init=False)
    varying: set[str] = field(init=False)  # outputs that differ each time, as they have the time that the run took
    seconds: float = field(init=False)
    operations: int = field(init=False)

    def __post_init__(self) -> None:
        self.command = COMMANDS[self.name]
        self.kept, self.out, self.inputs = self.folder / "kept", self.folder / "out", self.folder / "in"
        if not self.command.resumes:
            self.write(self.command.old)
        self.out.mkdir(exist_ok=True)
        shutil.copytree(self.out, self.kept)
        self.old = digests(self.out)
        self.write(self.command.new)
        self.new = digests(self.out)
        ended = self.write(self.command.new)
        again = digests(self.out)
        self.varying = {name for name in again if again[name] != self.new.get(name) or name.endswith(SUMMARY)}
        self.seconds, self.operations = ended.seconds, ended.operations
        self.read = digests(self.inputs)

    def words(self, variant: str) -> list[str]:
        """The words of the command in a variant."""
        return words_of(f"{self.command.line} {variant}", self.inputs, self.out)

    def write(self, variant: str) -> Run:
        """Run the command to its end."""
        ended = run(self.words(variant))
        if ended.code != 0:
            raise AssertionError(f"{self.name}: exit code {ended.code}: {ended.errors}")
        return ended

    def kill(self, rng: random.Random) -> Row:
        """Put the old outputs back, kill the command while it writes the new ones, and look at what is left."""
        shutil.rmtree(self.out)
        shutil.copytree(self.kept, self.out)
        words = self.words(self.command.new)
        if rng.random() < 0.5:
            moment = {"operation": rng.randint(1, self.operations)}
            killed = run(words, at_operation=moment["operation"])
        else:
            moment = {"seconds": round(rng.uniform(0, self.seconds), 3)}
            killed = run(words, after=moment["seconds"])
        problems, state = self.problems()
        row = {"command": self.name, **moment, "killed": killed.code == -signal.SIGKILL, "state": state}
        return row | {"problems": problems + self.problems_of_rerun()}

    def problems(self) -> tuple[list[str], str]:
        """What is wrong with the outputs of a killed run; and which it left: old, new, or some of each."""
        found = {name: known for name, known in digests(self.out).items() if not is_temporary(name)}
        states = {name: self.state(name, known) for name, known in found.items()}
        problems = [f"{name} is neither old nor new" for name, state in states.items() if state == "broken"]
        problems += [f"{name} is lost" for name in self.old if name not in found]
        if digests(self.inputs) != self.read:
            problems.append("an input has changed")
        kinds = set(states.values()) - {"same"}
        state = "mixed" if len(kinds) > 1 else next(iter(kinds), "old")
        if state == "mixed" and self.command.summary and not self.tells_mixed(states):
            problems.append("the summary does not tell which files belong to it")
        return problems, state

    def state(self, name: str, known: str) -> str:
        """Whether an output is the old or the new one, the same in both, or broken."""
        if known == self.old.get(name):
            return "same" if known == self.new.get(name) and name not in self.varying else "old"
        if known == self.new.get(name) or (name in self.varying and is_complete(self.out / name)):
            return "new"
        return "broken"

    def tells_mixed(self, states: Mapping[str, str]) -> bool:
        """Whether just those files differ from the digests in the summary that are not of its run."""
        summary = self.out / self.command.summary
        if not summary.exists():
            return True  # the files have no summary, so that they belong to no complete run
        outputs = json.loads(summary.read_text())["outputs"]
        differing = {name for name, known in outputs.items() if digests(self.out).get(name) != known}
        mine = states[self.command.summary]
        return differing == {name for name in outputs if states.get(name, "missing") not in (mine, "same")}

    def problems_of_rerun(self) -> list[str]:
        """What is wrong after the command has been run again."""
        ended = run(self.words(self.command.new))
        if ended.code != 0:
            return [f"run again, it ended with {ended.code}: {ended.errors}"]
        found = digests(self.out)
        problems = [f"run again, it left {name}" for name in found if is_temporary(name)]
        problems += [
            f"run again, {name} is not the new one"
            for name, known in self.new.items()
            if found.get(name) != known and not (name in self.varying and is_complete(self.out / name))
        ]
        return problems


def digests(folder: Path) -> dict[str, str]:
    """The digests of all files below a folder."""
    paths = [path for path in folder.rglob("*") if path.is_file()]
    return {str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest() for path in sorted(paths)}


def is_temporary(name: str) -> bool:
    """Whether a file is one that a killed run may leave."""
    return any(part.startswith(PREFIX) or part.endswith(".partial") for part in Path(name).parts)


def is_complete(path: Path) -> bool:
    """Whether a file that is different in each run has an end."""
    text = path.read_text()
    if path.suffix == ".json":
        with suppress(ValueError):
            return isinstance(json.loads(text), dict) and text.endswith("}\n")
        return False
    return path.suffix == ".html" and text.rstrip().endswith("</html>")


def make_inputs(folder: Path) -> Path:
    """The tables, and the models and embeddings that commands read."""
    inputs = folder / "in"
    inputs.mkdir(parents=True)
    rng = np.random.default_rng(0)
    stamps = np.datetime64("2023-01-01T00") + np.arange(ROWS).astype("timedelta64[h]")
    rows = {}
    for name in ("a", "b"):
        values = np.round(np.sin(np.arange(ROWS) / 4)[:, None] + rng.normal(0, 0.2, (ROWS, 2)), 2)
        gaps = rng.random(values.shape) < SHARE_MISSING
        cells = np.where(gaps, "", values.astype(str)).tolist()
        rows[name] = [",".join([str(stamp), *row]) for stamp, row in zip(stamps, cells, strict=True)]
        (inputs / f"{name}.csv").write_text("\n".join(["time,x,OT", *rows[name]]) + "\n")
    stacked = [f"{name},{row}" for name in rows for row in rows[name]]
    (inputs / "all.csv").write_text("\n".join(["name,time,x,OT", *stacked]) + "\n")
    for line in SETUP:
        ended = run(words_of(line, inputs))
        assert ended.code == 0, ended.errors
    return inputs


def measure(names: Sequence[str], kills: int, seed: int) -> list[Row]:
    """Kill the commands in turn, each as often; a row for each kill."""
    rng, rows = random.Random(seed), []
    with tempfile.TemporaryDirectory() as folder:
        inputs = make_inputs(Path(folder, "made"))
        scenes = []
        for name in names:
            shutil.copytree(inputs, Path(folder, name, "in"))
            scenes.append(Scene(name, Path(folder, name)))
        for number in range(kills):
            rows.append(scenes[number % len(scenes)].kill(rng))
            print(rows[-1], flush=True)
    return rows


# --- results ------------------------------------------------------------------------------------------------


def table(records: Sequence[Mapping[str, Any]]) -> str:
    """The results as a table in Markdown."""
    heading = ("command", "kills", "ended before", "all old", "all new", "some of each", "broken")
    lines = [f"| {' | '.join(heading)} |", f"|{'---|' * len(heading)}"]
    rows = [row for record in records for row in record["rows"]]
    for name in (*dict.fromkeys(row["command"] for row in rows), "all"):
        of_command = [row for row in rows if name in ("all", row["command"])]
        states = Counter(row["state"] for row in of_command)
        broken = sum(bool(row["problems"]) for row in of_command)
        ended = sum(not row["killed"] for row in of_command)
        cells = (name, len(of_command), ended, states["old"], states["new"], states["mixed"], broken)
        lines.append(f"| {' | '.join(map(str, cells))} |")
    return "\n".join([*lines, "", measured_line(records)])


def main() -> None:
    parser = parser_of(__doc__, COMMANDS, (0,))
    parser.add_argument("--kills", type=int, help=f"by default {KILLS}, with --quick {QUICK_KILLS}")
    arguments: argparse.Namespace = parser.parse_args()
    kills = arguments.kills or (QUICK_KILLS if arguments.quick else KILLS)
    rows = measure(names_of(parser, arguments, COMMANDS), kills, arguments.seeds[0])
    write_results(PROTOCOL, "kills", {"rows": rows}, arguments)
    write_table(PROTOCOL, report(quick=arguments.quick), arguments)
    if any(row["problems"] for row in rows):
        sys.exit(1)


def report(*, quick: bool = False) -> str:
    """The results as Markdown."""
    return table(read_results(PROTOCOL, ["kills"], quick=quick))


if __name__ == "__main__":
    main()
