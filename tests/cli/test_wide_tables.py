from __future__ import annotations

import io

from rich.console import Console
from rich.table import Table

from latentfill.cli.wide_tables import show_grid


def printed(grid: Table, width: int) -> list[str]:
    file = io.StringIO()
    show_grid(Console(file=file, width=width), grid)
    return file.getvalue().splitlines()


def test_a_table_that_fits_is_printed_once():
    grid = Table("name", "a", "b", title="Both")
    grid.add_row("x", "1", "2")
    lines = printed(grid, 40)
    assert sum("name" in line for line in lines) == 1
    assert sum("x" in line and "1" in line and "2" in line for line in lines) == 1


def test_a_wide_table_is_printed_as_several_with_the_first_column_in_each():
    grid = Table("name", *(f"metric number {i}" for i in range(9)))
    cells = [f"0.{i}234 ± 0.0{i}11" for i in range(9)]
    grid.add_row("kriging", *cells)
    lines = printed(grid, 60)
    assert max(map(len, lines)) <= 60
    assert all(sum(cell in line for line in lines) == 1 for cell in cells)
    assert sum("kriging" in line for line in lines) == 5  # two columns of 18 beside the name, in 60 characters


def test_a_long_name_is_folded_and_numbers_stay_whole():
    grid = Table("name", "a")
    grid.add_row("n" * 70, "0.1234 ± 0.0123")
    lines = printed(grid, 60)
    assert max(map(len, lines)) <= 60
    assert sum(line.count("n") for line in lines) == 71
    assert any("0.1234 ± 0.0123" in line for line in lines)


def test_names_that_look_like_markup_take_their_own_width():
    grid = Table("name", "value")
    grid.add_row(r"\[b]x", "1")
    assert any("[b]x" in line for line in printed(grid, 20))
