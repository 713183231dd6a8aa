"""Type aliases for arrays and frames of pyarrow, narwhals, pandas and polars."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeAlias

if TYPE_CHECKING:
    import narwhals as nw
    import pyarrow as pa

TextArray: TypeAlias = "pa.Array | pa.ChunkedArray"  # the texts of one column, null for empty cells
Frame: TypeAlias = "nw.DataFrame[Any]"  # a frame of any library, wrapped by narwhals
FrameColumn: TypeAlias = "nw.Series[Any]"
NativeFrame: TypeAlias = Any  # a pandas, polars or pyarrow frame
