"""Protocol H (TSPulse): scattered cells and blocks of 8 steps in windows of 512 steps of ETT.

    python benchmarks/protocol_h.py [--quick] [--strategies kriging,...] [--peers SAITS,...] [--data DIR] [DATA ...]

Rows are split as in protocol T; every 16th of the windows of stride 1 is scored, each filled alone, and each column has
a mask of its own. Block, at rate r: a share r of the 64 patches of 8 steps is hidden. Hybrid: half as many patches, and
scattered cells outside of them until a share r is hidden. One model serves all masks. Kriging and the baselines learn
from the train rows in seconds, without training a network: compare them with TSPulse's zero-shot errors, and the
decoder with its fine-tuned ones. Errors are over the hidden cells, in standard deviations of the train rows. Results
are written to benchmarks/results/.
"""

from __future__ import annotations

import numpy as np

import ett
from common import config_of, names_of, parser_of, read_results, with_earlier_rows, write_results, write_table
from latentfill.core.series import BoolArray
from latentfill.windows.windows import Windows
from published import PROTOCOL_H
from windowed import add_arguments, compare, means, table

PROTOCOL = "protocol_h"
LENGTH, PATCH = 512, 8  # steps
RATES = (0.125, 0.25, 0.375, 0.5)
KINDS = {"hybrid": 0.5, "block": 1.0}  # share of the hidden cells that lie in whole patches
SHOWN = tuple(f"{kind}, mean" for kind in KINDS)
EVERY = 16  # every n-th test window is scored


def main() -> None:
    parser = parser_of(__doc__, ett.FILES, seeds=(0,))
    add_arguments(parser)
    parser.add_argument("--every", type=int, default=EVERY, help="score every n-th test window")
    arguments = parser.parse_args()
    for name in names_of(parser, arguments, ett.FILES):
        train, windows = ett.load(name, arguments.data, LENGTH)
        windows = windows.take(slice(None, None, arguments.every * (16 if arguments.quick else 1)))
        rows = []
        for seed in arguments.seeds:
            masks = {label(kind, rate): patches(windows, kind, rate, seed) for kind in KINDS for rate in RATES}
            rows += compare(
                train, config_of(arguments, seed=seed, alone=True), windows, masks, arguments, {"data": name}
            )
        for kind in KINDS:
            rows += means(rows, [label(kind, rate) for rate in RATES], f"{kind}, mean")
        rows = with_earlier_rows(PROTOCOL, name, rows, arguments)
        write_results(PROTOCOL, name, {"settings": config_of(arguments, alone=True).to_dict(), "rows": rows}, arguments)
    write_table(PROTOCOL, report(quick=arguments.quick), arguments)


def report(*, quick: bool = False) -> str:
    """The results as Markdown."""
    return table(read_results(PROTOCOL, ett.FILES, quick=quick), PROTOCOL_H, SHOWN)


def label(kind: str, rate: float) -> str:
    """The pattern as text, such as `block, 12.5 %`."""
    return f"{kind}, {100 * rate:g} %"


def patches(windows: Windows, kind: str, rate: float, seed: int) -> BoolArray:
    """Mask (N, L, C) with a share `rate` of the steps of each column of each window: patches, then scattered cells."""
    rng = np.random.default_rng([seed, list(KINDS).index(kind), RATES.index(rate)])
    n, length, columns = windows.values.shape
    hidden = round(rate * length)
    whole = int(KINDS[kind] * hidden / PATCH)
    order = rng.random((n, columns, length // PATCH)).argsort(axis=2).argsort(axis=2)  # random ranks of the patches
    in_patch = np.repeat(order < whole, PATCH, axis=2)
    ranks = np.where(in_patch, -1.0, rng.random(in_patch.shape)).argsort(axis=2).argsort(axis=2)
    return (ranks < hidden).transpose(0, 2, 1)


if __name__ == "__main__":
    main()
