"""Saving a model to a folder: what it may replace."""

from __future__ import annotations

from pathlib import Path

import pytest

from latentfill.core.errors import InputError
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
