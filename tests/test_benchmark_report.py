"""README, accuracy page and notes agree with the results of the benchmarks."""

from __future__ import annotations

import importlib
import sys
from pathlib import Path

import pytest

BENCHMARKS = Path(__file__).resolve().parents[1] / "benchmarks"


def test_the_documents_hold_the_tables_that_the_results_make(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.syspath_prepend(BENCHMARKS)
    before = set(sys.modules)
    try:
        for path, text in importlib.import_module("report").documents().items():
            assert path.read_text() == text, f"{path.name} is out of date: run benchmarks/report.py"
    finally:
        for name in set(sys.modules) - before:
            if str(BENCHMARKS) in str(getattr(sys.modules[name], "__file__", "")):
                del sys.modules[name]
