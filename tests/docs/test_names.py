"""The documents agree with the source: what they name exists, and lists are complete and in order."""

from __future__ import annotations

import ast
import re
from functools import cache
from pathlib import Path

import pytest

from latentfill.cli.evaluate import SCORING
from latentfill.windows.patterns import PATTERNS

ROOT = Path(__file__).resolve().parents[2]
SOURCE = ROOT / "src" / "latentfill"
PAGES = [ROOT / "CONTRIBUTING.md", *(path for path in (ROOT / "docs").rglob("*.md") if path.name != "settings.md")]
CODE = re.compile(r"`([^`\n]+)`")
FENCED = re.compile(r"^```.*?^```$", re.DOTALL | re.MULTILINE)
PATH = re.compile(r"[\w.-]*(/[\w.-]*)+|[\w-]+\.(py|md|toml|txt)")  # of the repository, or below src/latentfill
FLAG = re.compile(r"--[a-z][a-z-]*")
NAME = re.compile(r"[A-Za-z_]\w*(\.[A-Za-z_]\w*)*(?=$|\()")
ELSEWHERE = {"help", "Literal", "PROTOCOL", "DATA"}  # of Python, and placeholders
MADE = ("../shared/data", "benchmarks/results/quick/")  # not part of the repository


@cache
def names_in_source() -> frozenset[str]:
    """Everything that is defined in the package and the benchmarks, their texts, and their modules and folders."""
    names = {part for path in SOURCE.rglob("*") for part in path.relative_to(SOURCE).with_suffix("").parts}
    for path in (*SOURCE.rglob("*.py"), *(ROOT / "benchmarks").glob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ClassDef | ast.FunctionDef):
                names.add(node.name)
            elif isinstance(node, ast.arg):
                names.add(node.arg)
            elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
                names.add(node.id)
            elif isinstance(node, ast.Constant) and isinstance(node.value, str):
                names |= {node.value, *re.findall(r"--[a-z-]+", node.value)}
    return frozenset(names)


def quoted(page: Path) -> list[str]:
    """The texts in back quotes, outside blocks of code."""
    return CODE.findall(FENCED.sub("", page.read_text(encoding="utf-8")))


def exists(path: str) -> bool:
    """Whether a path lies in the repository, in the package, or in one of its folders."""
    if path in MADE or "PROTOCOL" in path:
        return True
    return any((folder / path).exists() for folder in (ROOT, SOURCE, *(p for p in SOURCE.iterdir() if p.is_dir())))


def is_named(text: str) -> bool:
    """Whether what a text in back quotes names is there; texts that name nothing of ours count as named."""
    if PATH.fullmatch(text) and text[0] != ".":
        return exists(text)
    if text.startswith("latentfill "):
        return (SOURCE / "cli" / f"{text.split()[1]}.py").exists() or text.split()[1].startswith("--")
    if text.startswith("--"):
        return FLAG.match(text)[0] in names_in_source()
    if name := NAME.match(text):
        return all(part in names_in_source() | ELSEWHERE | {"latentfill"} for part in name[0].split("."))
    return True


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_what_a_page_names_exists(page: Path):
    assert [text for text in quoted(page) if not is_named(text)] == []


@pytest.mark.parametrize("page", [ROOT / "README.md", *PAGES], ids=lambda page: page.name)
def test_links_between_pages_lead_somewhere(page: Path):
    links = re.findall(r"\]\(([^)#:]+)\)", page.read_text(encoding="utf-8"))
    assert [link for link in links if not (page.parent / link).exists()] == []


def test_names_that_do_not_exist_are_found():
    assert is_named("cli/impute.py")
    assert not is_named("cli/inputs.py")
    assert is_named("WindowBank")
    assert not is_named("WindowBanks")
    assert not is_named("--no-such-flag")


def test_words_of_the_glossary_stand_in_order_and_once():
    rows = re.findall(r"^\| ([^|]+) \|", (ROOT / "docs" / "glossary.md").read_text(), flags=re.MULTILINE)[1:]
    assert rows == sorted(set(rows), key=lambda word: word.replace("-", " "))


def test_the_help_of_evaluate_lists_every_pattern():
    kind, _ = SCORING["patterns"]
    assert set(PATTERNS) <= set(re.split(r"[\s,.:]+", kind.__metadata__[0].help))
