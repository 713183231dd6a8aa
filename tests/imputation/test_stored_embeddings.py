"""Filling from stored embeddings: pairing with windows, one decoder per split, and rows without embeddings."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch

from latentfill import Code, Imputer
from latentfill.core.config import Config
from latentfill.core.config_settings import StoredSettings
from latentfill.core.errors import EmbeddingMismatchError, InputError
from latentfill.core.series import Series
from latentfill.embeddings.pairing import pair_embeddings, pair_stored
from latentfill.embeddings.protocols.record import Provenance
from latentfill.embeddings.stored.arrays import arrays_of
from latentfill.embeddings.stored.digests import table_digest
from latentfill.embeddings.stored.h5_writing import write_split
from latentfill.embeddings.stored.packed_digest import seal
from latentfill.embeddings.stored.packed_writing import SplitVectors, save_packed_file

SEQ, PRED, ROWS = 12, 4, 200
WITHOUT_NETWORKS = {Code.BLEND, Code.LINEAR, Code.AUTOREGRESSION, Code.STATE_SPACE, Code.KRIGING}
# custom split of 200 rows: train 0-139, val 128-159 (12 of them overlap), test from 148 on
N_TRAIN, N_VAL = 140 - SEQ - PRED + 1, 32 - SEQ - PRED + 1


@pytest.fixture
def frame() -> pd.DataFrame:
    rng = np.random.default_rng(0)
    hours = np.arange(ROWS)
    wave = np.sin(2 * np.pi * hours / 24)
    table = pd.DataFrame({"OT": wave, "b": 2 * wave + 1, "c": -wave})
    table += rng.normal(0, 0.05, table.shape)
    table = table.mask(rng.random(table.shape) < 0.1)
    table.insert(0, "date", pd.date_range("2024-01-01", periods=ROWS, freq="h"))
    return table


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    rng = np.random.default_rng(1)
    root = tmp_path / "embeddings"
    for split, count in (("train", N_TRAIN), ("val", N_VAL)):
        write_split(root / "table" / str(PRED), split, rng.normal(size=(count, 3, 8)).astype(np.float32))
    return root


@pytest.fixture
def settings(folder: Path, quick: dict[str, object]) -> dict[str, object]:
    return quick | {"embeddings": str(folder), "split": "custom", "seq_len": SEQ, "pred_len": PRED}


def series(frame: pd.DataFrame) -> Series:
    values = frame.drop(columns="date").to_numpy(float)
    return Series(values, tuple(frame.columns[1:]), frame["date"].to_numpy("datetime64[ns]"), np.arange(len(frame)))


def test_each_split_is_paired_with_its_own_windows(frame: pd.DataFrame, settings: dict[str, object]):
    paired = pair_embeddings(Config(**settings), series(frame), "table")
    assert list(paired.splits) == ["train", "val"]
    np.testing.assert_array_equal(paired.splits["train"].starts, np.arange(N_TRAIN))
    np.testing.assert_array_equal(paired.splits["val"].starts, 128 + np.arange(N_VAL))


def test_variables_are_put_into_the_order_of_the_columns(
    frame: pd.DataFrame, folder: Path, settings: dict[str, object]
):
    """TimeKD's custom loader moves the target to the end: b, c, OT on disk is OT, b, c in the table."""
    import h5py

    with h5py.File(folder / "table" / str(PRED) / "train" / "5.h5") as file:
        on_disk = file["embeddings"][:]
    vectors = pair_embeddings(Config(**settings), series(frame), "table").splits["train"].vectors[5]
    np.testing.assert_array_equal(vectors, on_disk[[2, 0, 1]])


