"""`Kind`: what the values of a column are, as working columns that all methods can estimate, and back."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any, ClassVar, NamedTuple, Self

import numpy as np

from latentfill.core.series import BoolArray, FloatArray, IntArray, Series

REGISTERED: dict[str, type[Kind]] = {}  # by the name of the class; saved models have these names


class Limits(NamedTuple):
    """Limits of the estimates of a column that the user gave."""

    minimum: float = -np.inf
    maximum: float = np.inf
    margin: float | None = None  # share of the observed range by which estimates may leave it; None: any


class StepTimes(NamedTuple):
    """The times of the T steps of a series."""

    position: FloatArray  # (T,) in usual spacings; whole numbers if all steps are equally far apart
    seconds: FloatArray  # (T,) since 1970; without time stamps the number of the step

    @classmethod
    def of(cls, series: Series) -> StepTimes:
        """The times of the steps of a series."""
        steps = np.arange(series.n_steps, dtype=float)
        seconds = steps if series.time is None else series.time.astype("datetime64[ns]").astype(np.int64) / 1e9
        return cls(steps if series.position is None else series.position, seconds)


class Column(NamedTuple):
    """A column of T steps, with the readings that are hidden from methods for a while."""

    values: FloatArray  # (T,) in units of the table, NaN where missing
    times: StepTimes


@dataclass(frozen=True, slots=True, eq=False)
class Readings:
    """A column of T steps with gaps, and the M missing cells to fill in it."""

    values: FloatArray  # (T,) in units of the table, NaN where missing
    times: StepTimes
    step: IntArray  # (M,) steps of the cells, ascending
    limits: Limits
    cycle: int | None = None  # steps of the shortest cycle


@dataclass(frozen=True, slots=True, eq=False)
class CellErrors:
    """The likely errors (truth minus estimate) of M cells, in units of the table."""

    expected: FloatArray  # (M,) expected absolute error, NaN where unknown
    below: FloatArray  # (M,) lower end of the interval
    above: FloatArray  # (M,) upper end of the interval
    drawn: FloatArray  # (S, M) random errors
    scores: FloatArray  # (S, M) standard normal scores of the random errors
    coverage: float  # of the interval

    def take(self, index: IntArray) -> CellErrors:
        """The errors of the cells at `index`."""
        names = ("expected", "below", "above", "drawn", "scores")
        return replace(self, **{name: getattr(self, name)[..., index] for name in names})


@dataclass(frozen=True, slots=True, eq=False)
class CellValues:
    """Values of M cells, in units of the table; NaN in a cell that is left empty."""

    value: FloatArray  # (M,)
    expected: FloatArray  # (M,) expected absolute error; of classes the probability that the value is wrong
    lower: FloatArray  # (M,)
    upper: FloatArray  # (M,)
    samples: FloatArray  # (S, M)

    @classmethod
    def nothing(cls, n_cells: int, n_samples: int) -> CellValues:
        """Empty cells, to `put` values into."""
        value, expected, lower, upper = np.full((4, n_cells), np.nan)
        return cls(value, expected, lower, upper, np.full((n_samples, n_cells), np.nan))

    def put(self, at: IntArray, values: CellValues) -> None:
        """Set the cells at indices `at`."""
        for name in self.__slots__:
            getattr(self, name)[..., at] = getattr(values, name)

    def within(self, limits: Limits) -> CellValues:
        """The same values, no further than the limits that the user gave."""
        clipped = {
            name: np.clip(getattr(self, name), limits.minimum, limits.maximum)
            for name in ("value", "lower", "upper", "samples")
        }
        return replace(self, **clipped)

    def without_errors(self, unknown: BoolArray) -> CellValues:
        """The same values, with nothing known about the errors of some cells (M,)."""
        names = ("expected", "lower", "upper", "samples")
        return replace(self, **{name: np.where(unknown, np.nan, getattr(self, name)) for name in names})

    def without(self, empty: BoolArray) -> CellValues:
        """The same values, with some cells (M,) left empty."""
        return CellValues(*(np.where(empty, np.nan, getattr(self, name)) for name in self.__slots__))


class Kind(ABC):
    """The kind of one column; a frozen dataclass whose fields are plain values, so that it can be saved.

    Methods work on its W working columns, and know nothing of the kind. All cells of a step are missing together.
    """

    width: ClassVar[int] = 1  # W
    is_plain: ClassVar[bool] = False  # whether there is one working column, whose errors are those of the column
    has_errors: ClassVar[bool] = True  # whether errors are amounts, and not just right or wrong
    learns: ClassVar[bool] = False  # whether `learnt` learns anything

    def __init_subclass__(cls) -> None:
        REGISTERED[cls.__name__] = cls

    @property
    def is_identity(self) -> bool:
        """Whether the working column is the column itself."""
        return False

    @property
    @abstractmethod
    def name(self) -> str:
        """The kind as `--kind` takes it, such as `circular:360`."""

    @abstractmethod
    def encode(self, values: FloatArray, times: StepTimes) -> FloatArray:
        """The working columns (T, W) of a column (T,), NaN where missing; no step depends on readings of later ones."""

    @abstractmethod
    def errors(self, truth: FloatArray, estimate: FloatArray, column: Column | None = None) -> FloatArray:
        """Errors (T,), truth minus estimate, from hidden working cells and their estimates, both (T, W).

        In units of the table; NaN where nothing is hidden. `column` is the column that they are of, if it is known.
        """

    @abstractmethod
    def fill(self, working: FloatArray, errors: CellErrors, readings: Readings) -> CellValues:
        """The values of the missing cells, all of which are possible.

        `working` (T, W) has the working columns with estimates where they are missing; NaN where there is none.
        """

    @property
    def ends(self) -> tuple[float, float] | None:
        """The ends of the values of a kind that knows no limits inside them, as directions and classes; else None."""
        return None

    def fill_within(self, working: FloatArray, errors: CellErrors, readings: Readings) -> CellValues:
        """What `fill` gives, within the limits of the user; nothing about errors where they are unknown."""
        values = self.fill(working, errors, readings)
        if self.has_errors:
            values = values.without_errors(np.isnan(errors.expected))
        return values.within(readings.limits) if self.ends is None else values

    def limit(self, values: FloatArray, readings: Readings) -> FloatArray:
        """Values (...), clipped to those that are possible."""
        return values

    def distance(self, values: FloatArray, others: FloatArray) -> FloatArray:
        """The difference between values and others of the same shape; classes: 1 where they differ, else 0."""
        return values - others

    def covers(self, lower: FloatArray, upper: FloatArray, values: FloatArray) -> FloatArray:
        """1 where an interval holds the value, else 0; all of the same shape."""
        return ((lower <= values) & (values <= upper)).astype(float)

    def interval_width(self, lower: FloatArray, upper: FloatArray) -> FloatArray:
        """Widths of intervals."""
        return upper - lower

    def spread(self, values: FloatArray) -> float:
        """The typical distance of an observed value from the usual one; `values` (T,) has NaN where missing."""
        known = values[~np.isnan(values)]
        return standard_deviation(known)

    @abstractmethod
    def as_number(self, values: FloatArray) -> Kind:
        """A plain kind for a column (T,), NaN where missing, whose estimates are possible for this kind too."""

    def learnt(self, truth: FloatArray, estimate: FloatArray) -> Self:
        """This kind with what M hidden cells tell about estimates, both (M, W) in units of the working columns."""
        return self

    def error_scale(self, scale: FloatArray) -> float:
        """The unit of errors, given the scale (W,) of the working columns, in units of the table."""
        return float(scale[0])

    def state(self) -> dict[str, Any]:
        """Everything as JSON values, the inverse of `load_kind`."""
        return {"class": type(self).__name__, **asdict(self)}  # type: ignore[call-overload]


def standard_deviation(values: FloatArray) -> float:
    """The standard deviation of finite values, which may be so large that their squares are not; 0 without any."""
    largest = float(np.abs(values).max(initial=0.0))
    return float((values / largest).std()) * largest if largest > 0 else 0.0


def load_kind(state: Mapping[str, Any]) -> Kind:
    """The kind that `state` was taken from."""
    values = {name: tuple(value) if isinstance(value, list) else value for name, value in state.items()}
    return REGISTERED[str(values.pop("class"))](**values)
