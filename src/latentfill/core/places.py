"""`Place`: a file or a folder on this machine or in object storage, such as `s3://bucket/data`.

Places are known by their address alone, so that they can be sent to other machines: credentials stay in the
environment of each (`AWS_ACCESS_KEY_ID`, `AWS_PROFILE`, `GOOGLE_APPLICATION_CREDENTIALS`, ...).
"""

from __future__ import annotations

import os
import re
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import cache
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import urlsplit, urlunsplit

from latentfill.core.errors import InputError, UnwritableError
from latentfill.core.files import replacing
from latentfill.core.output_paths import check_folder_path

if TYPE_CHECKING:
    from pyarrow import NativeFile
    from pyarrow.fs import FileSystem

SCHEMES = ("s3", "gs", "gcs", "abfs", "abfss", "hdfs")  # that pyarrow opens
# the second slash is lost where a program, such as one that completes file names, takes an address for a path
_ADDRESS = re.compile(rf"(?P<scheme>{'|'.join(SCHEMES)}):/{{1,2}}(?P<rest>[^/].*)", re.DOTALL)
BLOCK = 1 << 22  # bytes that are sent at once
_HIDDEN = (".", "_")  # how the names of files and folders begin that are no data


class FoundFile(NamedTuple):
    """A file of a folder."""

    name: str  # its path from the folder, with slashes
    place: Place
    size: int  # bytes


@dataclass(frozen=True, slots=True)
class Place:
    """A file or a folder, on this machine or in object storage."""

    address: str  # an absolute path, or scheme://...

    @classmethod
    def of(cls, path: str | os.PathLike[str]) -> Place:
        """The place with this path or address.

        Raises an `InputError` for an address that holds credentials, which would be seen in outputs and logs.
        """
        found = _ADDRESS.fullmatch(os.fspath(path))
        if found is None:
            return cls(os.path.abspath(path))
        address = f"{found['scheme']}://{found['rest'].rstrip('/')}"
        if "@" in urlsplit(address, allow_fragments=False).netloc or _names_a_secret(address):
            raise InputError(
                "an address must not hold credentials, as it is shown in outputs and logs. Set them in the "
                "environment instead, such as AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY."
            )
        return cls(address)

    @property
    def is_remote(self) -> bool:
        """Whether it is in object storage."""
        return "://" in self.address

    @property
    def path(self) -> Path:
        """The path of a place on this machine."""
        assert not self.is_remote, self.address
        return Path(self.address)

    def __str__(self) -> str:
        return self.address

    def child(self, name: str) -> Place:
        """The place with this name, with slashes, in the folder."""
        if not self.is_remote:
            return Place(str(self.path / name))
        parts = urlsplit(self.address, allow_fragments=False)
        return Place(urlunsplit(parts._replace(path=f"{parts.path.rstrip('/')}/{name}")))

    @property
    def name(self) -> str:
        """The last part of the path."""
        return (
            PurePosixPath(urlsplit(self.address, allow_fragments=False).path).name if self.is_remote else self.path.name
        )

    def exists(self) -> bool:
        """Whether a file or a folder is there."""
        return self._kind() != "NotFound"

    def is_folder(self) -> bool:
        """Whether it is a folder."""
        return self._kind() == "Directory"

    def size(self) -> int:
        """Bytes of the file."""
        system, path = self._open()
        with _reading(self):
            return int(system.get_file_info([path])[0].size)

    def files(self) -> list[FoundFile]:
        """All files of the folder and of those below it, by name; names that begin with `.` or `_` are no data."""
        from pyarrow.fs import FileSelector, FileType

        system, path = self._open()
        with _reading(self):
            infos = system.get_file_info(FileSelector(path, recursive=True, allow_not_found=True))
        found = [(PurePosixPath(info.path).relative_to(path), info) for info in infos if info.type == FileType.File]
        return [
            FoundFile(name.as_posix(), self.child(name.as_posix()), info.size)
            for name, info in sorted(found, key=lambda each: each[0].as_posix())
            if not any(part.startswith(_HIDDEN) for part in name.parts)
        ]

    @contextmanager
    def copied(self) -> Iterator[Path]:
        """The path of the file on this machine: its own, or that of a copy that is removed when the block ends."""
        if not self.is_remote:
            yield self.path
            return
        with tempfile.TemporaryDirectory(prefix="latentfill-") as folder:
            copy = Path(folder) / self.name
            system, path = self._open()
            with _reading(self), system.open_input_stream(path) as source, copy.open("wb") as target:
                while block := source.read(BLOCK):
                    target.write(block)
            yield copy

    @contextmanager
    def replacing(self) -> Iterator[Path]:
        """Yield a path on this machine; the file written there becomes this one when the block ends, all at once."""
        if not self.is_remote:
            with replacing(self.path) as new:
                yield new
            return
        with tempfile.TemporaryDirectory(prefix="latentfill-") as folder:
            new = Path(folder) / self.name
            yield new
            system, path = self._open()
            with _writing(self):
                try:
                    with new.open("rb") as source, system.open_output_stream(path) as target:
                        while block := source.read(BLOCK):
                            target.write(block)
                except BaseException:  # what has been sent so far may have become the file
                    with suppress(OSError):
                        system.delete_file(path)
                    raise

    @contextmanager
    def opened(self) -> Iterator[NativeFile]:
        """The file, to be read in any order."""
        system, path = self._open()
        with _reading(self), system.open_input_file(path) as source:
            yield source

    def read_bytes(self) -> bytes | None:
        """The content of a file; None if there is none."""
        system, path = self._open()
        with _reading(self):
            try:
                with system.open_input_stream(path) as source:
                    return bytes(source.read())
            except FileNotFoundError:
                return None

    def write_bytes(self, data: bytes) -> None:
        """Write a file, all at once."""
        with self.replacing() as new:
            new.write_bytes(data)

    def remove(self) -> None:
        """Remove a file or a folder, if it is there."""
        system, path = self._open()
        with _writing(self):
            kind = self._kind()
            if kind == "Directory":
                system.delete_dir(path)
            elif kind == "File":
                system.delete_file(path)

    def check_folder(self, content: str, holds_it: str) -> None:
        """Raise an `InputError` if no folder can be written here.

        `content` says what the folder will hold, and `holds_it` is the name of what is in every folder that holds it;
        one with anything else is refused.
        """
        may_replace = self.child(holds_it).exists()
        if not self.is_remote:
            check_folder_path(self.path, content, lambda _: may_replace)
        elif not may_replace and self.exists() and self.files():
            raise InputError(f"{self} holds something other than {content}; name a new folder.")

    def _kind(self) -> str:
        system, path = self._open()
        with _reading(self):
            return str(system.get_file_info([path])[0].type.name)

    def _open(self) -> tuple[FileSystem, str]:
        """The file system, and the path in it."""
        if not self.is_remote:
            return _system(""), self.path.as_posix()
        parts = urlsplit(self.address, allow_fragments=False)
        with _reading(self):
            return _system(urlunsplit(parts._replace(path=""))), f"{parts.netloc}{parts.path}"


