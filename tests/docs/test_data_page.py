"""The examples of the page on data in and out run; one that needs a library which is not installed is skipped."""

from __future__ import annotations

import re
import shutil
from pathlib import Path
from typing import Any

import pytest

PAGE = Path(__file__).resolve().parents[2] / "docs" / "data.md"
SECTION = re.compile(r"^## (.+?)\n(.*?)(?=^## |\Z)", re.DOTALL | re.MULTILINE)
PYTHON = re.compile(r"^```python\n(.*?)^```$", re.DOTALL | re.MULTILINE)
IMPORTED = re.compile(r"^(?:import|from) (\w+)", re.MULTILINE)
RESULTS = {
    "Series and mappings": "not load.isna().any() and isinstance(columns['load'], list)",
    "Arrays and tensors": "filled.dtype == torch.float32 and not filled.isnan().any() and panel.shape == (4, 48, 3)",
    "xarray": "filled.dims == stations.dims and not filled.isnull().any() and 'load_lower' in dataset",
    "darts": "filled.freq == series.freq and not any(each.to_dataframe().isna().any(axis=None) for each in several)",
    "sktime": "not filled['load'][1].isna().any() and len(listed) == 2",
    "PyPOTS and HDF5": "filled.shape == (8, 24, 3) and 'test_X' in splits and 'X' in from_file",
}


def examples() -> dict[str, str]:
    """The Python of each section."""
    found = SECTION.findall(PAGE.read_text(encoding="utf-8"))
    return {title: "".join(PYTHON.findall(text)) for title, text in found if PYTHON.search(text)}


def test_every_example_has_a_result_to_check():
    assert set(examples()) == set(RESULTS)


@pytest.mark.filterwarnings("ignore")  # of darts
@pytest.mark.parametrize("title", RESULTS)
def test_an_example_runs_and_gives_what_it_says(
    title: str, made: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.chdir(shutil.copytree(made, tmp_path, dirs_exist_ok=True))
    for library in IMPORTED.findall(examples()[title]):
        pytest.importorskip(library, reason=f"{library} is not installed")
    first = next(iter(RESULTS))  # reads the frame that all use
    names: dict[str, Any] = {}
    for each in dict.fromkeys((first, title)):
        exec(examples()[each], names)
    assert eval(RESULTS[title], names)
