"""What is wrong with stored windows: collected by kind, and put into messages."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from latentfill.core.errors import InputError

HDF5_FAILURES = (OSError, RuntimeError, KeyError, ValueError, MemoryError)  # that h5py raises on damaged files
SHOWN = 5  # items of a list that an error names


class BadWindow(Exception):
    """One window's vector cannot be used: the kind of problem, which many windows may share, and its detail here."""

    def __init__(self, kind: str, detail: str) -> None:
        super().__init__(kind, detail)
        self.kind, self.detail = kind, detail


class BadWindows:
    """Collects bad windows by kind of problem, so that thousands make one short message."""

    def __init__(self) -> None:
        self._by_kind: dict[str, list[tuple[int, str]]] = {}

    @contextmanager
    def catching(self, number: int, path: Path) -> Iterator[None]:
        """Notes whatever goes wrong in the block as a problem of this window's file."""
        try:
            yield
        except BadWindow as bad:
            self._add(number, bad.kind, f"{path}, {bad.detail}")
        except HDF5_FAILURES as error:
            self._add(number, "cannot be read", f"{path}, {error}")

    def lines(self) -> list[str]:
        """One line for each kind of problem: which windows have it, and the detail of the first."""
        return [
            f"{kind}: window {short([number for number, _ in bad])}; first: {bad[0][1]}"
            for kind, bad in self._by_kind.items()
        ]

    def _add(self, number: int, kind: str, detail: str) -> None:
        self._by_kind.setdefault(kind, []).append((number, detail))


def count_problems(found: int, expected: int | None) -> list[str]:
    """A line if another number of windows was expected, else none."""
    if expected in (None, found):
        return []
    return [
        f"{found} embeddings, but the split cuts into {expected} windows "
        "(n = rows - seq_len - pred_len + 1); likely causes: another pred_len or seq_len, another split plan "
        "(ett-hour, ett-minute, custom), or another table"
    ]


def unusable(where: Path | str, problems: Iterable[str]) -> str:
    """The message that lists all problems of one split, with the way out."""
    listed = "".join(f"\n- {problem}" for problem in problems)
    return (
        f"{where} cannot be paired with windows:{listed}\n"
        "Use the settings the embeddings were written with, or write damaged files again; `latentfill "
        "inspect` shows what they contain."
    )


def check_split(split: str, splits: Mapping[str, int], where: Path) -> None:
    """Refuse a split that `where` does not hold, naming the splits that it holds."""
    if split in splits:
        return
    hint = " TimeKD's published storage script writes train and val only." if split == "test" else ""
    raise InputError(f"{where} holds no split {split!r}; it holds {counts(splits)}.{hint}")


def counts(splits: Mapping[str, int]) -> str:
    """Splits with their numbers of windows, such as "train: 301, val: 37"."""
    return ", ".join(f"{split}: {count}" for split, count in splits.items())


def short(items: Sequence[object], count: int | None = None) -> str:
    """The first few items, followed by the count of all if there are more."""
    count = len(items) if count is None else count
    shown = ", ".join(str(item) for item in items[:SHOWN])
    return f"{shown} ... ({count} in all)" if count > SHOWN else shown
