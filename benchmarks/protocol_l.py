"""Protocol L (long gaps): blackouts in ETT windows, filled by the same model as in protocol T.

    python benchmarks/protocol_l.py [--quick] [--ablation] [--peers SAITS,...] [--data DIR] [DATA ...]

It differs from protocol T in the hidden cells: in every 4th test window, one run of 12, 24 or 48 steps is hidden in all
columns, at least 8 steps from both ends; the seed draws where, and is also that of the models. Results are written to
benchmarks/results/, with a digest that shows that the model is the model of protocol T.
"""

from __future__ import annotations

import numpy as np

import ett
from common import config_of, names_of, parser_of, read_results, with_earlier_rows, write_results, write_table
from latentfill.core.series import BoolArray
from latentfill.windows.windows import Windows
from windowed import add_arguments, compare, table

PROTOCOL = "protocol_l"
STEPS = (12, 24, 48)
EDGE = 8  # steps from both ends of a window
EVERY = 4  # every n-th test window is scored


def main() -> None:
    parser = parser_of(__doc__, ett.FILES, seeds=(0, 1, 2))
    add_arguments(parser)
    arguments = parser.parse_args()
    for name in names_of(parser, arguments, ett.FILES):
        train, windows = ett.load(name, arguments.data)
        every = slice(None, None, EVERY * (4 if arguments.quick else 1))
        rows = []
        for seed in arguments.seeds:
            masks = {f"{steps} steps": blackout(windows, steps, seed)[every] for steps in STEPS}
            config = config_of(arguments, seed=seed, alone=True)
            rows += compare(train, config, windows.take(every), masks, arguments, {"data": name})
        rows = with_earlier_rows(PROTOCOL, name, rows, arguments)
        write_results(PROTOCOL, name, {"settings": config_of(arguments, alone=True).to_dict(), "rows": rows}, arguments)
    write_table(PROTOCOL, report(quick=arguments.quick), arguments)


def report(*, quick: bool = False) -> str:
    """The results as Markdown."""
    return table(read_results(PROTOCOL, ett.FILES, quick=quick))


def blackout(windows: Windows, steps: int, seed: int = 0) -> BoolArray:
    """Mask (N, L, C) of one hidden run in all columns of each window."""
    n, length, _ = windows.values.shape
    first = np.random.default_rng(1 + seed).integers(EDGE, length - EDGE - steps + 1, n)[:, None]
    run = (np.arange(length) >= first) & (np.arange(length) < first + steps)
    return np.broadcast_to(run[:, :, None], windows.values.shape)


if __name__ == "__main__":
    main()