@pytest.mark.parametrize(
    ("strategy", "code"),
    [("denoise", Code.STORED), ("neighbours", Code.STORED_NEIGHBOURS), ("latent", Code.STORED_LATENT)],
)
@pytest.mark.parametrize("pooled", [False, True])
def test_the_three_strategies_on_embeddings_work_on_stored_embeddings(
    frame: pd.DataFrame, tmp_path: Path, settings: dict[str, object], strategy: str, code: Code, pooled: bool
):
    if pooled:  # one vector for all columns
        rng, root = np.random.default_rng(2), tmp_path / "pooled"
        for split, count in (("train", N_TRAIN), ("val", N_VAL)):
            write_split(root / "table" / str(PRED), split, rng.normal(size=(count, 1, 8)).astype(np.float32))
        settings = settings | {"embeddings": str(root)}
    imputer = Imputer(**settings, strategy=strategy, latent_steps=5, intervals=0.9).fit(frame)
    imputation = imputer.fill(frame)
    missing = frame.drop(columns="date").isna().to_numpy()
    covered = np.arange(ROWS) < 128 + N_VAL + SEQ - 1
    used = set(np.unique(imputation.filled.codes[missing & covered[:, None]]))
    assert code in used
    assert used <= {code, Code[strategy.upper()], Code.FALLBACK}  # what stored neighbours leave open, others fill
    assert Code[strategy.upper()] in np.unique(imputation.filled.codes[missing & ~covered[:, None]])
    assert not np.isnan(imputation.filled.values).any()
    assert not np.isnan(imputation.filled.lower).any()
    assert "oracle" in imputation.summary["held_out_error"]["train"]["label"]


def test_columns_of_all_kinds_are_worked_on_as_numbers_and_get_possible_values(
    frame: pd.DataFrame, settings: dict[str, object], tmp_path: Path
):
    wave, missing = frame["OT"].ffill().bfill(), frame.drop(columns="date").isna()
    frame = frame.assign(b=(180 + 170 * wave).clip(0, 360), c=np.where(wave > 0, 90.0, 10.0))
    frame[["b", "c"]] = frame[["b", "c"]].mask(missing[["b", "c"]])
    imputer = Imputer(**settings, strategy="neighbours", kind="b=circular,c=code", intervals=0.9).fit(frame)
    imputation = imputer.fill(frame)
    filled = imputation.to_frame()
    assert filled[["b", "b_lower", "b_upper"]].min(axis=None) >= 0
    assert filled[["b", "b_lower", "b_upper"]].max(axis=None) <= 360
    assert set(np.unique(filled[["c", "c_lower", "c_upper"]])) == {10.0, 90.0}
    note = "Embeddings are of numbers, so these columns are worked on as such: 'b', 'c'."
    assert note in imputation.summary["notes"]
    imputer.save(tmp_path / "model")
    again = Imputer.load(tmp_path / "model").fill(frame)
    assert note in again.summary["notes"]
    pd.testing.assert_frame_equal(again.to_frame(), filled)


def test_covered_rows_are_filled_from_the_embeddings_and_the_rest_by_the_built_in_encoder(
    frame: pd.DataFrame, settings: dict[str, object]
):
    imputation = Imputer(**settings).fit(frame).fill(frame)
    codes, missing = imputation.filled.codes, frame.drop(columns="date").isna().to_numpy()
    # The last train window ends on row 135, the last val window on row 155: 136-155 is covered by val from 128 on.
    covered = np.arange(ROWS) <= 155
    assert set(codes[missing & covered[:, None]]) <= {Code.STORED, Code.STORED_BLEND, *WITHOUT_NETWORKS}
    assert set(codes[missing & ~covered[:, None]]) <= WITHOUT_NETWORKS
    assert "denoise" in imputation.summary["held_out_error"]["train"]["candidates"]
    assert not np.isnan(imputation.filled.values).any()
    described = imputation.summary["embeddings"]
    assert described["splits"]["train"] == {"windows": N_TRAIN, "rows": [0, 135]}
    assert described["splits"]["val"] == {"windows": N_VAL, "rows": [128, 155]}
    assert described["rows_without_embeddings"] == [[156, 199]]
    assert "oracle" in imputation.summary["held_out_error"]["train"]["label"]


