"""Finding kinds: made columns of every sort, with the kinds that are right for each of them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pytest

from latentfill.core.series import FloatArray
from latentfill.kinds.find import find_kind
from latentfill.kinds.kind import StepTimes

Rng = np.random.Generator

HOURLY = 24  # steps of a cycle
PLAIN = frozenset({"continuous", "non-negative", "integer"})  # no more than limits
PERCENT = frozenset({"range:0:100", *PLAIN})


@dataclass(frozen=True)
class Made:
    """A made column: what it is, how it is called, its values, and the kinds that are right for it."""

    title: str
    name: str
    values: Callable[[Rng], FloatArray]
    right: frozenset[str]
    cycle: int | None = HOURLY
    may_be_missed: bool = False  # a plain kind is not as good, but no fault
    is_range: bool = False  # any range will do


N = 2000
T = np.arange(N, dtype=float)
DAY = np.sin(2 * np.pi * T / 24)


def noise(rng: Rng, memory: float, n: int = N) -> FloatArray:
    """Autocorrelated noise of unit variance."""
    result = np.zeros(n)
    shocks = rng.normal(size=n) * np.sqrt(1 - memory**2)
    result[0] = rng.normal()
    for t in range(1, n):
        result[t] = memory * result[t - 1] + shocks[t]
    return result


def turning(rng: Rng, speed: float, around: float = 0.0) -> FloatArray:
    return (around + np.cumsum(rng.normal(0, speed, N))) % 360


def prevailing(rng: Rng, around: float, spread: float) -> FloatArray:
    return (around + spread * noise(rng, 0.9)) % 360


def use(rng: Rng) -> FloatArray:
    """Consumption per hour, never negative."""
    return np.maximum(0, 1 + 0.8 * DAY + 0.4 * noise(rng, 0.6))


def rain(rng: Rng, wet: float = 0.08) -> FloatArray:
    storms = noise(rng, 0.85) > np.sqrt(2) * 1.0 * (1.0 if wet >= 0.08 else 1.6)
    return np.round(np.where(storms, rng.gamma(0.7, 2.0, N), 0.0), 1)


def reset_each(total: FloatArray, period: int) -> FloatArray:
    """A register that starts again at zero after so many steps."""
    start = np.arange(len(total)) // period * period
    return total - np.concatenate([[0.0], total])[start]


def sawtooth(rng: Rng, period: int) -> FloatArray:
    return (T % period) / period * 100 + 0.2 * rng.normal(size=N)


def charge(rng: Rng) -> FloatArray:
    """State of charge: up over the night, down over the day."""
    level, result = 60.0, np.zeros(N)
    for t in range(N):
        level = float(np.clip(level + (12 if t % 24 < 7 else -5) * rng.uniform(0.5, 1.5), 0, 100))
        result[t] = level
    return np.round(result, 1)


def switching(rng: Rng, values: list[float], stay: float) -> FloatArray:
    """Values that stay for a while, and then jump to any other."""
    result, now = np.zeros(N), 0
    for t in range(N):
        if rng.random() > stay:
            now = int(rng.integers(len(values)))
        result[t] = values[now]
    return result


def radiation(rng: Rng, night: float = 0.0) -> FloatArray:
    sun = np.maximum(0, np.sin(2 * np.pi * (T - 6) / 24)) * 800 * np.clip(0.7 + 0.3 * noise(rng, 0.9), 0.05, 1)
    return np.where(sun > 0, np.round(sun, 1), night)


SPECIAL_DIRECTION, COUNTER, RAIN = frozenset({"circular:360"}), frozenset({"counter"}), frozenset({"zero-inflated"})
FLAG, CODE = frozenset({"flag"}), frozenset({"code"})

MADE = (
    # Directions
    Made("wind all around", "wind_dir", lambda r: turning(r, 12), SPECIAL_DIRECTION),
    Made("mostly north", "WD", lambda r: prevailing(r, 0, 15), SPECIAL_DIRECTION),
    Made("whole degrees", "wind direction (deg)", lambda r: np.round(turning(r, 15)) % 360, SPECIAL_DIRECTION),
    Made("tens of degrees, as in reports", "drct", lambda r: np.round(turning(r, 15), -1) % 360, SPECIAL_DIRECTION),
    Made("German", "Windrichtung", lambda r: turning(r, 12), SPECIAL_DIRECTION),
    Made("French", "direction_vent", lambda r: turning(r, 12), SPECIAL_DIRECTION),
    Made("Spanish", "dirviento", lambda r: turning(r, 12), SPECIAL_DIRECTION, may_be_missed=True),
    Made(
        "Portuguese, as INMET has it",
        "VENTO, DIREÇÃO HORARIA (gr) (° (gr))",
        lambda r: np.round(turning(r, 15)) % 360,
        SPECIAL_DIRECTION,
    ),
    Made("Korean", "풍향(deg)", lambda r: np.round(turning(r, 15), -1) % 360, SPECIAL_DIRECTION),
    Made("waves", "MWD", lambda r: prevailing(r, 290, 25), SPECIAL_DIRECTION | PLAIN),
    Made("no telling name", "x7", lambda r: prevailing(r, 350, 20), SPECIAL_DIRECTION, may_be_missed=True),
    Made("heading that hardly turns", "heading", lambda r: 120 + 5 * noise(r, 0.95), PLAIN),
    Made("heading of a ship that turns all ways", "heading", lambda r: turning(r, 20), SPECIAL_DIRECTION),
    Made("angles from -180 to 180", "yaw", lambda r: turning(r, 12) - 180, SPECIAL_DIRECTION, may_be_missed=True),
    Made(
        "azimuth of the sun",
        "sun_azimuth",
        lambda r: (15 * T + 8 * np.sin(T / 300)) % 360,
        SPECIAL_DIRECTION,
        may_be_missed=True,
    ),
    Made(
        "compass sectors as degrees",
        "wind_dir",
        lambda r: np.round(turning(r, 20) / 22.5) % 16 * 22.5,
        SPECIAL_DIRECTION,
    ),
    # Not directions
    Made(
        "values up to 360 with jumps",
        "power",
        lambda r: np.clip(180 + 150 * noise(r, 0.3), 0, 360),
        PLAIN | RAIN | {"range:0:360"},
    ),
    Made(
        "redirections of a web site",
        "redirections",
        lambda r: np.round(150 + 80 * DAY + 20 * noise(r, 0.5)).clip(0),
        PLAIN,
    ),
    Made(
        "counts up to 360 that are 0 at night",
        "steps_per_hour",
        lambda r: np.where(DAY > 0, np.minimum(360, np.round(300 + 17 * r.normal(size=N))), 0),
        PLAIN | RAIN | {"range:0:360"},
    ),
    Made("wind speed", "wind_speed", lambda r: np.abs(4 + 2 * noise(r, 0.9)), PLAIN),
    Made(
        "traffic per direction",
        "vehicles direction north",
        lambda r: np.round(200 + 190 * DAY + 10 * noise(r, 0.5)).clip(0),
        PLAIN,
    ),
    Made("day of the year", "doy", lambda r: T // 24 % 365 + 1, PLAIN),
    Made("dew point named dd", "dd", lambda r: 8 + 4 * noise(r, 0.95), PLAIN),
    Made("uniform noise from 0 to 360", "noise", lambda r: r.uniform(0, 360, N), PLAIN),
    # Registers
    Made("energy meter", "energy_kwh", lambda r: 12000 + np.cumsum(use(r)), COUNTER),
    Made("whole energy meter", "kWh total", lambda r: np.round(5000 + 10 * np.cumsum(use(r))), COUNTER),
    Made(
        "meter that counts in steps of ten",
        "meter",
        lambda r: np.round(np.cumsum(use(r)), -1),
        COUNTER,
        may_be_missed=True,
    ),
    Made(
        "water meter with many still hours",
        "water_m3",
        lambda r: np.round(np.cumsum(np.where(r.random(N) < 0.6, 0, r.gamma(1, 0.1, N))), 3),
        COUNTER,
    ),
    Made("rain since midnight", "rain_today", lambda r: reset_each(np.cumsum(rain(r)), 24), COUNTER | RAIN | PLAIN),
    Made("rain since the beginning of the year", "rain_total", lambda r: np.cumsum(rain(r)), COUNTER),
    Made(
        "energy since the first of the month",
        "energy_month",
        lambda r: reset_each(np.cumsum(use(r)), 720),
        COUNTER,
        may_be_missed=True,
    ),
    Made(
        "a register that starts again at 1000",
        "pulses",
        lambda r: np.cumsum(np.round(3 * use(r))) % 1000,
        COUNTER,
        may_be_missed=True,
    ),
    Made(
        "odometer",
        "odometer_km",
        lambda r: 54000 + np.cumsum(np.where(r.random(N) < 0.5, 0, r.uniform(0, 60, N))),
        COUNTER,
    ),
    Made("bytes sent", "tx_bytes", lambda r: np.cumsum(np.round(r.lognormal(8, 1, N))), COUNTER),
    Made("visitors so far", "visitors", lambda r: np.cumsum(r.poisson(4, N)).astype(float), COUNTER),
    # Not registers
    Made("row number", "row", lambda r: T, PLAIN),
    Made("rounded ramp", "elapsed", lambda r: np.round(0.37 * T, 2), PLAIN),
    Made("seconds since 1970", "unix", lambda r: 1.6e9 + 3600 * T, PLAIN),
    Made("rising temperature", "temp", lambda r: 15 + 0.002 * T + 3 * DAY + noise(r, 0.8), PLAIN),
    Made(
        "carbon dioxide over decades",
        "co2",
        lambda r: 315 + 0.1 * T + 3 * np.sin(2 * np.pi * T / 12) + 0.2 * noise(r, 0.5),
        PLAIN,
        12,
    ),
    Made("price that rises", "price", lambda r: 100 * np.exp(0.0005 * T + 0.01 * np.cumsum(r.normal(size=N))), PLAIN),
    Made(
        "population, once a year",
        "population",
        lambda r: np.round(5e6 * np.exp(0.01 * np.arange(80.0) + 0.002 * r.normal(size=80).cumsum())),
        PLAIN | COUNTER,
        None,
    ),
    Made("year", "year", lambda r: 1990 + T // 100, PLAIN),
    Made("hour of the day", "hour", lambda r: T % 24, PLAIN),
    Made("month", "month", lambda r: 1 + T // 730 % 12, PLAIN, HOURLY),
    Made("month of monthly rows", "month", lambda r: 1 + np.arange(600.0) % 12, PLAIN, None),
    Made("day of the month", "day", lambda r: 1 + T // 24 % 30, PLAIN),
    Made("weekday", "weekday", lambda r: T // 24 % 7, PLAIN),
    Made("battery that is discharged", "battery_v", lambda r: 4.2 - 0.0004 * T + 0.01 * r.normal(size=N), PLAIN),
    Made("state of charge", "soc", lambda r: charge(r), PERCENT),
    Made("sawtooth", "level", lambda r: sawtooth(r, 50), PERCENT),
    Made("exact sawtooth", "duty", lambda r: (T % 50) * 2, PERCENT),
    Made("growing plant", "height_cm", lambda r: 20 + 0.05 * T + 0.5 * np.abs(noise(r, 0.9)), PLAIN),
    Made("maximum so far", "peak", lambda r: np.maximum.accumulate(np.abs(noise(r, 0.5))), PLAIN),
    Made("tide with a trend", "level_m", lambda r: 3 + 0.0005 * T + np.sin(2 * np.pi * T / 12.42), PLAIN),
    Made("soil temperature in spring", "soil", lambda r: 4 + 0.005 * T + 0.3 * DAY, PLAIN),
    # Amounts that are often zero
    Made("rain", "rain_mm", lambda r: rain(r), RAIN),
    Made("rain in a dry climate", "precipitation", lambda r: rain(r, 0.02), RAIN),
    Made("radiation", "Rg", lambda r: radiation(r), RAIN),
    Made("radiation with a night offset", "Rg", lambda r: radiation(r, -2.3), PLAIN, is_range=True),
    Made("events", "events", lambda r: r.poisson(0.7, N).astype(float), RAIN),
    Made("rare events", "accidents", lambda r: r.poisson(0.15, N).astype(float), RAIN),
    Made(
        "sunshine minutes",
        "sun_min",
        lambda r: np.round(np.clip(60 * np.maximum(0, DAY) + 20 * noise(r, 0.8), 0, 60)),
        RAIN,
    ),
    Made("power of a photovoltaic plant", "pv_kw", lambda r: radiation(r) / 800 * 5, RAIN),
    Made("clicks by hour", "clicks", lambda r: r.poisson(6 * np.maximum(0, DAY)).astype(float), RAIN),
    # Numbers with a limit, or without
    Made("temperature", "t2m", lambda r: 8 + 6 * DAY + 4 * noise(r, 0.9), PLAIN),
    Made("whole temperatures", "tmax", lambda r: np.round(12 + 8 * noise(r, 0.9)), PLAIN),
    Made("pressure", "pressure", lambda r: np.round(1013 + 8 * noise(r, 0.98), 1), PLAIN),
    Made("humidity", "humidity", lambda r: np.round(np.clip(75 + 25 * noise(r, 0.95), 5, 100)), PERCENT),
    Made("humidity that never reaches 100", "RH", lambda r: np.clip(55 + 15 * noise(r, 0.95), 5, 97), PERCENT),
    Made(
        "cloud cover in eighths",
        "cloud_oktas",
        lambda r: np.round(np.clip(4 + 4 * noise(r, 0.8), 0, 8)),
        PLAIN | RAIN | {"range:0:8", "range::8"},
    ),
    Made("pollutant", "NO2", lambda r: np.exp(3 + 0.6 * noise(r, 0.9)), PLAIN),
    Made("counts", "cars", lambda r: r.poisson(40 + 30 * DAY).astype(float), PLAIN),
    Made("few counts", "bikes", lambda r: r.poisson(3, N).astype(float), PLAIN),
    Made("coarse sensor", "coarse", lambda r: np.round(20 + 2 * noise(r, 0.9)) * 5, PLAIN),
    Made("coarse sensor of few values", "coarse", lambda r: np.round(2 + noise(r, 0.9)).clip(0, 4) * 5 + 10, PLAIN),
    Made("ratings from 1 to 5", "rating", lambda r: r.integers(1, 6, N).astype(float), PLAIN | CODE | {"range:1:5"}),
    Made("dice", "throws", lambda r: r.integers(1, 7, N).astype(float), PLAIN | {"range:1:6"}),
    Made("constant", "constant", lambda r: np.full(N, 7.0), PLAIN),
    Made("always zero", "zero", lambda r: np.zeros(N), PLAIN),
    Made("twelve readings", "few", lambda r: np.arange(12.0) ** 2, PLAIN, None),
    Made("index of a share", "stock", lambda r: 50 + np.cumsum(r.normal(0, 0.3, N)), PLAIN),
    Made("error of a forecast", "forecast_error", lambda r: np.round(3 * noise(r, 0.5)), PLAIN),
    Made("quality as a number", "water quality index", lambda r: np.round(80 + 8 * noise(r, 0.9)), PLAIN),
    Made("grade of alarm limits", "alarm_limit", lambda r: np.where(T < 900, 50.0, 55.0), PLAIN | FLAG | CODE),
    # Classes
    Made("on and off", "pump_on", lambda r: switching(r, [0, 1], 0.9), FLAG),
    Made("flag that is nearly never set", "alarm", lambda r: switching(r, [0, 0, 0, 0, 0, 0, 0, 0, 1], 0.9), FLAG),
    Made("one and two", "tariff", lambda r: np.where(T % 24 < 7, 1.0, 2.0), FLAG),
    Made("minus one and one", "sign", lambda r: switching(r, [-1, 1], 0.8), FLAG),
    Made("codes", "status", lambda r: switching(r, [10, 20, 90], 0.9), CODE),
    Made("codes without a telling name", "s3", lambda r: switching(r, [3, 17, 40, 210], 0.9), CODE, may_be_missed=True),
    Made("codes 0 to 4 called mode", "mode", lambda r: switching(r, [0, 1, 2, 3, 4], 0.9), CODE),
    Made("weather codes", "weather_code", lambda r: switching(r, [0, 1, 2, 3, 45, 51, 61, 63, 71, 80, 95], 0.9), CODE),
    Made("quality flags", "qc_flag", lambda r: switching(r, [1, 1, 1, 2, 3, 9], 0.8), CODE),
    Made("faults per day", "faults", lambda r: np.minimum(r.poisson(1.2, N), 12).astype(float), RAIN | PLAIN),
    Made(
        "counts with long tails",
        "errors",
        lambda r: r.negative_binomial(0.8, 0.3, N).clip(0, 30).astype(float),
        RAIN | PLAIN,
    ),
    Made(
        "counts of which some never occur",
        "calls",
        lambda r: np.array([0, 1, 2, 3, 4, 5, 7, 11, 20])[np.minimum(r.geometric(0.35, N) - 1, 8)].astype(float),
        RAIN | PLAIN,
    ),
    Made("set points", "setpoint", lambda r: np.repeat(r.choice([18, 20, 21.5], N // 50 + 1), 50)[:N], CODE),
    Made(
        "prices of a kWh",
        "price",
        lambda r: np.array([0.12, 0.31, 0.22, 0.31])[(T % 24 // 6).astype(int)],
        CODE,
    ),
    Made("half degrees of a slow sensor", "t", lambda r: np.round(2 * (20 + noise(r, 0.99))) / 2, PLAIN, is_range=True),
    Made("prices of a ticket", "tariff_price", lambda r: switching(r, [120, 180, 240], 0.9), PLAIN | CODE),
    Made(
        "solar yield of the day",
        "yield_day_kwh",
        lambda r: reset_each(np.cumsum(radiation(r) / 1000), 24),
        COUNTER | RAIN,
    ),
    Made("uptime until a restart", "uptime_s", lambda r: reset_each(np.full(N, 3600.0).cumsum(), 310), PLAIN),
    Made(
        "meter with an hourly base load",
        "meter_kwh",
        lambda r: 100 + np.cumsum(0.3 + 0.01 * r.random(N)),
        PLAIN | COUNTER,
    ),
    Made(
        "snow depth",
        "snow_cm",
        lambda r: np.round(np.clip(np.cumsum(np.where(T < 1000, r.normal(0.2, 1, N), r.normal(-0.3, 1, N))), 0, None)),
        RAIN | PLAIN,
    ),
    Made(
        "a sensor that is stuck at the end",
        "soil_moisture",
        lambda r: np.concatenate([30 + 3 * noise(r, 0.9)[:1800], np.full(200, 47.3)]),
        PLAIN,
    ),
    Made("one reading of 100", "cars", lambda r: np.concatenate([r.poisson(30, N - 1).astype(float), [100.0]]), PLAIN),
    Made("gears", "gear", lambda r: np.round(3 + 1.5 * noise(r, 0.7)).clip(1, 6), PLAIN | CODE | {"range:1:6"}),
)


def hidden(values: FloatArray, share: float, length: int, rng: Rng) -> FloatArray:
    """The values with runs of this length hidden, this share of them in all."""
    result = values.copy()
    for first in rng.integers(0, len(values), round(share * len(values) / length)):
        result[first : first + length] = np.nan
    return result


def found(made: Made, seed: int, share: float, length: int) -> str:
    rng = np.random.default_rng(seed)
    values = hidden(made.values(rng), share, length, rng)
    steps = np.arange(len(values), dtype=float)
    return find_kind(made.name, values, StepTimes(steps, steps * 3600), made.cycle).name


@pytest.mark.parametrize(("share", "length"), [(0.0, 1), (0.1, 1), (0.3, 6), (0.5, 1)])
@pytest.mark.parametrize("made", MADE, ids=lambda made: made.title)
def test_a_wrong_guess_is_rarer_than_a_missed_one(made: Made, share: float, length: int):
    right = made.right | PERCENT if made.may_be_missed else made.right
    kind = found(made, 0, share, length)

    assert kind in right or (made.is_range and kind.startswith("range"))


def test_without_a_telling_name_only_clear_cases_are_found():
    rng = np.random.default_rng(0)
    steps = np.arange(N, dtype=float)
    times = StepTimes(steps, steps * 3600)

    def kind(values: FloatArray, name: str = "x") -> str:
        return find_kind(name, values, times, HOURLY).name

    assert kind(prevailing(rng, 350, 20)) == "circular:360"
    assert kind(rng.uniform(0, 360, N)) == "non-negative", "as far apart on the circle as on the line"
    assert kind(rng.uniform(0, 360, N), "wind direction") == "circular:360", "the name tells"
    assert kind(switching(rng, [10, 20, 90], 0.9)) == "code"
    assert kind(switching(rng, [10, 20, 30], 0.9)) == "integer", "numbers of a scale"


def test_a_column_with_few_readings_is_plain():
    values = np.full(N, np.nan)
    values[:30] = switching(np.random.default_rng(0), [0, 1], 0.5)[:30]
    steps = np.arange(N, dtype=float)

    assert find_kind("flag", values, StepTimes(steps, steps), HOURLY).name == "continuous"
