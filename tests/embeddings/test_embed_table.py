"""Embeddings of a whole table, written as a packed file or as TimeKD's files, and resumed after an interruption."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

import h5py
import numpy as np
import pytest

from latentfill.core.config import Config
from latentfill.core.errors import EmbeddingMismatchError, InputError, UnwritableError
from latentfill.core.series import Series
from latentfill.embeddings import embed_table
from latentfill.embeddings.embed_progress import EmbedProgress
from latentfill.embeddings.embed_table import TableEmbedder
from latentfill.embeddings.packing import TableWithPlan, pack
from latentfill.embeddings.pairing import pair_embeddings
from latentfill.embeddings.protocols.embedder import RawWindows
from latentfill.embeddings.protocols.record import VectorArray
from latentfill.embeddings.stored.digests import table_digest
from latentfill.embeddings.stored.opening import open_embeddings
from latentfill.embeddings.stored.packed_file import load_packed_file
from latentfill.embeddings.timekd.teacher import Teacher, TeacherSettings

Make = Callable[..., Series]
CONFIG = Config(split="custom", seq_len=12, pred_len=4, target="c1")


class Interrupted(Exception):
    """Simulates the interruption of a process."""


@dataclass
class Means:
    """Embeds a window as the mean and first value of each column; is interrupted after a number of windows."""

    windows: int = 10**9
    settings: Mapping[str, object] = field(default_factory=dict)
    name: str = "means"
    weights_digest: str | None = "0"
    length: int | None = None
    horizon: int = 0
    costly: bool = False

    def weights(self, columns: int) -> Mapping[str, VectorArray]:
        return {"mix": np.eye(columns, dtype=np.float32)}

    def embed(self, raw: RawWindows) -> VectorArray:
        self.windows -= len(raw)
        if self.windows < 0:
            raise Interrupted
        values = np.nan_to_num(raw.values)
        return np.stack([values.mean(axis=1), values[:, 0]], axis=2).astype(np.float32)


class Smoothed(Means):
    """Embeds windows that are filled by smoothing the series."""

    reads_smoothed = True

    def embed(self, raw: RawWindows) -> VectorArray:
        return super().embed(replace(raw, values=raw.required_smoothed.values))


@pytest.fixture(autouse=True)
def _small_pieces(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(embed_table, "BATCH", 5)


def test_a_packed_file_holds_all_windows_of_all_splits_and_their_provenance(tmp_path: Path, hourly: Make):
    series = hourly(100)
    TableEmbedder(series, Means(settings={"a": 1}), CONFIG).make_packed_file(tmp_path / "a.packed")
    packed = load_packed_file(tmp_path / "a.packed")
    assert packed.splits == {"train": 55, "val": 7, "test": 17}
    first = series.values[: CONFIG.stored.seq_len]
    np.testing.assert_allclose(packed.read("train")[0, :, 0], first.mean(axis=0), rtol=1e-6)
    np.testing.assert_array_equal(packed.weights["mix"], np.eye(2))
    provenance = packed.provenance
    assert (provenance.encoder, provenance.settings, provenance.saw) == ("means", {"a": 1}, "observed")
    assert provenance.table_digest == table_digest(series)
    assert provenance.window is not None
    assert provenance.window["split"] == "custom"


def test_packing_a_packed_file_again_keeps_everything(tmp_path: Path, hourly: Make):
    TableEmbedder(hourly(100), Means(), CONFIG).make_packed_file(tmp_path / "a.packed")
    pack(load_packed_file(tmp_path / "a.packed"), tmp_path / "b.packed")
    assert (tmp_path / "a.packed").read_bytes() == (tmp_path / "b.packed").read_bytes()


def test_a_packed_file_pairs_only_with_its_own_table(tmp_path: Path, hourly: Make):
    series = hourly(100)
    TableEmbedder(series, Means(), CONFIG).make_packed_file(tmp_path / "a.packed")
    paired = pair_embeddings(Config(embeddings=str(tmp_path / "a.packed")), series, None)
    np.testing.assert_allclose(paired.splits["val"].vectors[0, :, 1], series.values[58], rtol=1e-6)
    with pytest.raises(EmbeddingMismatchError, match="was made for another table"):
        pair_embeddings(Config(embeddings=str(tmp_path / "a.packed")), hourly(101), None)


def test_columns_are_stored_in_timekds_order_and_read_in_the_tables_order(tmp_path: Path, hourly: Make):
    series, config = hourly(100, 3), Config(split="custom", seq_len=12, pred_len=4, target="c0")
    TableEmbedder(series, Means(), config).make_packed_file(tmp_path / "a.packed")
    np.testing.assert_allclose(
        load_packed_file(tmp_path / "a.packed").read("train")[0, :, 1], series.values[0, [1, 2, 0]]
    )
    paired = pair_embeddings(Config(embeddings=str(tmp_path / "a.packed")), series, None)
    np.testing.assert_allclose(paired.splits["train"].vectors[0][:, 1], series.values[0])


def test_without_a_split_plan_the_last_window_ends_on_the_last_row(tmp_path: Path, hourly: Make):
    config = Config(seq_len=12, pred_len=0, embedding_stride=7)
    TableEmbedder(hourly(60), Means(), config).make_packed_file(tmp_path / "a.packed")
    assert load_packed_file(tmp_path / "a.packed").starts["all"].tolist() == [0, 7, 14, 21, 28, 35, 42, 48]


@pytest.mark.parametrize(("after", "kept"), [(1, 0), (5, 0), (6, 5), (29, 25), (60, 55), (79, 77)])
def test_an_interrupted_packed_file_is_resumed_and_ends_in_the_same_bytes(
    tmp_path: Path, hourly: Make, after: int, kept: int
):
    series = hourly(100)
    TableEmbedder(series, Means(), CONFIG).make_packed_file(tmp_path / "whole.packed")
    with pytest.raises(Interrupted):
        TableEmbedder(series, Means(windows=after), CONFIG).make_packed_file(tmp_path / "cut.packed")
    assert not (tmp_path / "cut.packed").exists()
    reports: list[EmbedProgress] = []
    TableEmbedder(series, Means(), CONFIG).make_packed_file(tmp_path / "cut.packed", on_progress=reports.append)
    assert (tmp_path / "cut.packed").read_bytes() == (tmp_path / "whole.packed").read_bytes()
    assert reports[0].done == kept
    assert reports[-1].done == reports[-1].total == 79
    assert sorted(path.name for path in tmp_path.iterdir()) == ["cut.packed", "whole.packed"]


def test_a_partial_file_of_other_settings_is_restarted(tmp_path: Path, hourly: Make):
    series = hourly(100)
    with pytest.raises(Interrupted):
        TableEmbedder(series, Means(windows=30), CONFIG).make_packed_file(tmp_path / "a.packed")
    reports: list[EmbedProgress] = []
    TableEmbedder(series, Means(settings={"a": 2}), CONFIG).make_packed_file(
        tmp_path / "a.packed", on_progress=reports.append
    )
    assert reports[0].done == 0


def test_a_partly_written_batch_is_written_again(tmp_path: Path, hourly: Make):
    series = hourly(100)
    TableEmbedder(series, Means(), CONFIG).make_packed_file(tmp_path / "whole.packed")
    (tmp_path / ".cut.packed.partial").write_bytes((tmp_path / "whole.packed").read_bytes()[:-50])
    TableEmbedder(series, Means(), CONFIG).make_packed_file(tmp_path / "cut.packed")
    assert (tmp_path / "cut.packed").read_bytes() == (tmp_path / "whole.packed").read_bytes()


@dataclass
class Removing(Means):
    """Removes something while it embeds the second batch."""

    remove: Callable[[], object] = lambda: None
    calls: int = 0

    def embed(self, raw: RawWindows) -> VectorArray:
        self.calls += 1
        if self.calls == 3:  # the first call embeds one window, to find the size
            self.remove()
        return super().embed(raw)


def test_a_folder_that_is_removed_meanwhile_does_not_lose_what_is_embedded(
    tmp_path: Path, hourly: Make, monkeypatch: pytest.MonkeyPatch
):
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "elsewhere"))
    series, out = hourly(100), tmp_path / "out" / "a.packed"
    TableEmbedder(series, Means(), CONFIG).make_packed_file(tmp_path / "whole.packed")
    remover = Removing(remove=lambda: shutil.rmtree(out.parent))
    with pytest.raises(UnwritableError, match=r"a\.packed\.partial was removed while it was written") as caught:
        TableEmbedder(series, remover, CONFIG).make_packed_file(out)
    (kept,) = (tmp_path / "elsewhere").rglob(".a.packed.partial")
    assert str(kept.parent) in str(caught.value)
    out.parent.mkdir()
    kept.rename(out.parent / kept.name)
    reports: list[EmbedProgress] = []
    TableEmbedder(series, Means(), CONFIG).make_packed_file(out, on_progress=reports.append)
    assert reports[0].done > 0
    assert out.read_bytes() == (tmp_path / "whole.packed").read_bytes()


def test_a_folder_of_window_files_that_is_removed_meanwhile_is_never_half_full(tmp_path: Path, hourly: Make):
    remover = Removing(remove=lambda: shutil.rmtree(tmp_path / "sensor"))
    with pytest.raises(UnwritableError, match="was removed or moved while it was written"):
        TableEmbedder(hourly(100), remover, CONFIG).make_folder(tmp_path, "sensor")


def test_a_folder_in_which_a_killed_run_left_only_a_temporary_file_counts_as_empty(tmp_path: Path, hourly: Make):
    folder = tmp_path / "sensor" / "4"
    folder.mkdir(parents=True)
    (folder / ".latentfill-01234567-0123456789ab.01234567.new").write_text("{")
    assert TableEmbedder(hourly(100), Means(), CONFIG).make_folder(tmp_path, "sensor") == folder
    assert (folder / "latentfill.json").is_file()


def test_a_replaced_packed_file_keeps_its_permissions_and_a_link_its_target(tmp_path: Path, hourly: Make):
    path = tmp_path / "a.packed"
    TableEmbedder(hourly(100), Means(), CONFIG).make_packed_file(path)
    path.chmod(0o604)
    (tmp_path / "link").symlink_to(path)
    TableEmbedder(hourly(101), Means(), CONFIG).make_packed_file(tmp_path / "link", overwrite=True)
    assert (tmp_path / "link").is_symlink()
    assert path.stat().st_mode & 0o777 == 0o604


def test_timekds_layout_has_its_paths_names_shape_and_dtype(tmp_path: Path, hourly: Make):
    series = hourly(100)
    folder = TableEmbedder(series, Means(), CONFIG).make_folder(tmp_path, "sensor")
    assert folder == tmp_path / "sensor" / "4"
    assert {path.name for path in (folder / "val").iterdir()} == {f"{i}.h5" for i in range(7)}
    with h5py.File(folder / "train" / "54.h5") as file:
        assert list(file) == ["embeddings"]
        assert (file["embeddings"].shape, file["embeddings"].dtype) == ((2, 2), np.float32)
        np.testing.assert_allclose(file["embeddings"][:, 1], series.values[54], rtol=1e-6)
    paired = pair_embeddings(CONFIG.replace(embeddings=str(tmp_path)), series, "sensor")
    assert {split: len(vectors.vectors) for split, vectors in paired.splits.items()} == {
        "train": 55,
        "val": 7,
        "test": 17,
    }
    assert paired.splits["train"].provenance.encoder == "means"  # read from the record in the folder


def test_packing_a_folder_with_its_table_gives_the_same_bytes_as_embedding_the_table(tmp_path: Path, hourly: Make):
    TableEmbedder(hourly(100), Means(), CONFIG).make_folder(tmp_path, "sensor")
    TableEmbedder(hourly(100), Means(), CONFIG).make_packed_file(tmp_path / "made.packed")
    pack(open_embeddings(tmp_path / "sensor"), tmp_path / "packed.packed", TableWithPlan(hourly(100), Config().stored))
    assert (tmp_path / "packed.packed").read_bytes() == (tmp_path / "made.packed").read_bytes()


def test_interrupted_files_are_resumed_and_end_in_the_same_bytes(tmp_path: Path, hourly: Make):
    series = hourly(100)
    whole = TableEmbedder(series, Means(), CONFIG).make_folder(tmp_path / "whole", "sensor")
    with pytest.raises(Interrupted):
        TableEmbedder(series, Means(windows=31), CONFIG).make_folder(tmp_path / "cut", "sensor")
    embedder, reports = Means(), list[EmbedProgress]()
    cut = TableEmbedder(series, embedder, CONFIG).make_folder(tmp_path / "cut", "sensor", on_progress=reports.append)
    assert (reports[0].done, reports[-1].done, reports[-1].total) == (30, 79, 79)
    assert 10**9 - embedder.windows == 1 + 79 - 30  # one window gives the shape
    for path in whole.rglob("*.h5"):
        assert (cut / path.relative_to(whole)).read_bytes() == path.read_bytes()


def test_a_folder_of_other_embeddings_is_refused_and_not_changed(tmp_path: Path, hourly: Make):
    TableEmbedder(hourly(100), Means(), CONFIG).make_folder(tmp_path, "sensor")
    with pytest.raises(InputError, match="is not empty: it holds embeddings of another table, encoder or settings"):
        TableEmbedder(hourly(100), Means(settings={"a": 2}), CONFIG).make_folder(tmp_path, "sensor")


def test_with_overwrite_only_packed_files_are_replaced(tmp_path: Path, hourly: Make):
    table_embedder = TableEmbedder(hourly(100), Means(), CONFIG)
    table_embedder.make_packed_file(tmp_path / "a.packed")
    with pytest.raises(InputError, match=r"exists already. Allow it to be overwritten"):
        table_embedder.make_packed_file(tmp_path / "a.packed")
    table_embedder.make_packed_file(tmp_path / "a.packed", overwrite=True)
    (tmp_path / "a.csv").write_text("a,b\n")
    with pytest.raises(InputError, match="is no packed file"):
        table_embedder.make_packed_file(tmp_path / "a.csv", overwrite=True)


@pytest.mark.parametrize(
    ("embedder", "config", "message"),
    [
        (Means(length=24), CONFIG, r"reads windows of 24 steps, but seq_len is 12. Use seq_len=24"),
        (Means(horizon=8), CONFIG, r"reads 8 steps after a window, but pred_len is 4. Use pred_len=8 or more"),
        (Means(), Config(seq_len=96, pred_len=24), r"has 100 rows, fewer than one window needs"),
    ],
)
def test_unsuitable_windows_are_refused_with_the_numbers(hourly: Make, embedder: Means, config: Config, message: str):
    with pytest.raises(InputError, match=message):
        TableEmbedder(hourly(100), embedder, config)


def test_numbers_that_are_not_finite_are_refused(tmp_path: Path, hourly: Make, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(Means, "embed", lambda self, raw: np.full((len(raw), 2, 2), np.nan, np.float32))
    with pytest.raises(InputError, match="not finite for the windows at positions 0"):
        TableEmbedder(hourly(100), Means(), CONFIG).make_packed_file(tmp_path / "a.packed")


def test_embedding_again_with_a_language_model_gives_the_same_bytes(tmp_path: Path, hourly: Make, language_model: Path):
    for name in ("a", "b"):
        teacher = Teacher.load(language_model, TeacherSettings(pred_len=4, privileged=True))
        TableEmbedder(hourly(60), teacher, CONFIG).make_packed_file(tmp_path / name)
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()
    packed = load_packed_file(tmp_path / "a")
    assert packed.weights.keys() == {"query", "key", "value", "out"}
    assert packed.provenance.settings["privileged"] is True


def test_a_second_run_on_the_same_packed_file_is_refused_and_changes_nothing(tmp_path: Path, hourly: Make):
    series, target = hourly(100), tmp_path / "a.packed"

    class Greedy(Means):
        """Starts a second run during the first."""

        def embed(self, raw: RawWindows) -> VectorArray:
            if len(raw) > 1:
                with pytest.raises(InputError, match=r"another run is writing .*a\.packed\."):
                    TableEmbedder(series, Means(settings={"a": 2}), CONFIG).make_packed_file(target)
            return super().embed(raw)

    TableEmbedder(series, Greedy(), CONFIG).make_packed_file(target)
    TableEmbedder(series, Means(), CONFIG).make_packed_file(tmp_path / "alone.packed")
    assert target.read_bytes() == (tmp_path / "alone.packed").read_bytes()


def test_truncated_files_are_written_again(tmp_path: Path, hourly: Make):
    series = hourly(100)
    whole = TableEmbedder(series, Means(), CONFIG).make_folder(tmp_path / "whole", "sensor")
    cut = TableEmbedder(series, Means(), CONFIG).make_folder(tmp_path / "cut", "sensor")
    (cut / "train" / "3.h5").write_bytes(b"")
    (cut / "val" / "2.h5").write_bytes((cut / "val" / "2.h5").read_bytes()[:-10])
    TableEmbedder(series, Means(), CONFIG).make_folder(tmp_path / "cut", "sensor")
    for path in whole.rglob("*.h5"):
        assert (cut / path.relative_to(whole)).read_bytes() == path.read_bytes()


def test_a_folder_that_cannot_be_created_or_is_a_file_is_refused(tmp_path: Path, hourly: Make):
    (tmp_path / "file").write_text("mine")
    for place in (tmp_path / "file", Path("/proc/nowhere")):
        with pytest.raises(InputError, match="cannot be written"):
            TableEmbedder(hourly(100), Means(), CONFIG).make_folder(place, "sensor")
    assert (tmp_path / "file").read_text() == "mine"


def test_a_folder_with_another_dataset_name_is_not_resumed(tmp_path: Path, hourly: Make):
    TableEmbedder(hourly(100), Means(), CONFIG).make_folder(tmp_path, "sensor")
    with pytest.raises(InputError, match="is not empty"):
        TableEmbedder(hourly(100), Means(), replace(CONFIG, dataset="other")).make_folder(tmp_path, "sensor")


def test_an_embedder_that_asks_for_it_reads_the_smoothed_series(hourly: Make, tmp_path: Path):
    series = hourly(100, 3, gaps=0.1)
    filled = np.where(np.isnan(series.values), 7.0, series.values)
    TableEmbedder(series, Smoothed(), CONFIG, lambda *_: filled).make_packed_file(tmp_path / "a.packed")
    TableEmbedder(replace(series, values=filled), Means(), CONFIG).make_packed_file(tmp_path / "b.packed")
    smoothed, whole = (load_packed_file(tmp_path / name) for name in ("a.packed", "b.packed"))
    np.testing.assert_array_equal(smoothed.read("train"), whole.read("train"))
    assert smoothed.provenance.settings == {"smoothing": CONFIG.seed}
    assert whole.provenance.settings == {}


def test_a_series_is_smoothed_only_for_an_embedder_that_asks_for_it(hourly: Make):
    TableEmbedder(hourly(100), Means(), CONFIG, lambda *_: pytest.fail("nothing asks for it"))
    with pytest.raises(InputError, match=r"windows that are filled by smoothing the series.*rough_fill linear"):
        TableEmbedder(hourly(100), Smoothed(), CONFIG).embed(np.array([0]))


def test_steps_after_a_window_are_smoothed_too(hourly: Make):
    seen: list[RawWindows] = []

    class Ahead(Smoothed):
        def embed(self, raw: RawWindows) -> VectorArray:
            seen.append(raw)
            return super().embed(raw)

    series = hourly(100, gaps=0.2)
    filled = np.where(np.isnan(series.values), 7.0, series.values)
    TableEmbedder(series, Ahead(horizon=4), CONFIG.replace(target="c1"), lambda *_: filled).embed(np.array([0]))
    np.testing.assert_array_equal(seen[0].future, filled[None, 12:16])
