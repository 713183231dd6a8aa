"""Remembers in a file what a process was working on, so that the next one knows what may have killed it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from latentfill.core.json_text import parse_json
from latentfill.core.places import Place

MOST_DEATHS = 2  # of processes while they worked on one series, after which it is left out


@dataclass(slots=True)
class Tries:
    """What earlier processes, which died, have done of one part of the work."""

    place: Place  # of the file
    begun: int = 0  # earlier tries
    deaths: dict[str, int] = field(default_factory=dict)  # how often a process died at a series, by name

    @classmethod
    def begin(cls, place: Place) -> Tries:
        """The earlier tries; this one is written down."""
        data = place.read_bytes()
        if data is None:
            tries = cls(place)
        else:
            record: Any = parse_json(data.decode())
            tries = cls(place, record["begun"], record["deaths"])
            if (at := record["at"]) is not None:
                tries.deaths[at] = tries.deaths.get(at, 0) + 1
        tries._write(None, tries.begun + 1)
        return tries

    @property
    def deadly(self) -> list[str]:
        """The series that processes died of."""
        return [name for name, deaths in self.deaths.items() if deaths >= MOST_DEATHS]

    @contextmanager
    def trying(self, name: str) -> Iterator[None]:
        """Say which series is worked on in the block."""
        self._write(name, self.begun + 1)
        yield
        self._write(None, self.begun + 1)

    def end(self) -> None:
        """The part is done: forget its tries."""
        self.place.remove()

    def _write(self, at: str | None, begun: int) -> None:
        self.place.write_bytes(json.dumps({"begun": begun, "deaths": self.deaths, "at": at}).encode())