def test_rows_without_embeddings_can_be_left_to_linear_interpolation(
    frame: pd.DataFrame, settings: dict[str, object], tmp_path: Path
):
    chosen = settings | {"strategy": "denoise", "context": "none", "head": "mlp", "elsewhere": "linear"}
    imputer = Imputer(**chosen).fit(frame)
    assert (imputer.fitted_.encoder, list(imputer.fitted_.builtin.history)) == (
        None,
        [],
    )  # nothing was trained for them
    filled = imputer.fill(frame).filled
    missing = frame.drop(columns="date").isna().to_numpy()
    covered = np.arange(ROWS) < 128 + N_VAL + SEQ - 1
    assert set(np.unique(filled.codes[missing & covered[:, None]])) == {Code.STORED}
    assert set(np.unique(filled.codes[missing & ~covered[:, None]])) == {Code.LINEAR}
    linear = Imputer(strategy="linear").fit(frame).fill(frame).filled.values
    np.testing.assert_allclose(filled.values[~covered], linear[~covered])
    imputer.save(tmp_path / "model")
    np.testing.assert_array_equal(Imputer.load(tmp_path / "model").fill(frame).filled.values, filled.values)


def test_a_saved_model_fills_from_the_same_embeddings_and_refuses_others(
    frame: pd.DataFrame, folder: Path, settings: dict[str, object], tmp_path: Path
):
    imputer = Imputer(**settings).fit(frame)
    imputer.save(tmp_path / "model")
    loaded = Imputer.load(tmp_path / "model")
    assert loaded.transform(frame).equals(imputer.transform(frame))
    other = tmp_path / "other"
    for split, count in (("train", N_TRAIN), ("val", N_VAL)):
        write_split(other / "table" / str(PRED), split, np.ones((count, 3, 8), dtype=np.float32))
    with pytest.raises(EmbeddingMismatchError, match=r"differ from those that the model was fitted with.*train, val"):
        Imputer.load(tmp_path / "model", embeddings=str(other)).transform(frame)
    without = Imputer.load(tmp_path / "model", embeddings=None).fill(frame)
    assert not (without.filled.codes == Code.STORED).any()
    assert not np.isnan(without.filled.values).any()


def test_the_error_for_another_window_length_names_both_counts(frame: pd.DataFrame, settings: dict[str, object]):
    with pytest.raises(EmbeddingMismatchError, match=rf"{N_TRAIN}.*{N_TRAIN - 4}"):
        pair_embeddings(Config(**(settings | {"seq_len": SEQ + 4})), series(frame), "table")


def test_split_folders_without_a_split_plan_are_refused_with_the_missing_flag(
    frame: pd.DataFrame, settings: dict[str, object]
):
    with pytest.raises(
        EmbeddingMismatchError, match=r"has no train windows[\s\S]*fit --split custom --seq-len 12 --pred-len 4"
    ):
        pair_embeddings(Config(**(settings | {"split": "none"})), series(frame), "table")


def test_embeddings_of_another_number_of_variables_are_refused(frame: pd.DataFrame, settings: dict[str, object]):
    fewer = series(frame.drop(columns="c"))
    with pytest.raises(EmbeddingMismatchError, match="3"):
        pair_embeddings(Config(**settings), fewer, "table")


def test_a_plain_folder_of_windows_pairs_with_the_whole_series(
    frame: pd.DataFrame, tmp_path: Path, quick: dict[str, object]
):
    count = ROWS - SEQ + 1
    write_split(tmp_path, "flat", np.random.default_rng(0).normal(size=(count, 8)).astype(np.float32))
    settings = quick | {"embeddings": str(tmp_path / "flat"), "seq_len": SEQ, "pred_len": 0, "strategy": "denoise"}
    codes = Imputer(**settings).fit(frame).fill(frame).filled.codes
    assert not (codes == Code.DENOISE).any()
    assert (codes == Code.STORED).any()


