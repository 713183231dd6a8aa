"""Seed streams: every stage draws random numbers of its own."""

from __future__ import annotations

import ast
from enum import UNIQUE, verify
from pathlib import Path

import latentfill
from latentfill.core.seeds import SeedStream

ROOT = Path(latentfill.__file__).parent
# files that may use the user's seed without a stream: the demo's table, and the rows that a baseline is fitted on
WITHOUT_STREAM = {"core/seeds.py", "scoring/demo_table.py", "strategies/baselines/rows.py"}


def test_all_stages_have_different_streams():
    verify(UNIQUE)(SeedStream)
    drawn = {tuple(stream.generator(3).integers(1 << 60, size=2)) for stream in SeedStream}
    assert len(drawn) == len(SeedStream)
    assert len({stream.torch_seed(3) for stream in SeedStream}) == len(SeedStream)


def test_a_stream_depends_on_the_seed_and_the_part():
    stream = SeedStream.SCORING
    first = stream.generator(1, 2).random()
    assert first == stream.generator(1, 2).random()
    assert first not in (stream.generator(2, 2).random(), stream.generator(1, 3).random())


def creates_generators(path: Path) -> bool:
    """Whether a file calls `default_rng` of a module."""
    text = path.read_text(encoding="utf-8")
    nodes = ast.walk(ast.parse(text)) if "default_rng" in text else ()
    called = [node.func for node in nodes if isinstance(node, ast.Call)]
    return any(isinstance(each, ast.Attribute) and each.attr == "default_rng" for each in called)


def test_only_seed_streams_create_generators():
    assert {str(path.relative_to(ROOT)) for path in ROOT.rglob("*.py") if creates_generators(path)} == WITHOUT_STREAM
