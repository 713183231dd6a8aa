"""The folder of figures that `--plots` names."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final, Self

from latentfill.cli.options import Given, Options, option
from latentfill.core.errors import InputError
from latentfill.core.messages import counted

if TYPE_CHECKING:
    from latentfill.imputation.imputation import Imputation
    from latentfill.imputation.stacked import StackedImputation
    from latentfill.scoring.scores import Score

ENDINGS = ("png", "svg")
PLOTS: Final[Options] = {
    "plots": option("Writing", Path, "--plots", metavar="DIR", help="Folder for figures; needs the extra 'report'."),
    "plots_as": option("Writing", str, "--plots-as", help="Format of the figures: png or svg.", default="png"),
}


@dataclass(frozen=True, slots=True)
class PlotFolder:
    """Where figures are written, and in which format."""

    path: Path
    ending: str  # one of `ENDINGS`

    @classmethod
    def of(cls, given: Given) -> Self | None:
        """The folder that the options name; None without one. An `InputError` if figures cannot be written there."""
        if given["plots"] is None:
            return None
        from latentfill.core.output_paths import check_file_path
        from latentfill.plots.packages import check_installed

        if given["plots_as"] not in ENDINGS:
            raise InputError(f"--plots-as is {' or '.join(ENDINGS)}, got {given['plots_as']!r}.")
        check_installed()
        folder = cls(given["plots"], given["plots_as"])
        check_file_path(folder.path / f"missingness.{folder.ending}")
        return folder

    def refuse_inputs(self, inputs: Sequence[Path]) -> None:
        """Raise an `InputError` for a folder that is read, or for a figure that is a link to an input."""
        from latentfill.core.output_paths import refuse_inputs

        earlier = [*self.path.glob(f"*.{self.ending}"), *self.path.glob(f"*/*.{self.ending}")]
        refuse_inputs([self.path / f"missingness.{self.ending}", *earlier], inputs)

    def refuse_replacing(self) -> None:
        """Raise an `InputError` if the folder holds anything, as the names of the figures are not known before."""
        from latentfill.core.temporary import is_empty

        if self.path.is_dir() and not is_empty(self.path):
            raise InputError(
                f"the folder {self.path} is not empty, and --no-clobber keeps what exists. Choose another folder, or "
                "leave out --no-clobber."
            )

    def write_fill(self, result: Imputation | StackedImputation) -> str:
        """Write the figures of a filled table, or of the series of a stacked one; returns a line about them."""
        from latentfill.imputation.stacked import StackedImputation
        from latentfill.plots.folder import save_fill_figures, save_stacked_figures

        if isinstance(result, StackedImputation):
            return self._line(save_stacked_figures(result, self.path, self.ending))
        return self._line(save_fill_figures(result, self.path, self.ending))

    def write_scores(self, scores: Sequence[Score]) -> str:
        """Write the figures of scores; returns a line about them."""
        from latentfill.plots.folder import save_score_figures

        return self._line(save_score_figures(scores, self.path, self.ending))

    def _line(self, paths: Sequence[Path]) -> str:
        return f"plots: {counted(len(paths), 'figure')} in {self.path}"