@pytest.mark.parametrize("settings_", [{"split": "weekly"}, {"features": "X"}, {"seq_len": 1}])
def test_settings_of_the_split_plan_are_checked(settings_: dict[str, object]):
    with pytest.raises(InputError, match=next(iter(settings_))):
        Config(**settings_)


@pytest.mark.parametrize(
    ("strategy", "stored", "beyond"),
    [
        ("auto", {Code.STORED, Code.STORED_BLEND, *WITHOUT_NETWORKS}, WITHOUT_NETWORKS),
        ("denoise", {Code.STORED}, {Code.DENOISE}),
        ("neighbours", {Code.STORED_NEIGHBOURS, Code.NEIGHBOURS, Code.FALLBACK}, {Code.NEIGHBOURS, Code.FALLBACK}),
        ("latent", {Code.STORED_LATENT}, {Code.LATENT}),
    ],
)
def test_a_real_timekd_folder_fills_its_csv(
    shared_data: Path, tmp_path: Path, run_cli: Callable[..., int], strategy: str, stored: set[Code], beyond: set[Code]
):
    """The command of the README on a real folder, cells of its CSV hidden."""
    rng = np.random.default_rng(0)
    table = pd.read_csv(shared_data / "timekd" / "cambridge5.csv", dtype=str)
    hidden = rng.random((len(table), 5)) < 0.1
    gappy = table.copy()
    gappy.iloc[:, 1:] = table.iloc[:, 1:].mask(hidden)
    gappy.to_csv(tmp_path / "cambridge5.csv", index=False)
    arguments = ["impute", tmp_path / "cambridge5.csv", "--embeddings", shared_data / "timekd", "--split", "custom"]
    arguments += ["--seq-len", 96, "--pred-len", 24, "-o", tmp_path / "filled.csv", "--codes", tmp_path / "codes.csv"]
    for quick in ("encoder_steps=5", "decoder_steps=5", "decoder_batch=8", "dim=16", "width=16", "latent_steps=5"):
        arguments += ["--set", quick]
    assert run_cli(*arguments, "--strategy", strategy) == 0
    filled = pd.read_csv(tmp_path / "filled.csv", dtype=str)
    assert not filled.isna().any().any()
    assert (filled.to_numpy()[:, 1:][~hidden] == table.to_numpy()[:, 1:][~hidden]).all()
    codes = pd.read_csv(tmp_path / "codes.csv")[list(table.columns[1:])].to_numpy()
    # The 37 val windows start at row 324 (420 train rows - 96), so the last one ends on row 455.
    assert set(codes[:456][hidden[:456]]) <= stored
    assert set(codes[456:][hidden[456:]]) <= beyond
    if strategy != "auto":  # which may leave them aside
        assert max(stored - beyond) in codes[:456][hidden[:456]]
    summary = json.loads((tmp_path / "filled.summary.json").read_text())
    assert summary["embeddings"]["rows_without_embeddings"] == [[456, 599]]
    assert "train and val are not known to share a space" in " ".join(summary["notes"])
    assert "oracle" in summary["held_out_error"]["train"]["label"]


def test_a_table_that_is_not_in_time_order_is_not_paired(frame: pd.DataFrame, settings: dict[str, object]):
    with pytest.raises(EmbeddingMismatchError, match="not in time order"):
        Imputer(**settings).fit(frame.iloc[::-1])


def test_a_note_warns_of_embeddings_made_from_values_after_the_window(
    frame: pd.DataFrame, tmp_path: Path, quick: dict[str, object]
):
    vectors = np.ones((ROWS - SEQ + 1, 3, 2), np.float32)
    provenance = Provenance(encoder="timekd", source="computed", settings={"privileged": True, "pred_len": 4})
    packed = save_packed_file(tmp_path / "a.packed", {"all": SplitVectors(vectors.shape, vectors)}, provenance)
    filled = Imputer(**quick, embeddings=str(packed), seq_len=SEQ, pred_len=0).fit(frame).fill(frame)
    assert "also reads the 4 values after each window" in " ".join(filled.summary["notes"])  # type: ignore[arg-type]


