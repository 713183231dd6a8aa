"""Encoders by name: each kind reaches its own loader, and what is missing or misspelt is told."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch

from latentfill.config import Config
from latentfill.embeddings.distilled import DistilledStudent
from latentfill.embeddings.embedder import cut_stretches
from latentfill.embeddings.encoders import KINDS, make_embedder
from latentfill.embeddings.prompts import PromptStyle
from latentfill.errors import InputError, ModelFormatError
from latentfill.nn.timekd_student import StudentShape, VariableForecaster
from latentfill.scaling import ColumnScaler
from latentfill.series import Series

CONFIG = Config(seq_len=12, seed=5, device="cpu")


def test_a_language_model_is_read_as_asked(language_model: Path, hourly: Callable[..., Series]):
    reading = {"style": PromptStyle(decimals=1), "pred_len": 3, "layers": 1}
    made = make_embedder(f"timekd:{language_model}", config=CONFIG, reading=reading)
    known = {name: made.settings[name] for name in ("layers", "decimals", "pred_len", "seed", "privileged")}
    assert known == {"layers": 1, "decimals": 1, "pred_len": 3, "seed": 5, "privileged": False}
    series = hourly()
    found = made.embed(cut_stretches(series, ColumnScaler.fit(series.values), np.arange(2), 12))
    assert found.shape[:2] == (2, 2)


def test_the_default_language_model_is_gpt2(monkeypatch: pytest.MonkeyPatch):
    import huggingface_hub.constants

    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_OFFLINE", True)
    monkeypatch.setenv("HF_HUB_CACHE", "/nowhere")
    with pytest.raises(InputError, match=r"no language model can be loaded from 'gpt2'"):
        make_embedder("timekd", config=CONFIG)


def test_a_student_is_loaded_from_its_folder(tmp_path: Path):
    torch.manual_seed(0)
    shape = StudentShape(length=12, pred_len=4, dim=8, heads=2)
    folder = tmp_path / "student:of 2026"  # a colon of its own
    DistilledStudent(VariableForecaster(12, shape), shape, torch.device("cpu")).save(folder)
    made = make_embedder(f"student:{folder}", config=CONFIG, device=torch.device("cpu"))
    assert (made.name, made.length) == ("student", 12)
    with pytest.raises(ModelFormatError, match=r"nowhere"):
        make_embedder(f"student:{tmp_path}/nowhere", config=CONFIG)


def test_a_function_is_given_what_it_is_said_to_take(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, hourly: Callable[..., Series]
):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", list(sys.path))
    (tmp_path / "sizes_of_inputs.py").write_text("def encode(*given): return sum(x.sum(-1) for x in given)\n")
    made = make_embedder("module: sizes_of_inputs.encode", config=CONFIG, inputs="raw,observed:BCL")
    series = hourly(20, 3)
    found = made.embed(cut_stretches(series, ColumnScaler.fit(series.values), np.arange(4), 12))
    windows = [series.values[i : i + 12].sum(axis=0) + 12 for i in range(4)]
    np.testing.assert_allclose(found[:, 0], windows, rtol=1e-5)
    assert made.settings["inputs"] == "raw,observed:BCL"


def test_saved_modules_are_loaded(tmp_path: Path):
    program = torch.export.export(torch.nn.Linear(12, 2), (torch.zeros(4, 3, 12),))
    torch.export.save(program, tmp_path / "a.pt2")
    made = make_embedder(f"export:{tmp_path}/a.pt2", config=CONFIG, inputs=":bcl")
    assert (made.name, made.length, made.settings["inputs"]) == ("export", 12, "filled:BCL")
    with pytest.raises(InputError, match=r"Give it as export:"):
        make_embedder(f"torchscript:{tmp_path}/a.pt2", config=CONFIG)


@pytest.mark.parametrize(
    ("spec", "message"),
    [
        (
            "timekt:x",
            r"unknown encoder 'timekt': did you mean 'timekd'\? \(known: .*chronos\)\. Write KIND or KIND:WHERE",
        ),
        ("C:/models/gpt2", r"unknown encoder 'C'"),
        ("", r"unknown encoder ''"),
        ("student", r"the encoder student needs a place: write student:FOLDER"),
        ("module:", r"write module:package.attr"),
        ("export", r"write export:FILE, as torch.export.save writes it"),
        ("torchscript", r"write torchscript:FILE, as torch.jit.save writes it"),
        ("chronos", r"write chronos:FOLDER, or chronos:amazon/chronos-bolt-small"),
    ],
)
def test_what_is_missing_or_misspelt_is_told(spec: str, message: str):
    with pytest.raises(InputError, match=message):
        make_embedder(spec, config=CONFIG)


def test_inputs_are_for_modules():
    for kind in ("timekd", "student", "chronos"):
        with pytest.raises(InputError, match=rf"--inputs says what a module takes.*{kind} knows itself"):
            make_embedder(f"{kind}:x", config=CONFIG, inputs="filled:BLC")
    assert set(KINDS) == {"timekd", "student", "chronos", "module", "torchscript", "export"}


def test_a_chronos_model_that_reads_less_than_a_window_is_refused_before_any_work(tmp_path: Path):
    from chronos.chronos_bolt import ChronosBoltModelForForecasting
    from transformers import T5Config

    settings = {
        "context_length": 8,
        "prediction_length": 4,
        "input_patch_size": 4,
        "input_patch_stride": 4,
        "quantiles": [0.5],
    }
    size = {"d_model": 8, "d_kv": 4, "d_ff": 8, "num_layers": 1, "num_heads": 2, "vocab_size": 1}
    ids = {"pad_token_id": 0, "eos_token_id": 0, "decoder_start_token_id": 0}
    config = T5Config(**size, **ids, chronos_pipeline_class="ChronosBoltPipeline", chronos_config=settings)
    ChronosBoltModelForForecasting(config).save_pretrained(tmp_path / "bolt")
    assert make_embedder(f"chronos:{tmp_path}/bolt", config=CONFIG, length=8).name == "chronos"
    with pytest.raises(InputError, match=r"the windows have 12 steps, bolt reads at most 8"):
        make_embedder(f"chronos:{tmp_path}/bolt", config=CONFIG)
