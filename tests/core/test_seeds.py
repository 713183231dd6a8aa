"""Every stage draws from a stream of its own."""

from __future__ import annotations

import ast
from enum import UNIQUE, verify
from pathlib import Path

import pytest

import latentfill
from latentfill.core.seeds import SeedStream

ROOT = Path(latentfill.__file__).parent
# the table of the demo, and the rows that a simple imputer is fitted on, do not follow the seed of the settings
WITHOUT_STREAM = {"core/seeds.py", "scoring/demo_table.py", "strategies/baselines/rows.py"}


def test_no_two_stages_share_a_stream():
    verify(UNIQUE)(SeedStream)
    drawn = {tuple(stream.generator(3).integers(1 << 60, size=2)) for stream in SeedStream}
    assert len(drawn) == len(SeedStream)
    assert len({stream.torch_seed(3) for stream in SeedStream}) == len(SeedStream)


def test_a_stream_follows_the_seed_and_the_part():
    stream = SeedStream.SCORING
    first = stream.generator(1, 2).random()
    assert first == stream.generator(1, 2).random()
    assert first not in (stream.generator(2, 2).random(), stream.generator(1, 3).random())


@pytest.mark.parametrize("path", sorted(ROOT.rglob("*.py")), ids=lambda p: str(p.relative_to(ROOT)))
def test_generators_are_made_of_streams(path: Path):
    calls = [node for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))) if isinstance(node, ast.Call)]
    made = [call for call in calls if isinstance(call.func, ast.Attribute) and call.func.attr == "default_rng"]
    assert not made or str(path.relative_to(ROOT)) in WITHOUT_STREAM
