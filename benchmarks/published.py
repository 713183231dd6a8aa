"""Errors quoted from papers, for comparison. Their models were trained on a GPU, one model per rate or pattern.

Sources: ModernTCN (Luo and Wang, ICLR 2024); GPT4TS (Zhou et al., NeurIPS 2023); TimesNet (Wu et al., ICLR 2023), which
also reports PatchTST; T1 (ICLR 2026); TSI-Bench (Du et al., 2024) for SAITS, BRITS, CSDI and linear interpolation;
HELIX (ICML 2026); TSPulse (result files of ibm-granite/granite-tsfm at 412573a); TS-ICL (read off a figure, +-.01).
ModernTCN's errors are quoted from memory, and marked so wherever they are shown.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from common import Row

Errors = Mapping[str, tuple[float | None, ...]]

PUBLISHED, FROM_MEMORY = "published", "published, quoted from memory"
RECALLED = ("ModernTCN",)  # methods whose errors no table that could be read again confirms


def _row(data: str, method: str, pattern: str, mse: float | None = None, mae: float | None = None) -> Row:
    source = FROM_MEMORY if method in RECALLED else PUBLISHED
    about = {"data": data, "method": method, "pattern": pattern, "kind": "published", "source": source}
    return {**about, "mse": mse, "mae": mae}


def _scattered(method: str, pattern: str, **errors: tuple[float, float | None]) -> Iterator[Row]:
    """Rows of protocol T: MSE and MAE by data set."""
    return (_row(data, method, pattern, mse, mae) for data, (mse, mae) in errors.items())


def _by_pattern(data: str, error: str, patterns: tuple[str, ...], errors: Errors) -> Iterator[Row]:
    """Rows of one data set: the `error` ("mse" or "mae") by method, in the order of the patterns."""
    for method, values in errors.items():
        for pattern, value in zip(patterns, values, strict=True):
            yield _row(data, method, pattern, **{error: value})


PROTOCOL_T: list[Row] = [
    *_scattered("ModernTCN", "mean 12.5-50 %", ETTh1=(0.050, 0.150), ETTh2=(0.042, 0.131), ETTm1=(0.020, 0.093)),
    *_scattered("GPT4TS", "mean 12.5-50 %", ETTh1=(0.069, 0.173), ETTh2=(0.048, 0.141), ETTm1=(0.028, 0.105)),
    *_scattered("TimesNet", "mean 12.5-50 %", ETTh1=(0.078, 0.187), ETTh2=(0.049, 0.146), ETTm1=(0.027, 0.107)),
    *_scattered("PatchTST", "mean 12.5-50 %", ETTh1=(0.115, 0.224), ETTh2=(0.065, 0.163), ETTm1=(0.047, 0.140)),
    *_scattered("T1", "mean 10-70 %", ETTh1=(0.049, None), ETTh2=(0.036, None), ETTm1=(0.022, None)),
]

_S = ("point 10 %", "point 50 %", "block 50 %", "subseq 50 %", "point 90 %")
_TSI_BENCH_MAE = {
    "SAITS": (0.144, 0.223, 0.424, 0.635, None),
    "BRITS": (0.145, 0.238, 0.593, 0.730, None),
    "CSDI": (0.151, 0.318, 0.401, 0.558, None),
    "linear": (0.197, 0.267, 0.527, 0.722, None),
}
_TSI_BENCH_MSE = {
    "SAITS": (0.047, 0.107, 0.387, 0.881, None),
    "BRITS": (0.064, 0.127, 0.672, 1.065, None),
    "CSDI": (0.057, 0.207, 0.340, 0.783, None),
    "linear": (0.106, 0.178, 0.699, 1.322, None),
}
PROTOCOL_S: list[Row] = [
    *_by_pattern("ETTh1", "mae", _S, {"HELIX": (0.128, 0.189, 0.372, 0.489, 0.429)}),
    *_by_pattern("ETTh1", "mae", _S, {"best variant of HELIX": (0.123, 0.188, 0.352, 0.487, 0.411)}),
    *_by_pattern("ETTh1", "mae", _S, _TSI_BENCH_MAE),
    *_by_pattern("ETTh1", "mse", _S, _TSI_BENCH_MSE),
    *_by_pattern("BeijingAir", "mae", _S, {"HELIX": (0.073, 0.102, 0.131, 0.166, 0.190)}),
    *_by_pattern("BeijingAir", "mae", _S, {"linear": (0.112, 0.165, 0.285, 0.358, 0.366)}),
    *_by_pattern("ItalyAir", "mae", _S, {"HELIX": (0.122, 0.203, 0.332, 0.297, 0.463)}),
    *_by_pattern("ItalyAir", "mae", _S, {"best variant of HELIX": (0.109, 0.185, 0.317, 0.284, None)}),
    *_by_pattern("ItalyAir", "mae", _S, {"linear": (0.135, 0.214, 0.377, 0.329, 0.481)}),
]

_RATES = ("12.5 %", "25 %", "37.5 %", "50 %", "mean")
_H = tuple(f"{kind}, {rate}" for kind in ("hybrid", "block") for rate in _RATES)
PROTOCOL_H: list[Row] = [
    row
    for method, by_data in {
        "TSPulse, zero-shot": {
            "ETTh1": ((0.146, 0.155, 0.168, 0.183), (0.209, 0.225, 0.246, 0.272)),
            "ETTh2": ((0.065, 0.068, 0.072, 0.077), (0.081, 0.088, 0.098, 0.113)),
            "ETTm1": ((0.049, 0.053, 0.058, 0.066), (0.068, 0.081, 0.100, 0.128)),
        },
        "TSPulse, fine-tuned": {
            "ETTh1": ((0.044, 0.051, 0.066, 0.081), (0.053, 0.069, 0.098, 0.129)),
            "ETTh2": ((0.041, 0.043, 0.047, 0.053), (0.051, 0.055, 0.063, 0.070)),
            "ETTm1": ((0.018, 0.022, 0.026, 0.032), (0.023, 0.029, 0.038, 0.053)),
        },
    }.items()
    for data, kinds in by_data.items()
    for row in _by_pattern(data, "mse", _H, {method: tuple(e for kind in kinds for e in (*kind, sum(kind) / 4))})
]

# Mean absolute error as a ratio to linear interpolation, on 33 other data sets; read off a figure, +-.01.
PROTOCOL_E: dict[str, float] = {"TS-ICL": 0.48, "TabPFN-TS": 0.58, "SAITS": 0.76, "BRITS": 0.93, "seasonal": 1.14}


def best_published(rows: Iterable[Row], data: str, pattern: str, error: str) -> str:
    """The smallest published error ("mse" or "mae") as text, with its method; one from memory beside the best other."""
    known = [row for row in rows if row["data"] == data and row["pattern"] == pattern and row[error] is not None]
    ordered = sorted(known, key=lambda row: row[error])
    first_read = next((i for i, row in enumerate(ordered) if row["source"] == PUBLISHED), 0)
    return ", ".join(_quoted(row, error) for row in ordered[: first_read + 1]) or "-"


def _quoted(row: Row, error: str) -> str:
    """An error with its method, and whether it is from memory."""
    memory = ", from memory" if row["source"] == FROM_MEMORY else ""
    return f"{row[error]:.3f} ({row['method']}{memory})"
