"""Fill several stations that stand one below the other in a table; none is filled from another by accident."""

from __future__ import annotations

import pandas as pd

import latentfill
from latentfill.scoring.demo_table import make_sample


def station(name: str, seed: int) -> pd.DataFrame:
    """Two weeks of two columns with gaps; in earnest, read from a file."""
    sample = make_sample(seed=seed, days=14)
    columns = dict(zip(sample.columns, sample.values.T, strict=True))
    return pd.DataFrame({"station": name, "time": sample.time, "NO2": columns["load_north"], "O3": columns["wind"]})


table = pd.concat([station("north", 1), station("south", 2), station("harbour", 3)], ignore_index=True)
filled = latentfill.impute(table, by="station")

before = table.groupby("station")[["NO2", "O3"]].count()
after = filled.groupby("station")[["NO2", "O3"]].count()
print("cells filled per station:")
print(after - before)
print("readings unchanged:", table["NO2"].dropna().equals(filled["NO2"][table["NO2"].notna()]))
