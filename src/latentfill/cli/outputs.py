"""The output files of `impute` and `apply`: their options, their paths, and writing them."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Final, Self, cast

from latentfill.cli.console import make_console, say
from latentfill.cli.input_files import (
    check_unchanged,
    file_digests,
    inputs_of,
    inputs_of_config,
    provenance,
    table_files,
)
from latentfill.cli.options import REPLACE, Given, Options, option
from latentfill.cli.plot_folder import PLOTS, PlotFolder
from latentfill.cli.shown import Shown, print_json
from latentfill.core.errors import InputError
from latentfill.core.messages import joined

if TYPE_CHECKING:
    from latentfill.imputation.decisions import Decisions
    from latentfill.imputation.imputation import Imputation
    from latentfill.imputation.imputer import Imputer
    from latentfill.imputation.stacked import StackedImputation
    from latentfill.imputation.stacked_file import FilledParts, StackedOutputs, Write
    from latentfill.tables.table import Table

WRITING: Final[Options] = {
    **REPLACE,
    **PLOTS,
    "intervals_to": option(
        "Writing", Path, "--intervals-to", help="File for the bounds of the intervals; in OUT if not given."
    ),
    "codes": option(
        "Writing",
        Path,
        "--codes",
        help="Extra file with the origin of each cell (a code), its expected error and bounds, and the model.",
    ),
    "explain": option(
        "Writing", Path, "--explain", help="Extra file with the neighbours behind each filled cell and their weights."
    ),
    "doubt": option(
        "Writing",
        Path,
        "--doubt",
        help="Extra file with the readings that may be wrong, each with its probability and reason.",
    ),
    "report": option(
        "Writing",
        Path,
        "--report",
        help="Extra HTML page: a verdict, what was missing, how far to trust the fills, and an explorer of all gaps; "
        "needs the extra 'report'.",
    ),
    "decisions": option(
        "Writing",
        Path,
        "--decisions",
        help="File of refused fills, which the page of --report saves: they are left empty.",
    ),
    "summary": option("Writing", Path, "--summary", help="File for the JSON summary; beside OUT if not given."),
    "precision": option(
        "Writing",
        int,
        "--precision",
        help="Decimals of filled cells; if not given, as many as their column has.",
        min=0,
        max=17,
    ),
}

PLAIN_TEXT = (".csv", ".tsv", ".txt", ".dat")  # endings of tables whose size tells that of the filled one
LEAST_SHARE = 0.5  # of the size of IN that OUT surely has; less than all, as markers such as -9999.00 may be long


@dataclass(frozen=True, slots=True, kw_only=True)
class Outputs:
    """Paths of the output files, and the number of decimals to write."""

    table: Path
    summary: Path | None  # None: not written, as the table goes to standard output
    codes: Path | None
    bounds: Path | None  # None: bounds go into the table
    explain: Path | None
    doubt: Path | None
    report: Path | None
    decisions: Decisions | None  # fills to leave empty
    read: Mapping[Path, str]  # digests of the files of the table
    samples: tuple[Path, ...]
    precision: int | None  # decimals of filled cells; None: as many as their column has
    plots: PlotFolder | None

    @classmethod
    def of(cls, source: Path | list[Path], output: Path, given: Given, *inputs: Path) -> Self:
        """The files that the options name; an `InputError` if one cannot be written, or is one of the `inputs`."""
        from latentfill.core.config_settings import OutputSettings
        from latentfill.core.files import STANDARD, stem
        from latentfill.imputation.decisions import Decisions
        from latentfill.tables.backends.table_files import check_output_path

        n_samples = OutputSettings(samples=given["samples"] or 0).samples
        name = stem(output)
        ending = output.name[len(name) :]
        outputs = cls(
            table=output,
            summary=given["summary"] or (None if output == STANDARD else output.with_name(f"{name}.summary.json")),
            codes=given["codes"],
            bounds=given["intervals_to"],
            explain=given["explain"],
            doubt=given["doubt"],
            report=given["report"],
            decisions=Decisions.read(given["decisions"]) if given["decisions"] else None,
            read={},
            samples=tuple(output.with_name(f"{name}.sample{i + 1}{ending}") for i in range(n_samples)),
            precision=given["precision"],
            plots=PlotFolder.of(given),
        )
        if outputs.bounds and given["intervals"] is None:
            raise InputError("--intervals-to needs a coverage: add one, such as --intervals 0.9.")
        if output == STANDARD and outputs.samples:
            raise InputError("samples are files beside the output: name a file for it instead of -.")
        if output == STANDARD and given["as_json"]:
            raise InputError("--json prints the summary where -o - prints the table: name a file for one of them.")
        paths = [path for _, path in outputs.named()]
        if len({os.path.realpath(path) for path in paths}) < len(paths):
            raise InputError(f"the outputs must be different files, got {joined(map(str, paths))}.")
        for kind, path in outputs.named():
            check_output_path(source, path, table=kind not in ("summary", "report"))
        if outputs.report:
            from latentfill.report.rendering import check_installed

            check_installed()
        files = table_files(source)
        outputs._check_paths([*files, *inputs, *inputs_of(given)])
        outputs._check_room(files)
        return outputs

    def _check_paths(self, inputs: Sequence[Path]) -> None:
        """Raise an `InputError` if an output would destroy one of the inputs."""
        from latentfill.core.output_paths import refuse_inputs

        refuse_inputs([path for _, path in self.named()], inputs)
        if self.plots:
            self.plots.refuse_inputs(inputs)

    def _check_room(self, files: Sequence[Path]) -> None:
        """Raise an `InputError` if the disk has no room for the filled tables, as far as their size is known."""
        from latentfill.core.files import STANDARD
        from latentfill.core.output_paths import check_room

        texts = [path for path in (*files, self.table) if path.suffix.lower() in PLAIN_TEXT]
        if self.table != STANDARD and len(texts) == len(files) + 1:
            size = sum(os.path.getsize(path) for path in files if os.path.isfile(path))
            check_room(self.table, int(LEAST_SHARE * size) * (1 + len(self.samples)))

    def check(self, imputer: Imputer) -> None:
        """Raise an `InputError` for outputs that this imputer cannot make, or that would destroy what it reads."""
        self._check_paths(inputs_of_config(imputer.config))
        if self.explain:
            imputer.check_explains()
        if imputer.options.by and (self.report or self.decisions):
            raise InputError(
                "--report and --decisions are for one series: leave out --by, or fill each series as a file of its own."
            )
        if self.doubt and imputer.config.causal:
            raise InputError(
                "--doubt judges readings by later ones too, and a causal model (--causal) looks back only: leave out "
                "one of them."
            )

    def named(self) -> Iterator[tuple[str, Path]]:
        """The content and the path of every output file."""
        single = (
            ("table", self.table),
            ("summary", self.summary),
            ("codes", self.codes),
            ("bounds", self.bounds),
            ("explain", self.explain),
            ("doubt", self.doubt),
            ("report", self.report),
        )
        yield from ((kind, path) for kind, path in single if path is not None)
        yield from ((f"sample {i}", path) for i, path in enumerate(self.samples, start=1))

    def fill(self, imputer: Imputer, table: Table) -> Imputation:
        """The table as the imputer fills it, with all that the outputs need."""
        return imputer.fill(table, decisions=self.decisions, compare=self.report is not None)

    def before_reading(self, source: Path | list[Path]) -> Self:
        """The same outputs, with the digests of what is read next."""
        return replace(self, read=file_digests(table_files(source)))

    def check_read(self) -> None:
        """Raise an `InputError` if the table has changed while it was read; call it right after that."""
        check_unchanged(self.read)

    def write(self, imputer: Imputer, filled: Imputation | StackedImputation, shown: Shown) -> dict[str, object]:
        """Write all files or none; print and return the summary."""
        from latentfill.core.files import write_together

        summary, line = write_together(lambda: self._write_all(imputer, filled))
        self.show(summary, len(filled.table.notes), shown)
        if line:
            say(line, shown.quiet)
        return summary

    def _write_all(
        self, imputer: Imputer, filled: Imputation | StackedImputation
    ) -> tuple[dict[str, object], str | None]:
        """Write all files, the summary last; returns the summary, and a line about the figures."""
        if self.explain:
            imputer.explain(filled.table, self.explain)
        filled.write(self.table, precision=self.precision, bounds=self.bounds is None)
        if self.doubt:
            filled.write_doubt(self.doubt)
        if self.codes:
            filled.write_codes(self.codes)
        if self.bounds:
            filled.write_bounds(self.bounds)
        for number, path in enumerate(self.samples):
            filled.write_sample(number, path, precision=self.precision)
        line = self.plots.write_fill(filled) if self.plots else None
        if self.report:
            self._write_report(self.report, cast("Imputation", filled))  # not of many series, see `check`
        return self.write_summary(filled.summary), line

    def _write_report(self, path: Path, filled: Imputation) -> None:
        from latentfill.core.files import STANDARD, staged_path, write_bytes
        from latentfill.core.inputs import digest
        from latentfill.report.imputation_page import imputation_page

        output = {}
        if self.table != STANDARD:
            output = {"output": str(self.table), "output_sha256": digest(staged_path(self.table))}
        write_bytes(path, imputation_page(filled, {**provenance(self.read), **output}))

    def write_parts(self, parts: FilledParts) -> dict[str, object]:
        """Write the files of a table that was filled in parts, the summary last; returns the summary."""
        parts.write()
        return self.write_summary(parts.summary)

    def write_summary(self, summary: dict[str, object]) -> dict[str, object]:
        """Write the summary with the digests of what was read and of what has been written; returns it."""
        from latentfill.core.files import STANDARD, staged_digests, write_bytes

        complete = summary | {
            "precision": self.precision,
            "inputs": {str(path): known for path, known in self.read.items()},
            "outputs": staged_digests(self.summary or STANDARD),
        }
        if self.summary:
            write_bytes(self.summary, (json.dumps(complete, indent=1) + "\n").encode())
        return complete

    def show(self, summary: dict[str, object], n_notes: int, shown: Shown) -> None:
        """Print the summary, as text without its first `n_notes` notes, which have been shown."""
        from latentfill.cli.display import show_summary

        if shown.as_json:
            print_json(summary)
        if shown.notes:
            show_summary(make_console(), summary, skipped_notes=n_notes, everything=shown.everything)
            for kind, path in self.named():
                say(f"{kind}: {path}")

    @property
    def of_series(self) -> StackedOutputs:
        """The files that hold rows, and how they are written for some of the series of a stacked table."""
        from latentfill.imputation.stacked_file import StackedOutputs

        precision, bounds = self.precision, self.bounds is None
        tables: dict[Path, Write] = {self.table: partial(_write_table, precision=precision, bounds=bounds)}
        for number, sample in enumerate(self.samples):
            tables[sample] = partial(_write_sample, number=number, precision=precision)
        columns: dict[Path, Write] = {}
        if self.codes:
            columns[self.codes] = _write_codes
        if self.bounds:
            columns[self.bounds] = _write_bounds
        return StackedOutputs(tables, columns)


def refuse_replacing(outputs: Iterable[Outputs], given: Given) -> None:
    """With --no-clobber, raise an `InputError` that names the output files that exist."""
    from latentfill.core.output_paths import check_new

    if given["overwrite"]:
        return
    planned = list(outputs)
    check_new(path for each in planned for _, path in each.named())
    for each in planned:
        if each.plots:
            each.plots.refuse_replacing()


# as functions of a module, which other processes know by name


def _write_table(part: StackedImputation, path: Path, *, precision: int | None, bounds: bool) -> None:
    part.write(path, precision=precision, bounds=bounds)


def _write_sample(part: StackedImputation, path: Path, *, number: int, precision: int | None) -> None:
    part.write_sample(number, path, precision=precision)


def _write_codes(part: StackedImputation, path: Path) -> None:
    part.write_codes(path)


def _write_bounds(part: StackedImputation, path: Path) -> None:
    part.write_bounds(path)
