"""Errors quoted from papers, for comparison. Their models were trained on a GPU, one model per rate or pattern.

Sources: ModernTCN (Luo and Wang, ICLR 2024); GPT4TS (Zhou et al., NeurIPS 2023); TimesNet (Wu et al., ICLR 2023), which
also reports PatchTST; T1 (ICLR 2026); TSI-Bench (Du et al., 2024) for SAITS, BRITS and CSDI; HELIX (ICML 2026).
ModernTCN's errors are quoted from memory.
"""

from __future__ import annotations

from common import Row


def _published_rows(method: str, pattern: str, **errors: tuple[float, float | None]) -> list[Row]:
    return [
        {"data": data, "method": method, "pattern": pattern, "kind": "published", "mse": mse, "mae": mae}
        for data, (mse, mae) in errors.items()
    ]


PROTOCOL_T: list[Row] = [
    *_published_rows("ModernTCN", "mean 12.5-50 %", ETTh1=(0.050, 0.150), ETTh2=(0.042, 0.131), ETTm1=(0.020, 0.093)),
    *_published_rows("GPT4TS", "mean 12.5-50 %", ETTh1=(0.069, 0.173), ETTh2=(0.048, 0.141), ETTm1=(0.028, 0.105)),
    *_published_rows("TimesNet", "mean 12.5-50 %", ETTh1=(0.078, 0.187), ETTh2=(0.049, 0.146), ETTm1=(0.027, 0.107)),
    *_published_rows("PatchTST", "mean 12.5-50 %", ETTh1=(0.115, 0.224), ETTh2=(0.065, 0.163), ETTm1=(0.047, 0.140)),
    *_published_rows("T1", "mean 10-70 %", ETTh1=(0.049, None), ETTh2=(0.036, None), ETTm1=(0.022, None)),
]

PROTOCOL_S: list[Row] = [
    {"data": "ETTh1", "method": method, "pattern": pattern, "kind": "published", "mse": mse, "mae": mae}
    for method, errors in {
        "HELIX": ((0.128, None), (0.189, None), (0.372, None), (0.489, None)),
        "SAITS": ((0.144, 0.047), (0.223, 0.107), (0.424, 0.387), (0.635, 0.881)),
        "BRITS": ((0.145, 0.064), (0.238, 0.127), (0.593, 0.672), (0.730, 1.065)),
        "CSDI": ((0.151, 0.057), (0.318, 0.207), (0.401, 0.340), (0.558, 0.783)),
    }.items()
    for pattern, (mae, mse) in zip(("point 10 %", "point 50 %", "block 50 %", "subseq 50 %"), errors, strict=True)
]
