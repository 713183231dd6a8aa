"""Output files: they are written under temporary names, and get their own names together, when all are complete."""

from __future__ import annotations

import gzip
import logging
import os
import shutil
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from contextvars import ContextVar
from pathlib import Path
from typing import TypeVar

from latentfill.core.errors import UnwritableError
from latentfill.core.inputs import digest
from latentfill.core.temporary import NEW, OLD, is_temporary, keep, temporary
from latentfill.core.unwritable import keep_elsewhere, refusing_unwritable

STANDARD = Path("-")  # standard input, or standard output
PRIVATE = 0o600  # rights of a file that replaces another one, until it gets those of the other
log = logging.getLogger(__name__)  # says which outputs are complete

_Result = TypeVar("_Result")
_batch: ContextVar[Batch | None] = ContextVar("batch", default=None)


def write_bytes(path: str | os.PathLike[str], data: bytes) -> None:
    """Write a file, see `replacing`; a `.gz` file gets the same bytes every time. The path `-` is standard output."""
    path = Path(path)
    if path.suffix.lower() == ".gz":
        data = gzip.compress(data, compresslevel=6, mtime=0)
    if path == STANDARD:
        with together() as batch:
            batch.printed += data
        return
    with replacing(path) as new:
        new.write_bytes(data)


@contextmanager
def replacing(path: Path, *, durable: bool = True) -> Iterator[Path]:
    """Yield a temporary path; when the block and all of `together` succeed, the file written there replaces `path`.

    The folder is made if there is none. Files that are not `durable` are written much faster, and may be empty after a
    power cut: those that are checked and written again.
    """
    with together() as batch, refusing_unwritable(path):
        new = batch.new_file(path)
        if not durable:
            batch.passing.add(new)
        try:
            yield new
        except BaseException:
            batch.files.pop(batch.target(path), None)  # a block around this one may go on without the file
            raise


@contextmanager
def together() -> Iterator[Batch]:
    """A block of which all output files appear when it ends, or none if it fails; blocks inside belong to it."""
    outer = _batch.get()
    if outer is not None:
        yield outer
        return
    with _in_batch(Batch()) as batch:
        yield batch


def write_together(write: Callable[[], _Result]) -> _Result:
    """The result of `write`, whose output files all appear, or none.

    If one of them cannot be written, `write` is called again to keep them elsewhere, and the `UnwritableError` says
    where.
    """
    try:
        with together():
            return write()
    except UnwritableError as error:

        def write_into(folder: Path) -> None:
            with _in_batch(Batch(folder)):
                write()

        raise UnwritableError(f"{error} {keep_elsewhere(write_into)}") from error


def staged_path(path: Path) -> Path:
    """Where the content of an output file is that may still wait for those of its block."""
    batch = _batch.get()
    return path if batch is None else batch.files.get(batch.target(path), path)


def staged_digests(beside: Path) -> dict[str, str]:
    """The SHA-256 digests of all output files that have been written in the block of `together` so far.

    They are named by their paths from the folder of the file `beside`, which will hold the digests.
    """
    batch = _batch.get()
    if batch is None:
        return {}
    folder = batch.target(beside).parent
    return {_relative(path, folder): digest(new) for path, new in batch.files.items()}


def _relative(path: Path, folder: Path) -> str:
    try:
        return Path(os.path.relpath(path, folder)).as_posix()
    except ValueError:  # on another drive of Windows
        return path.as_posix()


