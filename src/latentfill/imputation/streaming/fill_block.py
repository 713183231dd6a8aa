"""Fills one block of a long series."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from latentfill.core.column_order import column_order, in_order
from latentfill.core.series import Series
from latentfill.imputation.doubt.find import Doubt, find_doubt
from latentfill.imputation.doubt.readings import DoubtfulReadings
from latentfill.imputation.doubt.trusted import without
from latentfill.imputation.filling.fill import estimate_series, fill_from
from latentfill.imputation.filling.filled import Filled
from latentfill.imputation.fitting.fitted import Fitted
from latentfill.imputation.imputation import Imputation
from latentfill.imputation.streaming.blocks import Block


@dataclass(frozen=True, slots=True, eq=False)
class FilledBlock:
    """A block with its gaps filled."""

    block: Block
    imputation: Imputation  # of its rows, without a summary
    series: Series  # of the block with its context, and without the readings that are replaced
    filled: Filled  # the same steps
    own: slice  # those of the block


def fill_block(fitted: Fitted, block: Block, number: int, model: str) -> FilledBlock:
    """Fill a block; its `number` keeps the random errors of the blocks apart."""
    series, own = block.with_context(fitted.config.windows.stride)
    ordered, probability = in_order(series, fitted.columns), fitted.config.output.blank_doubtful
    doubt = find_doubt(ordered)
    replaced = np.zeros_like(doubt.wrong) if probability is None else doubt.probability >= probability
    blanked = without(ordered, replaced)
    fitted = replace(fitted, config=fitted.config.replace(seed=(fitted.config.seed + number) % 2**63))
    filled = fill_from(fitted, estimate_series(fitted, blanked, trusted=without(blanked, doubt.wrong)))
    order = column_order(series.columns, fitted.columns)
    filled = filled.in_order(series.columns, fitted.columns)
    doubt, replaced = doubt.in_columns(order), replaced[:, order]
    table = block.table
    of_block = Doubt(doubt.probability[own], doubt.reason[own])
    doubtful = DoubtfulReadings(table, of_block, replaced[own])
    own_filled = filled.part(own).keeping(table.suspected, table.as_read).replacing(doubtful.replaced)
    imputation = Imputation(doubtful.blanked, own_filled, {"model": model}, doubtful)
    return FilledBlock(block, imputation, in_order(blanked, series.columns), _with_part(filled, own_filled, own), own)


def _with_part(filled: Filled, part: Filled, own: slice) -> Filled:
    """The record with the codes and expected errors of a part of its steps."""
    codes, expected = filled.codes.copy(), filled.expected.copy()
    codes[own], expected[own] = part.codes, part.expected
    return replace(filled, codes=codes, expected=expected)
