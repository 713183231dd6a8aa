"""Encoders by name: every kind is opened by its loader, and invalid names and settings are refused."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch

from latentfill.core.config import Config
from latentfill.core.errors import InputError, ModelFormatError
from latentfill.core.series import Series
from latentfill.embeddings.protocols.embedder import cut_raw_windows
from latentfill.embeddings.registry import KINDS, make_embedder, register
from latentfill.embeddings.spec import EncoderName
from latentfill.embeddings.timekd.student import DistilledStudent
from latentfill.embeddings.timekd.student_net import StudentShape, VariableForecaster
from latentfill.windows.scaling import ColumnScaler

CONFIG = Config(seq_len=12, seed=5, device="cpu")


def test_settings_reach_the_language_model(language_model: Path, hourly: Callable[..., Series]):
    settings = {"decimals": 1, "layers": 1}
    embedder = make_embedder(f"timekd:{language_model}", config=CONFIG, pred_len=3, settings=settings)
    known = {name: embedder.settings[name] for name in ("layers", "decimals", "pred_len", "seed", "privileged")}
    assert known == {"layers": 1, "decimals": 1, "pred_len": 3, "seed": 5, "privileged": False}
    series = hourly()
    found = embedder.embed(cut_raw_windows(series, ColumnScaler.fit(series.values), np.arange(2), 12))
    assert found.shape[:2] == (2, 2)


def test_settings_in_a_name_reach_the_language_model_and_take_precedence(language_model: Path):
    text = f"timekd:{language_model}+layers=1+decimals=0+truncate+rough-fill=word+missing-word=gap+plain-attention"
    embedder = make_embedder(text, config=CONFIG, settings={"decimals": 3})  # settings in the name take precedence
    settings = {
        name: embedder.settings[name] for name in ("layers", "decimals", "truncate", "rough_fill", "missing_word")
    }
    assert settings == {"layers": 1, "decimals": 0, "truncate": True, "rough_fill": "word", "missing_word": "gap"}
    assert embedder.settings["calibrated"] is False
    whole = make_embedder(f"timekd:{language_model}", config=CONFIG)
    assert (whole.settings["calibrated"], whole.settings["truncate"]) == (True, False)
    assert whole.settings["layers"] > 1


def test_a_name_is_parsed_into_kind_place_and_settings():
    name = EncoderName.parse("module: /a+b/my.py:c.d+inputs=filled+observed:BCL")
    assert (name.kind, name.where) == ("module", "/a+b/my.py:c.d")
    assert name.settings == {"inputs": "filled,observed:BCL"}
    assert EncoderName.parse("timekd+layers=2") == EncoderName("timekd", "", {"layers": 2})
    assert EncoderName.parse("timekd:gpt2+truncated") == EncoderName("timekd", "gpt2+truncated", {})


@pytest.mark.parametrize(
    ("setting", "message"),
    [
        ("layer=6", r"'timekd:gpt2\+layer=6': unknown setting 'layer': did you mean 'layers'"),
        ("layers=six", r"layers=six cannot be read: invalid literal"),
        ("truncate=no", r"truncate=no cannot be read: it is a switch, and takes no value"),
    ],
)
def test_an_invalid_setting_is_refused(setting: str, message: str):
    with pytest.raises(InputError, match=message):
        make_embedder(f"timekd:gpt2+{setting}", config=CONFIG)


def test_the_default_language_model_is_gpt2(monkeypatch: pytest.MonkeyPatch):
    import huggingface_hub.constants

    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_OFFLINE", True)
    monkeypatch.setenv("HF_HUB_CACHE", "/nowhere")
    with pytest.raises(InputError, match=r"no language model can be loaded from 'gpt2'"):
        make_embedder("timekd", config=CONFIG)


def test_a_student_is_loaded_from_its_folder(tmp_path: Path):
    torch.manual_seed(0)
    shape = StudentShape(length=12, pred_len=4, dim=8, heads=2)
    folder = tmp_path / "student:of 2026"  # a path with a colon
    DistilledStudent(VariableForecaster(12, shape), shape, torch.device("cpu")).save(folder)
    embedder = make_embedder(f"student:{folder}", config=CONFIG)
    assert (embedder.name, embedder.length) == ("student", 12)
    with pytest.raises(ModelFormatError, match=r"nowhere"):
        make_embedder(f"student:{tmp_path}/nowhere", config=CONFIG)


def test_a_function_gets_the_configured_inputs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, hourly: Callable[..., Series]
):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", list(sys.path))
    (tmp_path / "sizes_of_inputs.py").write_text("def encode(*inputs): return sum(x.sum(-1) for x in inputs)\n")
    embedder = make_embedder(
        "module: sizes_of_inputs.encode", config=CONFIG, settings={"inputs": "raw,observed:BCL"}, trust_code=True
    )
    series = hourly(20, 3)
    found = embedder.embed(cut_raw_windows(series, ColumnScaler.fit(series.values), np.arange(4), 12))
    windows = [series.values[i : i + 12].sum(axis=0) + 12 for i in range(4)]
    np.testing.assert_allclose(found[:, 0], windows, rtol=1e-5)
    assert embedder.settings["inputs"] == "raw,observed:BCL"


def test_saved_modules_are_loaded(tmp_path: Path):
    program = torch.export.export(torch.nn.Linear(12, 2), (torch.zeros(4, 3, 12),))
    torch.export.save(program, tmp_path / "a.pt2")
    embedder = make_embedder(f"export:{tmp_path}/a.pt2", config=CONFIG, settings={"inputs": ":bcl"}, trust_code=True)
    assert (embedder.name, embedder.length, embedder.settings["inputs"]) == ("export", 12, "filled:BCL")
    with pytest.raises(InputError, match=r"Give it as export:"):
        make_embedder(f"torchscript:{tmp_path}/a.pt2", config=CONFIG, trust_code=True)


@pytest.mark.parametrize(
    ("spec", "message"),
    [
        (
            "timekt:x",
            r"unknown encoder 'timekt': did you mean 'timekd'\? \(known: .*chronos\)\. Write KIND or KIND:WHERE",
        ),
        ("C:/models/gpt2", r"unknown encoder 'C'"),
        ("", r"unknown encoder ''"),
        ("student", r"the encoder student needs a folder, file or name: write student:FOLDER"),
        ("module:", r"write module:package.attr"),
        ("export", r"write export:FILE, as torch.export.save writes it"),
        ("torchscript", r"write torchscript:FILE, as torch.jit.save writes it"),
        ("chronos", r"write chronos:FOLDER, or chronos:amazon/chronos-bolt-small"),
    ],
)
def test_missing_and_misspelt_parts_of_a_name_are_refused(spec: str, message: str):
    with pytest.raises(InputError, match=message):
        make_embedder(spec, config=CONFIG)


def test_settings_of_other_kinds_of_encoders_are_refused():
    for kind in ("timekd", "student", "chronos"):
        message = rf"the encoder {kind} has no setting inputs; only module, torchscript, export have it"
        with pytest.raises(InputError, match=message):
            make_embedder(f"{kind}:x", config=CONFIG, settings={"inputs": "filled:BLC"})
    for kind in ("student", "chronos", "module"):
        message = rf"the encoder {kind} has no setting lm-dtype; only timekd have it"
        with pytest.raises(InputError, match=message):
            make_embedder(f"{kind}:x+lm-dtype=float32", config=CONFIG)
    assert set(KINDS) == {"timekd", "student", "chronos", "module", "torchscript", "export"}


def test_registering_an_existing_name_is_refused():
    with pytest.raises(InputError, match="there is an encoder 'student' already"):
        register("student", KINDS["module"].open)


def test_a_chronos_model_with_a_context_shorter_than_a_window_is_refused(tmp_path: Path):
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
    with pytest.raises(InputError, match=r"the windows have 12 steps, but bolt reads at most 8"):
        make_embedder(f"chronos:{tmp_path}/bolt", config=CONFIG)