class Batch:
    """Files that are complete under temporary names, until all get their own."""

    def __init__(self, elsewhere: Path | None = None) -> None:
        """`elsewhere`: the folder to write all files below."""
        self.files: dict[Path, Path] = {}  # temporary path by path
        self.passing: set[Path] = set()  # those of the temporary paths that need not outlast a power cut
        self.printed = b""  # for standard output
        self.elsewhere = elsewhere
        self.temporaries = ExitStack()

    def target(self, path: Path) -> Path:
        """The path that is written for `path`: the file that it links to."""
        if self.elsewhere is not None:
            return self.elsewhere.joinpath(*(part for part in path.parts if part not in (path.anchor, "..")))
        return Path(os.path.realpath(path))

    def new_file(self, path: Path) -> Path:
        """A temporary path for the content of a file, beside it."""
        target = self.target(path)
        target.parent.mkdir(parents=True, exist_ok=True)
        new = self.temporaries.enter_context(temporary(target.parent, NEW))
        if target.exists():
            os.close(os.open(new, os.O_CREAT | os.O_EXCL | os.O_WRONLY, PRIVATE))
        self.files[target] = new
        return new

    def publish(self) -> None:
        """Print what is for standard output, and give all files their names; if one fails, none keeps it."""
        for path, new in self.files.items():
            with refusing_unwritable(path):
                if new not in self.passing:
                    sync(new)
                keep_rights(path, new)
        previous = self._previous() if len(self.files) > 1 else {}
        self._print()
        done: list[Path] = []
        try:
            for path, new in self.files.items():
                with refusing_unwritable(path):
                    os.replace(new, path)
                done.append(path)
        except BaseException:
            _put_back(done, previous)
            raise
        for path in self.files:
            if not is_temporary(path):
                log.info("wrote %s", path)

    def _print(self) -> None:
        if not self.printed:
            return
        if self.elsewhere is not None:  # it may have been printed already
            (self.elsewhere / "standard-output").write_bytes(self.printed)
            return
        if sys.stdout is None:
            raise UnwritableError("standard output is closed, so nothing can be written to it. Name a file (-o FILE).")
        sys.stdout.buffer.write(self.printed)
        sys.stdout.buffer.flush()

    def _previous(self) -> dict[Path, Path]:
        """A second name, or a copy, of each file that will be replaced, by its path."""
        previous = {}
        for path in filter(Path.exists, self.files):
            with refusing_unwritable(path):
                previous[path] = self.temporaries.enter_context(temporary(path.parent, OLD))
                try:
                    os.link(path, previous[path])
                except OSError:  # a file system without links
                    shutil.copy2(path, previous[path])
        return previous


@contextmanager
def _in_batch(batch: Batch) -> Iterator[Batch]:
    """Write all output files of the block in a batch, which is published at the end."""
    token = _batch.set(batch)
    try:
        with batch.temporaries:
            yield batch
            batch.publish()
    finally:
        _batch.reset(token)


def _put_back(done: list[Path], previous: Mapping[Path, Path]) -> None:
    """Give files that have been replaced their previous content; raises an `UnwritableError` that names those lost."""
    lost = []
    for path in done:
        try:
            if path in previous:
                os.replace(previous[path], path)
            else:
                path.unlink()
        except OSError:
            if path in previous:
                keep(previous[path])
            lost.append(f"{path} is new" + (f", and what it was before is now {previous[path]}" * (path in previous)))
    if lost:
        raise UnwritableError(f"the outputs could be replaced only in part: {'; '.join(lost)}.")


def keep_rights(path: Path, new: Path) -> None:
    """Give a file or folder the mode and, as far as possible, the owner of the one at `path` that it will replace."""
    if not path.exists():
        return
    was = path.stat()
    for owner, group in ((was.st_uid, was.st_gid), (-1, was.st_gid)):
        with suppress(OSError, AttributeError):  # not permitted; Windows has no owners
            os.chown(new, owner, group)
            break
    shutil.copystat(path, new)  # after the owner, whose change takes rights away
    os.utime(new)


def sync(path: Path) -> None:
    """Put a file on the disk, so that it has its content when it has its name, even after a power cut."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        with suppress(OSError):  # on Windows, and on file systems that cannot
            os.fsync(descriptor)
    finally:
        os.close(descriptor)


def stem(path: str | os.PathLike[str]) -> str:
    """Name of a table file without its format ending: `a.2020.csv.gz` gives `a.2020`."""
    file = Path(path)
    return Path(file.stem).stem if file.suffix.lower() == ".gz" else file.stem
