"""Columns of time stamps: each line of the input is the stamp of a row."""

from __future__ import annotations

from hypothesis import strategies as st

from fuzzing.outcomes import REFUSED, USED, Target, fill_file, folder_with, outcome_of

ZONES = ("", "", "Z", " UTC", "+00:00", "-99:99", "+9999", "+24:00", "-23:59", "+14:00", "-0330", "+2")
CLOCKS = ("", " 00:00", " 24:00", "T23:59:60", " 12:30 PM", " 0:00 am", " 10:00:00.123456789", " 99:99", "1200", " 5")
DATES = (
    *("2024-01-{:02d}", "{:02d}.01.2024", "01/{:02d}/24", "2024{:03d}", "202401{:02d}", "{:02d}-Jan-2024"),
    *("0001-01-{:02d}", "9999-12-{:02d}", "1677-09-{:02d}", "2262-04-{:02d}", "{}", "17040672{:02d}", "2024.{:03d}"),
    *("170406720000{}", "1.7040672{:02d}e18", "2024-W{:02d}", "Mon, {:02d} Jan 2024", "Jan {}, 2024", "4{:04d}", "-{}"),
)


def outcome(data: bytes) -> str:
    """What becomes of a table with these time stamps, also if its missing rows are to be added."""
    stamps = data.decode("utf-8", errors="replace").replace('"', "").splitlines()
    rows = [f'"{stamp}",{number % 7 if number % 3 else ""}' for number, stamp in enumerate(stamps, 1)]
    with folder_with(table__csv="\n".join(["time,value", *rows]).encode()):
        outcomes = {
            outcome_of(lambda: fill_file("table.csv", time="time")),
            outcome_of(lambda: fill_file("table.csv", grid=True)),
            outcome_of(lambda: fill_file("table.csv", timezone="Europe/Berlin")),
        }
    return USED if USED in outcomes else REFUSED


@st.composite
def stamps(draw: st.DrawFn) -> bytes:
    """Stamps in one form, at most one of them in another."""
    date, clock, zone = (draw(st.sampled_from(each)) for each in (DATES, CLOCKS, ZONES))
    lines = [date.format(day) + clock + zone for day in range(1, draw(st.integers(3, 10)))]
    if draw(st.booleans()):
        parts = tuple(draw(st.sampled_from(each)) for each in (DATES, CLOCKS, ZONES))
        odd = st.just(parts[0].format(1) + parts[1] + parts[2]) | st.text(max_size=12)
        lines[draw(st.integers(0, len(lines) - 1))] = draw(odd)
    return "\n".join(lines).encode(errors="replace")


TARGETS = (Target("times", outcome, stamps() | st.text(max_size=80).map(lambda text: text.encode(errors="replace"))),)
