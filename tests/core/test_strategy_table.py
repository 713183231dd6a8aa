"""The table of strategies: registering one, and refusing names and codes that are in use."""

from __future__ import annotations

import pytest

from latentfill.core import strategy_table
from latentfill.core.config import Config
from latentfill.core.errors import InputError
from latentfill.core.strategy_table import STRATEGIES, StrategyRow, cell_codes, register


@pytest.fixture(autouse=True)
def _restored(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(strategy_table, "STRATEGIES", STRATEGIES.copy())


FREE = cell_codes()[-1].number + 1


def row(name: str = "last_week", code: int = FREE) -> StrategyRow:
    return StrategyRow(name, code, "the value a week earlier", "somewhere:LastWeek")


def test_the_settings_accept_every_name_in_the_table():
    assert [Config(strategy=name).strategy for name in STRATEGIES] == list(STRATEGIES)


def test_a_registered_strategy_has_a_code_with_its_name_and_meaning():
    register(row())
    assert cell_codes()[-1] == (FREE, "last_week", "last_week: the value a week earlier")


def test_a_name_in_use_is_refused():
    with pytest.raises(InputError, match="there is a strategy 'knn' already"):
        register(row(name="knn"))


@pytest.mark.parametrize(("code", "owner"), [(0, "observed"), (17, "knn"), (10, "stored_latent")])
def test_a_code_in_use_is_refused_with_a_free_code(code: int, owner: str):
    with pytest.raises(InputError, match=rf"cell code {code}, which '{owner}' uses already; use {FREE} instead"):
        register(row(code=code))


@pytest.mark.parametrize("code", [-1, 128])
def test_a_code_that_does_not_fit_into_a_byte_is_refused(code: int):
    with pytest.raises(InputError, match=rf"cell code {code}; use a code from 0 to 127"):
        register(row(code=code))


def test_strategies_with_an_encoder_have_another_code_for_stored_embeddings():
    changing = [name for name, row in STRATEGIES.items() if row.cell_code(stored=True) != row.cell_code(stored=False)]
    assert changing == [name for name, row in STRATEGIES.items() if row.needs_encoder]
