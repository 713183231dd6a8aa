"""Fill one file: what was filled, how far off it may be, and how uncertain each cell is."""

from __future__ import annotations

from pathlib import Path

from latentfill import Code, Imputer
from latentfill.scoring.demo_table import make_sample

# A file with gaps; in earnest, yours.
Path("data.csv").write_text(make_sample(days=21).to_csv(), encoding="utf-8")

imputer = Imputer(intervals=0.9).fit("data.csv")
imputation = imputer.fill("data.csv")
imputation.write("filled.csv")
imputation.write_codes("codes.csv")

table, filled = imputation.table, imputation.filled
for c, name in enumerate(table.series.columns):
    is_filled = filled.codes[:, c] != Code.OBSERVED
    width = (filled.upper - filled.lower)[is_filled, c].mean()
    print(f"{name}: {is_filled.sum()} cells filled, 90 % intervals {width:.3g} wide on average")

# The fitted model fills later files without learning again.
imputer.save("model")
again = Imputer.load("model").fill("data.csv")
print("same from the saved model:", (again.filled.values == filled.values).all())
