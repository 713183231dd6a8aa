"""Collects problems of stored windows by kind, and writes messages about them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from latentfill.core.errors import InputError
from latentfill.core.messages import quoted

HDF5_FAILURES = (OSError, RuntimeError, KeyError, ValueError, MemoryError)  # raised by h5py for damaged files
SHOWN = 5  # items of a list in a message


class BadWindow(Exception):
    """A window's vector cannot be used: `kind` of problem, which other windows may share, and `detail` of this one."""

    def __init__(self, kind: str, detail: str) -> None:
        super().__init__(kind, detail)
        self.kind, self.detail = kind, detail


class BadWindows:
    """Collects bad windows by kind of problem, so that thousands of them give one short message."""

    def __init__(self) -> None:
        self._by_kind: dict[str, list[tuple[int, str]]] = {}

    @contextmanager
    def catching(self, number: int, path: Path) -> Iterator[None]:
        """Record errors in the block as problems of window `number`, whose file is `path`."""
        try:
            yield
        except BadWindow as bad:
            self._add(number, bad.kind, f"{path}, {bad.detail}")
        except HDF5_FAILURES as error:
            self._add(number, "cannot be read", f"{path}, {error}")

    def lines(self) -> list[str]:
        """One line for each kind of problem: the windows that have it, and the detail of the first window."""
        return [
            f"{kind}: window {short([number for number, _ in bad])}; first: {bad[0][1]}"
            for kind, bad in self._by_kind.items()
        ]

    def _add(self, number: int, kind: str, detail: str) -> None:
        self._by_kind.setdefault(kind, []).append((number, detail))


def count_problems(found: int, expected: int | None) -> list[str]:
    """A line if the numbers of windows differ, otherwise an empty list."""
    if expected in (None, found):
        return []
    return [
        f"{found} embeddings, but the split cuts into {expected} windows "
        "(n = rows - seq_len - pred_len + 1); likely causes: another pred_len or seq_len, another split plan "
        "(ett-hour, ett-minute, custom), or another table"
    ]


def unusable(where: Path | str, problems: Iterable[str]) -> str:
    """The message that lists all problems of one split, and says how to solve them."""
    listed = "".join(f"\n- {problem}" for problem in problems)
    return (
        f"{where} cannot be paired with windows:{listed}\n"
        "Use the settings the embeddings were written with, or write damaged files again; `latentfill "
        "inspect` shows what they contain."
    )


def check_split(split: str, splits: Mapping[str, int], where: Path) -> None:
    """Raise `InputError` if `where` does not hold the split; the message names the splits that it holds."""
    if split in splits:
        return
    hint = " TimeKD's published storage script writes train and val only." if split == "test" else ""
    raise InputError(f"{where} holds no split {quoted(split)}; it holds {counts(splits)}.{hint}")


def counts(splits: Mapping[str, int]) -> str:
    """Text of splits and their numbers of windows, such as "train: 301, val: 37"."""
    return ", ".join(f"{split}: {count}" for split, count in splits.items())


def short(items: Sequence[object], count: int | None = None) -> str:
    """Text of the first few items; if there are more, also the number of all items."""
    count = len(items) if count is None else count
    shown = ", ".join(str(item) for item in items[:SHOWN])
    return f"{shown} ... ({count} in all)" if count > SHOWN else shown
