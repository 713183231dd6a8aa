"""One declaration of a setting gives its checks, names, flag, help text, settings page and config file."""

from __future__ import annotations

from dataclasses import dataclass, field

import pytest
import typer
from typer.testing import CliRunner

from latentfill.cli.options import options_of, with_options
from latentfill.core.config import Config
from latentfill.core.config_settings import DecoderSettings
from latentfill.core.errors import InputError
from latentfill.core.setting_type import setting
from latentfill.core.settings_base import GroupedSettings, Settings
from latentfill.core.settings_text import documented, to_markdown, to_toml


@documented
@dataclass(frozen=True, kw_only=True)
class Weather(Settings):
    """The weather of a test."""

    wind: int = setting(
        7, "Wind in knots.", why="a fresh breeze", flag="--wind", names=("wind_speed",), least=0, most=64, refit=False
    )


@documented
@dataclass(frozen=True, kw_only=True, init=False)
class Trip(GroupedSettings):
    """A trip."""

    weather: Weather = field(default_factory=Weather)
    stops: tuple[str, ...] | None = setting(None, "Places on the way.")


@pytest.mark.parametrize("given", [{"wind_speed": 9}, {"weather": {"wind": 9}}, {"weather": Weather(wind=9)}])
def test_a_setting_can_be_given_by_its_name_or_in_its_group(given):
    assert Trip(**given).weather.wind == 9
    assert Trip(**given).value("wind_speed") == Trip(**given).value("weather.wind") == 9


def test_the_range_of_a_setting_is_checked_wherever_it_is_given():
    for make in (lambda: Trip(wind_speed=65), lambda: Weather(wind=65), lambda: Trip().replace(wind_speed=65)):
        with pytest.raises(InputError, match="settings: wind_speed must be from 0 to 64, got 65"):
            make()


def test_an_unknown_name_in_a_group_is_refused_with_a_suggestion():
    with pytest.raises(InputError, match="unknown setting of weather 'wint': did you mean 'wind'"):
        Trip(weather={"wint": 3})


def test_a_record_of_another_group_is_refused():
    with pytest.raises(InputError, match="weather takes Weather or a mapping, got DecoderSettings"):
        Trip(weather=DecoderSettings())


def test_a_text_with_commas_is_a_list():
    assert Trip(stops="Ulm, Wien").stops == ("Ulm", "Wien") == Trip(stops=["Ulm", "Wien"]).stops


def test_a_setting_becomes_a_flag_with_help_and_default():
    app = typer.Typer()

    @app.command()
    @with_options(options_of(Weather))
    def show(**given: object) -> None:
        typer.echo(given)

    runner = CliRunner()
    assert "{'wind_speed': 12}" in runner.invoke(app, ["--wind", "12"]).stdout
    shown = " ".join(runner.invoke(app, ["--help"], env={"COLUMNS": "200"}).stdout.split())
    assert "--wind <int> Wind in knots. Default: 7." in shown


def test_a_setting_is_in_the_docstring_the_settings_page_and_the_config_file():
    for record in (Weather, Trip):
        docstring = record.__doc__ or ""
        assert "wind (or wind_speed) : int, from 0 to 64, default 7" in docstring
        assert "Wind in knots. Why: a fresh breeze." in docstring
    page = to_markdown(Trip)
    assert "| `wind_speed` | `--wind` | int, from 0 to 64 | `7` | Wind in knots. Why: a fresh breeze." in page
    assert "[weather]\n# Wind in knots. Why: a fresh breeze.\n# wind = 7" in to_toml(Trip)


def test_a_group_and_a_setting_may_share_a_name():
    """`neighbours` was the number of the decoder's neighbours before it became a group."""
    assert Config(neighbours=3).decoder.neighbours == 3
    assert Config(neighbours={"count": 3}).neighbours.count == 3
    assert Config(neighbours={"count": 3}).replace(neighbours=2).neighbours.count == 3


def test_former_names_are_accepted():
    config = Config(bank="other.csv", decoder_steps=5, latent_rate=0.5, embedding_stride=2, margin=None)
    assert config.neighbours.donor_table == "other.csv"
    assert (config.decoder.steps, config.latent.rate, config.stored.stride, config.output.margin) == (5, 0.5, 2, None)


def test_a_setting_that_is_given_twice_with_different_values_is_refused():
    with pytest.raises(InputError, match=r"wind_speed is given twice \(3 and 4\): leave one out"):
        Trip(weather={"wind": 3}, wind_speed=4)
    assert Trip(weather={"wind": 3}, wind_speed=3).weather.wind == 3
    assert Trip(weather=Weather(wind=3), wind_speed=4).weather.wind == 4  # a record has a value for everything


def test_a_group_needs_a_mapping_and_an_unknown_one_is_compared_with_groups():
    with pytest.raises(InputError, match=r"weather is a group of settings: give a mapping such as .'wind': 7., got 5"):
        Trip(weather=5)
    with pytest.raises(InputError, match="unknown group of settings 'wether': did you mean 'weather'"):
        Trip(wether={"wind": 3})


@pytest.mark.parametrize("given", [{"length": 12}, {"windows": {"length": 12}}])
def test_a_short_window_needs_no_stride_of_its_own(given):
    assert Config(**given).windows.stride == Config().replace(**given).windows.stride == 3
    assert Config(**given, stride=12).windows.stride == 12


def test_numbers_that_are_no_floats_are_refused():
    for settings in ({"time_budget": 10**400}, {"time_budget": 10**5000}, {"noise": -(10**400)}):
        with pytest.raises(InputError, match=r"must be (a number below|from 0 to)"):
            Config(**settings)