def test_a_note_says_that_splits_have_decoders_of_their_own(frame: pd.DataFrame, settings: dict[str, object]):
    notes = Imputer(**settings).fit(frame).fill(frame).summary["notes"]
    assert "The embeddings of train and val are not known to share a space" in " ".join(notes)  # type: ignore[arg-type]


def test_a_folder_with_a_record_is_paired_by_its_split_plan_and_refuses_another_table(
    frame: pd.DataFrame, folder: Path, quick: dict[str, object]
):
    window = {"split": "custom", "seq_len": SEQ, "pred_len": PRED, "embedding_stride": 1}
    provenance = Provenance(
        encoder="x",
        source="computed",
        window=window,
        table_digest=table_digest(series(frame)),
        deterministic=True,
        saw="observed",
    )
    (folder / "table" / str(PRED) / "latentfill.json").write_text(json.dumps(provenance.to_dict()))
    imputer = Imputer(**quick, embeddings=str(folder), strategy="neighbours").fit(frame)
    bank = imputer.fitted_.stored["val"].candidates.by_name["neighbours"].bank  # type: ignore[attr-defined]
    assert sorted(bank.starts.tolist()) == sorted({*range(N_TRAIN), *range(128, 128 + N_VAL)})
    filled = imputer.fill(frame)
    assert filled.summary["embeddings"]["provenance"]["val"] == {"encoder": "x", "saw": "observed"}  # type: ignore[index]
    assert "share a space" not in " ".join(filled.summary["notes"])  # type: ignore[arg-type]
    imputer.save(folder / "model")
    again = Imputer.load(folder / "model").fill(frame)
    np.testing.assert_array_equal(again.filled.values, filled.filled.values)
    assert again.summary["notes"] == filled.summary["notes"]
    with pytest.raises(EmbeddingMismatchError, match="was made for another table"):
        Imputer(**quick, embeddings=str(folder)).fit(frame.assign(c=0.0))
    (folder / "table" / str(PRED) / "latentfill.json").write_text("{")
    with pytest.raises(InputError, match=r"latentfill\.json is no record of how embeddings were made.*Remove it"):
        Imputer(**quick, embeddings=str(folder)).fit(frame)


@pytest.mark.parametrize("strategy", ["denoise", "neighbours", "latent"])
@pytest.mark.parametrize("bad", [np.nan, np.inf, 1e30])
def test_vectors_that_are_not_finite_or_too_large_are_refused(
    frame: pd.DataFrame, tmp_path: Path, quick: dict[str, object], strategy: str, bad: float
):
    vectors = np.random.default_rng(0).normal(size=(ROWS - SEQ + 1, 3, 2)).astype(np.float32)
    packed = save_packed_file(
        tmp_path / "a.packed", {"all": SplitVectors(vectors.shape, vectors)}, Provenance.unknown(tmp_path)
    )
    data = bytearray(packed.read_bytes())
    data[-40:-36] = np.float32(bad).tobytes()  # in one of the last windows
    packed.write_bytes(data)
    seal(packed)
    settings = quick | {
        "embeddings": str(packed),
        "seq_len": SEQ,
        "pred_len": 0,
        "strategy": strategy,
        "latent_steps": 5,
    }
    with pytest.raises(
        EmbeddingMismatchError, match=r"starts at position 18\d holds values that are not finite, or beyond"
    ):
        Imputer(**settings).fit(frame).fill(frame)


def array_of_windows(frame: pd.DataFrame) -> np.ndarray:
    windows = np.lib.stride_tricks.sliding_window_view(series(frame).values, SEQ, axis=0)  # (N, C, L)
    return np.nan_to_num(windows @ np.random.default_rng(0).normal(size=(SEQ, 8))).astype(np.float32)


