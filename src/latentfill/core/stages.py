"""The stages of long work, such as `fitting kriging`, told to whoever wants to show them.

They are log messages of the level INFO, so that a program can also log them.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager

_log = logging.getLogger("latentfill.stages")


def tell_stage(text: str) -> None:
    """Tell that a stage begins."""
    _log.info("%s", text)


@contextmanager
def hearing_stages(show: Callable[[str], None]) -> Iterator[None]:
    """Within it, `show` is called with each stage that begins."""
    handler, level = _Handler(show), _log.level
    _log.addHandler(handler)
    _log.setLevel(logging.INFO)
    try:
        yield
    finally:
        _log.setLevel(level)
        _log.removeHandler(handler)


class _Handler(logging.Handler):
    def __init__(self, show: Callable[[str], None]) -> None:
        super().__init__()
        self.show = show

    def emit(self, record: logging.LogRecord) -> None:
        self.show(record.getMessage())
