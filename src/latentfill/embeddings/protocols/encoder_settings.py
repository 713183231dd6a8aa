"""Settings of encoders; each setting declared here becomes a flag of `latentfill embed`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import ClassVar, Literal

from latentfill.core.messages import quoted
from latentfill.core.setting_type import Part, Setting, setting
from latentfill.core.settings_base import Settings, declared
from latentfill.core.settings_text import documented

RoughFill = Literal["linear", "mean", "zero", "word", "smooth"]
MOST_DECIMALS = 17


@documented
@dataclass(frozen=True, kw_only=True)
class PromptStyle(Settings):
    """Text of the values in a prompt."""

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
        "Text in place of a missing value: a value interpolated in the window, its mean, zero, a word, or an estimate "
        "of state_space, which is fitted to the whole table.",
        flag="--rough-fill",
    )
    missing_word: str = setting(
        "missing", "Word in place of a missing value, with --rough-fill word.", flag="--missing-word"
    )

    def contradictions(self) -> Iterator[str]:
        if not self.missing_word.strip():
            yield f"missing_word must be a word, got {quoted(self.missing_word)}"


@documented
@dataclass(frozen=True, kw_only=True)
class ModelSettings(Settings):
    """Loading and use of a language model."""

    part: ClassVar[Part] = "embedding"
    panel: ClassVar[str] = "Language model"
    title: ClassVar[str] = "language model"

    layers: int | None = setting(
        None, "Number of the language model's first layers to use; all if not given.", flag="--layers", least=1
    )
    dtype: Literal["auto", "float32", "bfloat16"] = setting(
        "auto",
        "Number format of the computation; auto: bfloat16 if the processor computes in it, else float32.",
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
    """Further contents of a prompt."""

    part: ClassVar[Part] = "embedding"
    panel: ClassVar[str] = "Language model"

    privileged: bool = setting(
        False,
        "Also write the --pred-len values after each window into the prompt; for training a student only.",
        flag="--privileged",
    )


@documented
@dataclass(frozen=True, kw_only=True)
class ModuleSettings(Settings):
    """Inputs of a torch module."""

    part: ClassVar[Part] = "embedding"
    panel: ClassVar[str] = "Making embeddings"

    inputs: str | None = setting(
        None, "Inputs of the module and the order of their axes, such as filled,observed:BLC.", flag="--inputs"
    )


ENCODER_SETTINGS = (PromptStyle, ModelSettings, PromptContents, ModuleSettings)
BY_NAME: Mapping[str, Setting] = {each.name: each for record in ENCODER_SETTINGS for each in declared(record)}
