"""A work that some series kill, in processes that import this module."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from latentfill.api.data_sets.part import Content, PartFiles
from latentfill.api.data_sets.series_reader import OneSeries


@dataclass(frozen=True)
class DeadlyWork:
    """Writes the names of the series of each part into a file; its process dies of some of them."""

    deadly: tuple[str, ...]  # names of series of which each process dies
    once: Path  # a file that is made by the first process, which then dies
    key: str = "deadly"

    def check(self, series: OneSeries) -> None:
        self._work_on(series)

    def do(self, series: Sequence[OneSeries], left_out: Mapping[str, str], name: str, files: PartFiles) -> Content:
        done = [each.name for each in series if each.name not in left_out]
        for each in series:
            if each.name in done:
                self._work_on(each)
        with files.writing(f"{name}.txt") as path:
            path.write_text("\n".join(done))
        return {"done": done, "left_out": dict(left_out)}

    def _work_on(self, series: OneSeries) -> None:
        if series.name in self.deadly:
            os.kill(os.getpid(), signal.SIGKILL)
        if series.name == "s1.parquet" and not self.once.exists():
            self.once.touch()
            os.kill(os.getpid(), signal.SIGKILL)


def fail(shared: None, item: int) -> None:
    """A function that raises an error."""
    raise RuntimeError(f"item {item}")


def meet(folder: Path, name: str) -> str:
    """Come, and wait until another process has come too."""
    (folder / name).touch()
    while len(list(folder.iterdir())) < 2:
        time.sleep(0.01)
    return name
