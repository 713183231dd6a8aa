"""The table of file formats, by the endings of file names."""

from __future__ import annotations

import pyarrow as pa
import pytest

from latentfill.core.errors import InputError
from latentfill.tables.backends import file_formats
from latentfill.tables.backends.file_format import FrameFormat
from latentfill.tables.backends.file_formats import FORMATS, format_of, register


@pytest.fixture(autouse=True)
def _restored(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(file_formats, "FORMATS", FORMATS.copy())


def in_memory(*suffixes: str) -> FrameFormat:
    return FrameFormat(
        name="Frames",
        suffixes=suffixes,
        read_frame=lambda path: pa.table({}),
        write_frame=lambda table, path: None,
    )


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("a.csv", "CSV"),
        ("A.TSV.GZ", "CSV"),
        ("b.txt", "CSV"),
        ("c.pq", "Parquet"),
        ("d.feather", "Feather"),
        ("e.XLSX", "Excel"),
    ],
)
def test_the_ending_of_a_file_name_decides_its_format(name: str, kind: str):
    assert format_of(name).name == kind


def test_a_registered_format_is_found_and_listed_in_errors():
    feather = in_memory(".frames", ".frm")
    register(feather)
    assert format_of("here/T.FRM") is feather
    with pytest.raises(InputError, match=r"'t\.doc' does not say .* \.csv, .*\.pq, .*\.frames, \.frm, or -"):
        format_of("t.doc")


def test_an_ending_in_use_is_refused_and_the_format_is_not_registered():
    with pytest.raises(InputError, match=r"Frames files cannot end in '\.csv', the ending of CSV files"):
        register(in_memory(".frames", ".csv"))
    with pytest.raises(InputError, match="does not say"):
        format_of("t.frames")


@pytest.mark.parametrize("suffix", ["feather", ".Feather"])
def test_an_ending_without_a_dot_or_with_capitals_is_refused(suffix: str):
    with pytest.raises(InputError, match=f"in lower case, got '{suffix}' for Frames"):
        register(in_memory(suffix))
