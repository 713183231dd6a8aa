import dataclasses
import json

import pytest

from latentfill.core.config import Config
from latentfill.core.errors import InputError
from latentfill.core.window_plan import WindowPlan


def test_a_config_without_arguments_has_the_defaults():
    assert (Config().windows.length, Config().windows.stride, Config().stored.plan) == (96, 24, WindowPlan())


def test_a_config_is_frozen():
    with pytest.raises(dataclasses.FrozenInstanceError):
        Config().windows.length = 5
    with pytest.raises(dataclasses.FrozenInstanceError):
        Config().seed = 5


def test_one_message_lists_all_values_out_of_range():
    with pytest.raises(InputError) as caught:
        Config(length=1, stride=24, dropout=1.0, kernel=4, dim=10, attention_heads=3, holdout=0.6, learning_rate=0)
    for words in (
        "settings: ",
        "length must be from 2 to 100000, got 1",
        "stride must be at most length (1), got 24",
        "dim must be a multiple of attention_heads (3), got 10",
        "kernel must be odd, got 4",
        "dropout must be at least 0 and below 1, got 1.0",
        "learning_rate must be above 0 and at most 1, got 0",
        "holdout must be above 0 and at most 0.5, got 0.6",
    ):
        assert words in str(caught.value)


def test_one_message_lists_all_values_of_the_wrong_type():
    with pytest.raises(InputError) as caught:
        Config(length="96", stride=True, noise="much", device=0, head="linear", split="ett", seed=1.5)
    for words in (
        "length must be a whole number, got '96'",
        "stride must be a whole number, got True",
        "noise must be a number, got 'much'",
        "device must be text, got 0",
        "head must be one of conv, mlp, lstm, transformer, got 'linear'",
        "split must be one of auto, none, ett-hour, ett-minute, custom, got 'ett'",
        "seed must be a whole number, got 1.5",
    ):
        assert words in str(caught.value)


def test_one_message_lists_wrong_types_and_values_out_of_range():
    with pytest.raises(InputError) as caught:
        Config(length=0, noise=-1, head="tree", dim="x")
    for words in ("dim must be a whole number", "head must be one of", "length must be from 2", "noise must be from"):
        assert words in str(caught.value)


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"margin": -0.1}, "margin must be from 0 to 1000, or none, got -0.1"),
        ({"noise": -1}, "noise must be from 0 to 1000, got -1"),
        ({"noise": 1.0, "noise_kind": "dropout"}, "noise must be below 1 when noise_kind is dropout, got 1.0"),
        ({"seed": -1}, "seed must be from 0 to 9223372036854775807, got -1"),
        ({"seed": 2**63}, "seed must be from 0 to 9223372036854775807, got 9223372036854775808"),
        ({"dim": 10**12}, "dim must be from 1 to 8192, got 1000000000000"),
        ({"noise": 10**400}, "noise must be from 0 to 1000"),
        ({"device": "meta"}, "device must be auto, cpu, cuda or cuda:N, got 'meta'"),
        ({"attention_heads": 0}, "attention_heads must be from 1 to 8192, got 0"),
        ({"holdout": 0}, "holdout must be above 0"),
        ({"length": None}, "length must be a whole number, got None"),
        ({"noise": None}, "noise must be a number, got None"),
    ],
)
def test_a_value_out_of_range_is_refused_with_its_limit(settings, words):
    with pytest.raises(InputError, match=words):
        Config(**settings)


@pytest.mark.parametrize("name", ["noise", "dropout", "learning_rate", "holdout", "margin"])
@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_a_number_that_is_not_finite_is_refused(name, value):
    with pytest.raises(InputError, match=name):
        Config(**{name: value})


@pytest.mark.parametrize("settings", [{"margin": None}, {"noise": 0}, {"noise": 2.5}, {"length": 2, "stride": 2}])
def test_values_at_the_limits_are_accepted(settings):
    assert {name: Config(**settings).value(name) for name in settings} == settings


def test_a_config_is_the_same_after_writing_and_reading_json():
    config = Config(length=48, stride=12, margin=None, noise=0.25, head="mlp", seed=2**63 - 1)
    assert Config.from_dict(json.loads(json.dumps(config.to_dict()))) == config


def test_settings_that_are_not_given_have_their_defaults():
    assert Config.from_dict({"length": 48}) == Config(length=48)


def test_each_unknown_setting_is_refused_with_a_suggestion():
    with pytest.raises(InputError) as caught:
        Config.from_dict({"lenght": 48, "Stride": 4, "zzz": 1})
    assert "unknown setting 'lenght': did you mean 'length'?" in str(caught.value)
    assert "unknown setting 'Stride': did you mean 'stride'?" in str(caught.value)
    assert "unknown setting 'zzz' (known: strategy, effort, candidates, " in str(caught.value)
