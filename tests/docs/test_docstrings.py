"""The examples in the docstrings of what can be imported from the package are run."""

from __future__ import annotations

import doctest

import numpy as np
import pandas as pd
import pytest

import latentfill

NAMES = {"latentfill": latentfill, "np": np, "pd": pd}
FINDER = doctest.DocTestFinder(recurse=False)


def examples(name: str) -> list[doctest.DocTest]:
    found = FINDER.find(getattr(latentfill, name), name, module=False, globs=NAMES)
    return [test for test in found if test.examples]


WITH_EXAMPLES = [name for name in latentfill.__all__ if examples(name)]


def test_the_main_functions_have_examples():
    main = {"impute", "Imputer", "evaluate", "inspect", "totals", "WindowImputer"}
    assert main <= set(WITH_EXAMPLES)


@pytest.mark.parametrize("name", WITH_EXAMPLES)
def test_an_example_gives_what_it_says(name: str):
    for test in examples(name):
        assert not any(doctest.SKIP in example.options for example in test.examples)
        said: list[str] = []
        assert doctest.DocTestRunner().run(test, out=said.append).failed == 0, "".join(said)
