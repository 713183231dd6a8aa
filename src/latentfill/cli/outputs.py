"""The files that filling writes: their options, where they go, and writing them."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final, Self

from latentfill.cli.console import make_console, say
from latentfill.cli.options import Given, Options, option
from latentfill.core.errors import InputError

if TYPE_CHECKING:
    from latentfill.imputation.imputation import Imputation
    from latentfill.imputation.imputer import Imputer

WRITING: Final[Options] = {
    "intervals_to": option(
        "Writing", Path, "--intervals-to", help="Write the bounds to this file, not beside the values."
    ),
    "codes": option(
        "Writing",
        Path,
        "--codes",
        help="Also write where each cell comes from: a code, the expected error, the bounds, the model.",
    ),
    "explain": option(
        "Writing", Path, "--explain", help="Also write the neighbours behind each filled cell, and their weights."
    ),
    "summary": option("Writing", Path, "--summary", help="Where the JSON summary goes; beside OUT if not given."),
    "precision": option(
        "Writing", int, "--precision", help="Decimals of filled cells; the column's own if not given.", min=0, max=17
    ),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Outputs:
    """Where the filled table goes, and what else is written."""

    table: Path
    summary: Path
    codes: Path | None
    bounds: Path | None  # None: beside the values in the table
    explain: Path | None
    samples: tuple[Path, ...]
    precision: int | None  # decimals of filled cells

    @classmethod
    def of(cls, source: Path, output: Path, given: Given) -> Self:
        """The files that the options ask for; an `InputError` before any work where one cannot be written."""
        from latentfill.core.files import stem
        from latentfill.tables.backends.table_files import check_output_path

        name = stem(output)
        ending = output.name[len(name) :]
        outputs = cls(
            table=output,
            summary=given["summary"] or output.with_name(f"{name}.summary.json"),
            codes=given["codes"],
            bounds=given["intervals_to"],
            explain=given["explain"],
            samples=tuple(output.with_name(f"{name}.sample{i + 1}{ending}") for i in range(given["samples"] or 0)),
            precision=given["precision"],
        )
        if outputs.bounds and given["intervals"] is None:
            raise InputError("--intervals-to needs a coverage: add --intervals 0.9, say.")
        paths = [path for _, path in outputs.named()]
        if len({os.path.realpath(path) for path in paths}) < len(paths):
            raise InputError(f"the outputs must be different files, got {', '.join(map(str, paths))}.")
        for kind, path in outputs.named():
            check_output_path(source, path, table=kind != "summary")
        return outputs

    def named(self) -> Iterator[tuple[str, Path]]:
        """Every file, with what it holds."""
        single = (
            ("table", self.table),
            ("summary", self.summary),
            ("codes", self.codes),
            ("bounds", self.bounds),
            ("explain", self.explain),
        )
        yield from ((kind, path) for kind, path in single if path is not None)
        yield from ((f"sample {i}", path) for i, path in enumerate(self.samples, start=1))

    def write(self, imputer: Imputer, filled: Imputation, quiet: bool) -> None:
        """Write every file, the summary last, and show what was filled."""
        from latentfill.cli.display import show_summary
        from latentfill.core.files import write_bytes

        if self.explain:
            imputer.explain(filled.table, self.explain)
        filled.summary["precision"] = self.precision
        filled.write(self.table, precision=self.precision, bounds=self.bounds is None)
        if self.codes:
            filled.write_codes(self.codes)
        if self.bounds:
            filled.write_bounds(self.bounds)
        for number, path in enumerate(self.samples):
            filled.write_sample(number, path, precision=self.precision)
        write_bytes(self.summary, (json.dumps(filled.summary, indent=1) + "\n").encode())
        if not quiet:
            show_summary(make_console(), filled.summary, known=len(filled.table.notes))
            for kind, path in self.named():
                say(f"{kind}: {path}")
