"""What cannot be combined with filling from the past alone."""

from __future__ import annotations

from latentfill.core.config import AUTO, Config
from latentfill.core.errors import InputError
from latentfill.core.messages import quoted


def refuse_looking_ahead(config: Config, *, with_covariates: bool) -> None:
    """Raise an `InputError` for settings that look ahead, or that learn from other tables."""
    problems = {
        f"strategy {quoted(config.strategy)} looks ahead": config.strategy != AUTO,
        f"the candidates {', '.join(config.candidates)} are not those of the past": bool(config.candidates),
        "stored embeddings were made from whole windows (--embeddings)": config.stored.embeddings is not None,
        "a donor table (--donor-table) has a time of its own": config.neighbours.donor_table is not None,
        "covariates (--with) may know later steps": with_covariates,
        "readings that contradict later ones cannot be blanked (--blank-doubtful)": (
            config.output.blank_doubtful is not None
        ),
    }
    for problem, applies in problems.items():
        if applies:
            raise InputError(f"causal (--causal) fills from earlier steps alone, and {problem}. Leave out one of them.")