@pytest.mark.parametrize("as_tensor", [False, True])
def test_an_array_of_embeddings_is_used_without_a_file(
    frame: pd.DataFrame, quick: dict[str, object], tmp_path: Path, as_tensor: bool
):
    vectors = array_of_windows(frame)
    np.save(tmp_path / "z.npy", vectors)
    settings = quick | {"seq_len": SEQ, "strategy": "denoise"}
    given = torch.tensor(vectors) if as_tensor else vectors
    from_array = Imputer(embeddings=given, **settings).fit(frame).fill(frame)
    from_file = Imputer(embeddings=tmp_path / "z.npy", **settings).fit(frame).fill(frame)
    assert (from_array.filled.codes == Code.STORED).any()
    np.testing.assert_array_equal(from_array.filled.values, from_file.filled.values)


def test_windows_of_an_array_may_start_anywhere(frame: pd.DataFrame, quick: dict[str, object], tmp_path: Path):
    starts = np.random.default_rng(3).permutation(ROWS - SEQ)[:150]
    vectors = array_of_windows(frame)[starts]
    settings = quick | {"seq_len": SEQ, "strategy": "denoise"}
    imputer = Imputer(embeddings=vectors, starts=starts, **settings).fit(frame)
    filled = imputer.fill(frame)
    assert filled.summary["embeddings"]["splits"]["all"]["windows"] == 150
    imputer.save(tmp_path / "model")
    again = Imputer.load(tmp_path / "model", embeddings=vectors, starts=starts).fill(frame)
    np.testing.assert_array_equal(again.filled.values, filled.filled.values)
    with pytest.raises(InputError, match="give them again"):
        Imputer.load(tmp_path / "model").fill(frame)
    with pytest.raises(InputError, match="give it too"):
        Imputer(starts=starts)


def test_a_gapped_copy_of_the_packed_table_is_filled(
    frame: pd.DataFrame, folder: Path, settings: dict[str, object], tmp_path: Path, run_cli: Callable[..., int], capsys
):
    """TimeKD cannot read gaps, so the table that embeddings were made from had none."""
    complete = frame.interpolate(limit_direction="both")
    complete.to_csv(tmp_path / "complete.csv", index=False)
    frame.to_csv(tmp_path / "gappy.csv", index=False)
    packed, quick = tmp_path / "a.packed", ("--set", "encoder_steps=3", "--set", "decoder_steps=3", "--set", "width=8")
    assert run_cli("pack", folder / "table", "-o", packed, "--table", tmp_path / "complete.csv", "--seq-len", SEQ) == 0
    arguments = ("impute", tmp_path / "gappy.csv", "-o", tmp_path / "out.csv", "--embeddings", packed, *quick)
    assert run_cli(*arguments) == 0
    n_cells = frame.drop(columns="date").notna().to_numpy().sum()
    assert f"agrees with the one that the embeddings were made from in {n_cells} cells" in capsys.readouterr().err
    frame.assign(b=frame["b"] + 1).to_csv(tmp_path / "gappy.csv", index=False)
    assert run_cli(*arguments) == 2
    error = capsys.readouterr().err
    assert "was made for another table" in error
    assert "'b' at 2024-01-01 00:00:00" in error


@pytest.mark.parametrize(
    ("counts", "words"),
    [
        ({"train": N_VAL, "val": N_TRAIN}, "train and val seem to be swapped"),
        ({"train": N_TRAIN - 3, "val": N_VAL - 1}, r"rows - seq_len - pred_len \+ 1 = 140 - 12 - 4 \+ 1 = 125"),
    ],
)
def test_counts_that_fit_no_windows_are_explained(
    frame: pd.DataFrame, tmp_path: Path, counts: dict[str, int], words: str
):
    splits = {split: np.random.default_rng(0).normal(size=(n, 3, 8)) for split, n in counts.items()}
    packed = tmp_path / "a.packed"
    save_packed_file(packed, {s: SplitVectors(v.shape, v) for s, v in splits.items()}, Provenance.unknown(packed))
    config = Config(embeddings=str(packed), split="custom", seq_len=SEQ, pred_len=PRED)
    with pytest.raises(EmbeddingMismatchError, match=words):
        pair_embeddings(config, series(frame), "table")


