"""Cell codes, and the table in the README that explains them."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np

from latentfill.core.strategy_table import cell_codes
from latentfill.imputation.filling.codes import Code, count_codes, is_from_stored

README = Path(__file__).resolve().parents[3] / "README.md"


def test_codes_without_cells_are_left_out():
    assert count_codes(np.array([[0, 0], [5, 2]], dtype=np.int8)) == {"observed": 2, "stored": 1, "empty": 1}


def test_every_cell_code_is_a_member():
    assert {(code.number, code.name) for code in cell_codes()} == {(code.value, code.name.lower()) for code in Code}
    assert all(code.meaning.startswith(f"{code.name}: ") for code in cell_codes())


def test_cells_filled_from_stored_embeddings_are_found_by_their_codes():
    assert is_from_stored(np.array([Code.DENOISE, Code.STORED, Code.STORED_LATENT, Code.EMPTY])).tolist() == [
        0,
        1,
        1,
        0,
    ]


def test_the_readme_explains_every_code():
    section = README.read_text(encoding="utf-8").split("### Codes")[1].split("\n## ")[0]
    rows = re.findall(r"^\| (\d+) \| `(\w+)` \| (.*) \|$", section, flags=re.MULTILINE)
    assert [(number, name, f"{name}: {text}") for number, name, text in rows] == [
        (str(code.number), code.name, code.meaning.replace("max_gap", "`--max-gap`")) for code in cell_codes()
    ]
