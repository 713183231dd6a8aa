"""Checks of output paths before any work."""

import os
from pathlib import Path

import pytest

from latentfill.core.errors import InputError
from latentfill.core.output_paths import check_file_path, check_folder_path, check_new, check_room, refuse_inputs


def has_marker(folder: Path) -> bool:
    return (folder / "mark").is_file()


def test_paths_at_which_no_folder_can_be_written_are_refused(tmp_path):
    (tmp_path / "file").write_text("keep")
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "notes").write_text("keep")
    for path, words in (
        (tmp_path / "file", "is a file; a model is a folder"),
        (tmp_path / "file" / "model", "file is not a folder that can be written to"),
        (tmp_path / "other", "holds something other than a model"),
        (tmp_path / ("x" * 300), "cannot be written"),
    ):
        with pytest.raises(InputError, match=words):
            check_folder_path(path, "a model", has_marker)
    (tmp_path / "other" / "mark").touch()
    (tmp_path / "empty").mkdir()
    for path in (tmp_path / "other", tmp_path / "empty", tmp_path / "new" / "model"):
        check_folder_path(path, "a model", has_marker)


def test_paths_at_which_no_file_can_be_written_are_refused(tmp_path):
    (tmp_path / "file").write_text("keep")
    for path, words in (
        (tmp_path, "is a folder"),
        (tmp_path / "file" / "a.csv", "file is not a folder that can be written to"),
        (tmp_path / ("x" * 300), "cannot be written"),
    ):
        with pytest.raises(InputError, match=words):
            check_file_path(path)
    check_file_path(tmp_path / "a.csv")


def test_paths_that_exist_are_named(tmp_path):
    (tmp_path / "a.csv").touch()
    (tmp_path / "b.csv").symlink_to("nowhere")
    check_new([tmp_path / "c.csv", Path("-")])
    with pytest.raises(InputError, match=r"a\.csv, .*b\.csv exist already"):
        check_new([tmp_path / "a.csv", tmp_path / "b.csv", tmp_path / "c.csv"])


@pytest.mark.skipif(os.getuid() == 0, reason="the administrator may write everywhere")
def test_folders_without_the_right_to_write_are_refused(tmp_path):
    (tmp_path / "shut").mkdir(mode=0o500)
    for check in (check_file_path, lambda path: check_folder_path(path, "a model", has_marker)):
        with pytest.raises(InputError, match="shut is not a folder that can be written to"):
            check(tmp_path / "shut" / "a")


def test_an_output_that_is_an_input_by_any_name_is_refused(tmp_path):
    source = tmp_path / "a.csv"
    source.write_text("keep")
    (tmp_path / "link.csv").symlink_to(source)
    os.link(source, tmp_path / "hard.csv")
    (tmp_path / "way").symlink_to(tmp_path)
    for output in (source, tmp_path / "link.csv", tmp_path / "hard.csv", tmp_path / "way" / "a.csv"):
        with pytest.raises(InputError, match=r"is the input .*a\.csv itself"):
            refuse_inputs([tmp_path / "new.csv", output], [source])
    refuse_inputs([tmp_path / "new.csv", Path("-")], [source, tmp_path / "missing"])


def test_an_output_in_a_folder_that_is_read_or_around_an_input_is_refused(tmp_path):
    (tmp_path / "model").mkdir()
    (tmp_path / "model" / "config.json").write_text("{}")
    (tmp_path / "way").symlink_to(tmp_path / "model")
    for output in (tmp_path / "model" / "config.json", tmp_path / "way" / "new.csv"):
        with pytest.raises(InputError, match=r"lies in the folder .*model, which is read"):
            refuse_inputs([output], [tmp_path / "model"])
    with pytest.raises(InputError, match=r"way holds .*config\.json, which is read"):
        refuse_inputs([tmp_path / "way"], [tmp_path / "model" / "config.json"])
    refuse_inputs([tmp_path / "model.csv"], [tmp_path / "model"])


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such files")
def test_an_output_that_is_no_file_is_refused(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    for path, kind in ((tmp_path / "pipe", "pipe"), (Path("/dev/null"), "device")):
        with pytest.raises(InputError, match=f"is a {kind}, not a file.*standard output"):
            check_file_path(path)


def test_too_little_room_is_told_before_the_work(tmp_path):
    check_room(tmp_path / "new" / "a.csv", 1)
    with pytest.raises(InputError, match=r"has room for [\d.]+ MB, and at least 1000000000000\.0 MB will be needed"):
        check_room(tmp_path / "new" / "a.csv", 10**18)