def test_the_windows_of_an_interrupted_run_are_used(frame: pd.DataFrame, tmp_path: Path):
    for split, count in (("train", N_TRAIN), ("val", 5)):
        write_split(tmp_path / "table" / str(PRED), split, np.random.default_rng(1).normal(size=(count, 3, 8)))
    paired = pair_embeddings(Config(embeddings=str(tmp_path), seq_len=SEQ), series(frame), "table")
    assert paired.splits["val"].starts.tolist() == list(range(128, 133))
    assert f"holds windows 0 to 4 of {N_VAL} of val" in paired.notes[0]
    (tmp_path / "table" / str(PRED) / "val" / "2.h5").unlink()
    with pytest.raises(EmbeddingMismatchError, match="no file for window 2"):
        pair_embeddings(Config(embeddings=str(tmp_path), seq_len=SEQ), series(frame), "table")


def test_two_horizons_side_by_side_are_not_guessed(frame: pd.DataFrame, folder: Path):
    write_split(folder / "table" / "8", "train", np.random.default_rng(1).normal(size=(N_TRAIN - 4, 3, 8)))
    with pytest.raises(InputError, match="several folders of embeddings"):
        pair_embeddings(Config(embeddings=str(folder), seq_len=SEQ), series(frame), "table")
    chosen = pair_embeddings(Config(embeddings=str(folder), seq_len=SEQ, pred_len=PRED), series(frame), "table")
    assert len(chosen.splits["train"].starts) == N_TRAIN


def test_embeddings_of_other_windows_are_refused_unless_the_check_is_skipped(frame: pd.DataFrame):
    rng = np.random.default_rng(0)
    walk = pd.DataFrame(rng.normal(size=(600, 2)).cumsum(axis=0) * 0.1 + rng.normal(size=(600, 2)), columns=["a", "b"])
    walk.insert(0, "date", pd.date_range("2024-01-01", periods=600, freq="h"))
    vectors = array_of_windows(walk)
    stored = arrays_of(vectors[5:])
    fewer = series(walk.iloc[:-5])
    with pytest.raises(EmbeddingMismatchError, match=r"5 rows later than window i.*--skip-alignment-check"):
        pair_stored(stored, fewer, StoredSettings(seq_len=SEQ))
    assert len(pair_stored(stored, fewer, StoredSettings(seq_len=SEQ, skip_alignment_check=True)).splits["all"].starts)
    right = pair_stored(arrays_of(vectors), series(walk), StoredSettings(seq_len=SEQ))
    assert not any("not checked" in note for note in right.notes)


def test_a_part_of_the_windows_that_suits_several_splits_is_not_guessed(tmp_path: Path):
    rows = 14_400 + 1000
    table = Series(np.zeros((rows, 1)), ("OT",), None, np.arange(rows))
    write_split(tmp_path / "table" / "24", "train", np.zeros((20, 1, 4)))
    with pytest.raises(EmbeddingMismatchError, match="in 2 ways") as caught:
        pair_embeddings(Config(embeddings=str(tmp_path)), table, "table")
    assert "--split ett-hour --seq-len 96 --pred-len 24" in str(caught.value)
    assert "--split custom --seq-len 96 --pred-len 24" in str(caught.value)


def test_an_array_is_not_paired_with_a_table_that_is_not_in_time_order(frame: pd.DataFrame, quick: dict[str, object]):
    with pytest.raises(EmbeddingMismatchError, match="not in time order"):
        Imputer(embeddings=array_of_windows(frame), seq_len=SEQ, **quick).fit(frame.iloc[::-1])
