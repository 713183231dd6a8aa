"""Settings of encoders; each setting declared here becomes a flag of `latentfill embed`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import ClassVar, Literal

from latentfill.core.setting_type import Part, Setting, setting
from latentfill.core.settings_base import Settings, declared
from latentfill.core.settings_text import documented

RoughFill = Literal["linear", "mean", "zero", "word"]
MOST_DECIMALS = 17


@documented
@dataclass(frozen=True, kw_only=True)
class PromptStyle(Settings):
    """How values are written in a prompt."""

    part: ClassVar[Part] = "embedding"
    panel: ClassVar[str] = "Language model"
    title: ClassVar[str] = "prompts"

    decimals: int | None = setting(
        None,
        "Decimals of the values; two significant digits of the column's standard deviation if not given.",
        flag="--decimals",
        least=0,
        most=MOST_DECIMALS,
    )
    truncate: bool = setting(
        False, "Cut further digits off instead of rounding; TimeKD does, with --decimals 0.", flag="--truncate"
    )
    rough_fill: RoughFill = setting(
        "linear",
        "What is written in a gap: a line or the mean of the window's observed cells, zero, or a word.",
        flag="--rough-fill",
    )
    missing_word: str = setting("missing", "The word in gaps, with --rough-fill word.", flag="--missing-word")

    def contradictions(self) -> Iterator[str]:
        if not self.missing_word.strip():
            yield f"missing_word must be a word, got {self.missing_word!r}"


@documented
@dataclass(frozen=True, kw_only=True)
class ModelSettings(Settings):
    """How a language model is loaded and read."""

    part: ClassVar[Part] = "embedding"
    panel: ClassVar[str] = "Language model"
    title: ClassVar[str] = "language model"

    layers: int | None = setting(
        None, "Layers of the language model to keep, the first ones; all if not given.", flag="--layers", least=1
    )
    dtype: Literal["auto", "float32", "bfloat16"] = setting(
        "auto",
        "Precision; auto: bfloat16 where the processor computes in it, else float32.",
        flag="--lm-dtype",
    )
    plain_attention: bool = setting(
        False,
        "Let numbers and words of a prompt attend to each other, instead of calibrated attention.",
        flag="--plain-attention",
    )


@documented
@dataclass(frozen=True, kw_only=True)
class PromptContents(Settings):
    """What a prompt holds beside the window."""

    part: ClassVar[Part] = "embedding"
    panel: ClassVar[str] = "Language model"

    privileged: bool = setting(
        False,
        "Also read the --pred-len values after a window: to train a student with, not to fill with.",
        flag="--privileged",
    )


@documented
@dataclass(frozen=True, kw_only=True)
class ModuleSettings(Settings):
    """How a torch module is called."""

    part: ClassVar[Part] = "embedding"
    panel: ClassVar[str] = "Making embeddings"

    inputs: str | None = setting(
        None, "What a module takes, and the order of its axes, such as filled,observed:BLC.", flag="--inputs"
    )


ENCODER_SETTINGS = (PromptStyle, ModelSettings, PromptContents, ModuleSettings)
BY_NAME: Mapping[str, Setting] = {each.name: each for record in ENCODER_SETTINGS for each in declared(record)}
