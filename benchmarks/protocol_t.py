"""Protocol T (TimesNet, Time-Series-Library): scattered cells of ETT windows, one model for all rates.

    python benchmarks/protocol_t.py [--quick] [--ablation] [--peers SAITS,...] [--data DIR] [DATA ...]

Windows have 96 steps and stride 1, and each is filled alone. Scaler, encoder, decoder and early stopping see only the
train rows. At rate r the mask of hidden cells is
`torch.rand((windows, 96, columns), generator=torch.Generator().manual_seed(seed)) <= r`, as published for seed 0; the
seed is also that of the models. Errors are over the hidden cells, in standard deviations of the train rows. Results are
written to benchmarks/results/.
"""

from __future__ import annotations

import numpy as np
import torch

import ett
from common import config_of, names_of, parser_of, read_results, with_earlier_rows, write_results, write_table
from latentfill.core.series import BoolArray
from latentfill.windows.windows import Windows
from published import PROTOCOL_T
from windowed import add_arguments, compare, means, table

PROTOCOL = "protocol_t"
RATES = (0.125, 0.25, 0.375, 0.5)
OTHER_RATES = (0.1, 0.3, 0.5, 0.7)
MEAN, OTHER_MEAN = "mean 12.5-50 %", "mean 10-70 %"
SHOWN = ("12.5 %", "25 %", "50 %", "70 %", MEAN, OTHER_MEAN)  # in the table; the results have all rates


def main() -> None:
    parser = parser_of(__doc__, ett.FILES, seeds=(0, 1, 2))
    add_arguments(parser)
    parser.add_argument("--every", type=int, default=1, help="score every n-th test window")
    arguments = parser.parse_args()
    for name in names_of(parser, arguments, ett.FILES):
        train, windows = ett.load(name, arguments.data)
        every = slice(None, None, arguments.every * (16 if arguments.quick else 1))
        rows = []
        for seed in arguments.seeds:
            masks = {label(rate): points(windows, rate, seed)[every] for rate in sorted({*RATES, *OTHER_RATES})}
            config = config_of(arguments, seed=seed, alone=True)
            rows += compare(train, config, windows.take(every), masks, arguments, {"data": name})
        rows += means(rows, map(label, RATES), MEAN)
        rows += means(rows, map(label, OTHER_RATES), OTHER_MEAN)
        rows = with_earlier_rows(PROTOCOL, name, rows, arguments)
        write_results(PROTOCOL, name, {"settings": config_of(arguments, alone=True).to_dict(), "rows": rows}, arguments)
    write_table(PROTOCOL, report(quick=arguments.quick), arguments)


def report(*, quick: bool = False) -> str:
    """The results as Markdown."""
    records = read_results(PROTOCOL, ett.FILES, quick=quick)
    return table(records, PROTOCOL_T, SHOWN)


def label(rate: float) -> str:
    """The rate as text, such as `12.5 %`."""
    return f"{100 * rate:g} %"


def points(windows: Windows, rate: float, seed: int = 0) -> BoolArray:
    """Mask (N, L, C) of independent hidden cells; that of seed 0 is the published one."""
    kept = torch.rand(windows.values.shape, generator=torch.Generator().manual_seed(seed)) > rate
    return np.logical_not(kept.numpy())


if __name__ == "__main__":
    main()
