"""Models of customer lifetime value, fitted by maximum likelihood to groups of like customers.

A purchase history is (frequency, recency, T): repeat purchases, time from the first purchase to the last, and time
from the first to the end of observation (Fader, Hardie & Lee, 2005). Time may be in any unit; so are the results.
"""

from septima.models.lifetime.bg_nbd import BgNbd, fit_bg_nbd
from septima.models.lifetime.calibration import (
    Accuracy,
    FrequencyCalibration,
    accuracy,
    frequency_calibration,
)
from septima.models.lifetime.fitting import Covariates, Fit, LifetimeError, LikelihoodRatio, likelihood_ratio
from septima.models.lifetime.gamma_gamma import GammaGamma, Independence, fit_gamma_gamma, spend_independence
from septima.models.lifetime.outlook import Outlook, outlook
from septima.models.lifetime.pareto_nbd import ParetoNbd, fit_pareto_nbd
from septima.models.lifetime.purchase_model import PurchaseModel
from septima.models.lifetime.shifted_beta_geometric import ShiftedBetaGeometric, fit_shifted_beta_geometric

__all__ = [
    "Accuracy",
    "BgNbd",
    "Covariates",
    "Fit",
    "FrequencyCalibration",
    "GammaGamma",
    "Independence",
    "LifetimeError",
    "LikelihoodRatio",
    "Outlook",
    "ParetoNbd",
    "PurchaseModel",
    "ShiftedBetaGeometric",
    "accuracy",
    "fit_bg_nbd",
    "fit_gamma_gamma",
    "fit_pareto_nbd",
    "fit_shifted_beta_geometric",
    "frequency_calibration",
    "likelihood_ratio",
    "outlook",
    "spend_independence",
]
