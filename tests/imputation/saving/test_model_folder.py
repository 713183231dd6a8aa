"""A model folder: what it may replace, and what it needs to be loaded."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from latentfill import Imputer
from latentfill.core.errors import InputError, ModelFormatError
from latentfill.imputation.saving.model_folder import FILES, check_model_path


def test_a_model_of_another_library_is_not_replaced(tmp_path: Path):
    for name in ("config.json", "model.safetensors"):  # those of transformers have the same names
        (tmp_path / name).write_text("{}")
    with pytest.raises(InputError, match="holds something other than a model"):
        check_model_path(tmp_path)


def test_an_older_model_and_an_empty_folder_may_be_replaced(tmp_path: Path):
    check_model_path(tmp_path)
    for name in FILES:
        (tmp_path / name).write_text("{}")
    check_model_path(tmp_path)


def test_a_model_with_a_strategy_that_is_not_registered_says_what_to_import(tmp_path: Path):
    Imputer(strategy="linear").fit(pd.DataFrame({"a": np.arange(40.0)})).save(tmp_path / "m")
    config = tmp_path / "m" / "config.json"
    state = json.loads(config.read_text())
    state["settings"]["strategy"] = "yesterday"
    config.write_text(json.dumps(state))
    with pytest.raises(ModelFormatError, match=r"strategy 'yesterday', which is not registered. Import the module"):
        Imputer.load(tmp_path / "m")
