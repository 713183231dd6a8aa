"""Kinds of tables: CSV text, Parquet, and frames of pandas, polars and pyarrow."""
