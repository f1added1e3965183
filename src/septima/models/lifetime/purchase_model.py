"""What the models of purchases by customers who leave unseen have in common."""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Self

import numpy.typing as npt

from septima.models.intervals import FloatArray
from septima.models.lifetime.fitting import Covariates, Fit, Model


@dataclass(frozen=True)
class PurchaseModel(Fit, ABC):
    """A fitted model of purchases and of leaving. All arrays broadcast; t is in the unit of time that was given."""

    @property
    @abstractmethod
    def _model(self) -> Model:
        """The model that was fitted, as the search sees it."""

    @abstractmethod
    def p_alive(
        self,
        frequency: npt.ArrayLike,
        recency: npt.ArrayLike,
        T: npt.ArrayLike,  # noqa: N803 - the name of the literature
        covariates: Covariates | None = None,
    ) -> FloatArray:
        """Probability that a customer with this history is still one."""

    @abstractmethod
    def expected_while_alive(
        self,
        t: npt.ArrayLike,
        frequency: npt.ArrayLike,
        T: npt.ArrayLike,  # noqa: N803
        covariates: Covariates | None = None,
    ) -> FloatArray:
        """Purchases expected in the time t of who is certainly still a customer; it depends on no recency."""

    @abstractmethod
    def probability(
        self, purchases: npt.ArrayLike, t: npt.ArrayLike, covariates: Covariates | None = None
    ) -> FloatArray:
        """Probability that a new customer makes so many repeat purchases in the time t."""

    def of(self, values: Mapping[str, float]) -> Self:
        """The fit for customers with these covariates (0 where not named), as one without covariates."""
        return replace(self, **self._model.plain(self, values))

    def expected_purchases(
        self,
        t: npt.ArrayLike,
        frequency: npt.ArrayLike = 0,
        recency: npt.ArrayLike = 0,
        T: npt.ArrayLike = 0,  # noqa: N803
        covariates: Covariates | None = None,
    ) -> FloatArray:
        """Purchases expected in the time t from now on; without a history those of a new customer after the first."""
        alive = self.expected_while_alive(t, frequency, T, covariates)
        return alive * self.p_alive(frequency, recency, T, covariates)
