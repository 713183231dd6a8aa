"""Gradient descent of many embeddings at once."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

from latentfill.core.config import Config


class Descent:
    """Minimises independent losses of many z (B, K, D) with one optimiser, by minimising their sum."""

    def __init__(self, settings: Config, start: Tensor) -> None:
        self.settings = settings
        self.z = start.clone().requires_grad_(True)
        self.adam = torch.optim.Adam([self.z], lr=settings.latent.rate)

    def run(self, losses: Callable[[Tensor], Tensor], steps: int) -> tuple[Tensor, Tensor]:
        """Take `steps` steps; returns each window's z with the least finite loss, (B, K, D), and that loss, (B,)."""
        best, least = self.z.detach().clone(), torch.full((len(self.z),), torch.inf, device=self.z.device)

        def backward() -> Tensor:
            self.z.grad = None
            loss = losses(self.z)
            with torch.no_grad():
                better = loss < least
                least[better], best[better] = loss[better], self.z[better]
            total = torch.where(loss.isfinite(), loss, 0.0).sum()
            total.backward()  # type: ignore[no-untyped-call]
            assert self.z.grad is not None
            self.z.grad.nan_to_num_(0.0, 0.0, 0.0)
            return total.detach()

        if self.settings.latent.optimiser == "adam":
            for _ in range(steps):
                backward()
                self.adam.step()
        else:
            lbfgs = torch.optim.LBFGS([self.z], max_iter=steps, line_search_fn="strong_wolfe")
            lbfgs.step(lambda: float(backward()))  # type: ignore[no-untyped-call]
        return best, least

    def keep(self, chosen: Tensor) -> None:
        """Keep the z where the mask `chosen` (B,) is True, with the optimiser's state; drop the others."""
        state = self.adam.state[self.z]
        self.z = self.z.detach()[chosen].requires_grad_(True)
        self.adam = torch.optim.Adam([self.z], lr=self.settings.latent.rate)
        if state:
            moments = {name: state[name][chosen] for name in ("exp_avg", "exp_avg_sq")}
            self.adam.state[self.z] = {"step": state["step"], **moments}
