"""A table whose gaps every strategy fills in its own way."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd

ROWS = 240
SETTINGS = {  # networks that are small and learn for few steps
    **{"length": 24, "stride": 8, "dim": 8, "layers": 1, "attention_heads": 2, "width": 8, "blocks": 2, "kernel": 5},
    **{"encoder_steps": 6, "encoder_batch": 8, "decoder_steps": 6, "decoder_batch": 8, "check_every": 3},
    **{"latent_steps": 3},
}
FLAGS = [part for name, value in SETTINGS.items() for part in ("--set", f"{name}={value}")]
WITH_NETWORKS = ["--candidates", "kriging,state_space,neighbours,denoise", *FLAGS]


def frame() -> pd.DataFrame:
    """Related columns, a direction and a meter, with scattered gaps and a blackout."""
    rng = np.random.default_rng(0)
    walks = np.cumsum(rng.normal(size=(ROWS, 3)) @ rng.normal(size=(3, 3)), axis=0)
    table = pd.DataFrame(walks + 3 * np.sin(np.arange(ROWS) * np.pi / 12)[:, None], columns=["a", "b", "c"])
    table["direction"] = np.cumsum(rng.normal(0, 20, ROWS)) % 360
    table["meter"] = 100 + np.cumsum(rng.exponential(2, ROWS))
    table[rng.random(table.shape) < 0.1] = np.nan
    table.iloc[100:120, :2] = np.nan
    table.insert(0, "time", pd.date_range("2024-01-01", periods=ROWS, freq="h"))
    return table


def written(folder: Path) -> Path:
    """The table as a file."""
    frame().to_csv(folder / "table.csv", index=False)
    return folder / "table.csv"
