"""The packages that figures are made with."""

from __future__ import annotations

from latentfill.core.extras import check_extra

PACKAGES = ("altair", "vl_convert")  # of the extra `report`


def check_installed() -> None:
    """Raise an `InputError` that names the packages that are not installed."""
    check_extra("a figure", PACKAGES, "report")