def _names_a_secret(address: str) -> bool:
    return re.search(r"[?&](access_key|secret_key|session_token|sas_token)=", address) is not None


@cache
def _system(bucket: str) -> FileSystem:
    """The file system of a bucket, with the credentials of the environment; that of this machine for ""."""
    from pyarrow.fs import FileSystem, LocalFileSystem

    return FileSystem.from_uri(bucket)[0] if bucket else LocalFileSystem()


@contextmanager
def _reading(place: object) -> Iterator[None]:
    """Turn errors of a file system into an `InputError` that says what was not reached, and what to do."""
    try:
        yield
    except FileNotFoundError:
        raise
    except (OSError, ValueError) as error:
        raise InputError(f"{place} cannot be reached: {_reason(error)}") from error


@contextmanager
def _writing(place: object) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise UnwritableError(f"{place} cannot be written: {_reason(error)}") from error


def _reason(error: Exception) -> str:
    """Why a place was not reached, and the way out."""
    text = str(error)
    if "ACCESS_DENIED" in text or "Forbidden" in text or isinstance(error, PermissionError):
        return (
            "there is no permission. Credentials are taken from the environment (for S3, AWS_ACCESS_KEY_ID and "
            "AWS_SECRET_ACCESS_KEY or a profile); check them, and the rights of the bucket."
        )
    if "NO_SUCH_BUCKET" in text or "bucket does not exist" in text.lower() or "ResourceNotFound" in text:
        return "there is no such bucket. Check its name."
    return f"{text}. Check the address, the network, and the credentials in the environment."
