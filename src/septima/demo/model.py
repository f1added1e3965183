"""Every parameter of the generative model, with the values that the demo uses.

A `Path` is twelve numbers, one a quarter, oldest first.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

Path = tuple[float, ...]


def _path(first: float, before_last: float, last: float) -> Path:
    """Go evenly from the first quarter to the last but one, then to the last."""
    return (*(first + (before_last - first) * step / 10 for step in range(11)), last)


@dataclass(frozen=True)
class Segment:
    """How the customers of one segment buy: BG/NBD in weeks (r, alpha, a, b), Gamma-Gamma in roubles (p, q, gamma)."""

    share: float
    r: float
    alpha: float
    a: float
    b: float
    p: float
    q: float
    gamma: float
    channel_shares: tuple[float, float, float, float]
    cost_share: float

    @property
    def mean_value(self) -> float:
        """Mean money of one order, roubles: p·gamma / (q − 1)."""
        return self.p * self.gamma / (self.q - 1)


@dataclass(frozen=True)
class Experiment:
    """A holdout: `extra_orders` more per treated customer, on average, within `days` of the assignment.

    It begins `day` days after the start of quarter number `quarter`. Their mean value is
    `mean_value` roubles, so the true uplift is extra_orders · mean_value.
    """

    quarter: int
    day: int
    days: int
    channel: str
    name: str
    extra_orders: float
    mean_value: float
    control_share: float = 0.05

    @property
    def uplift(self) -> float:
        """Incremental revenue per treated customer, roubles."""
        return self.extra_orders * self.mean_value


@dataclass(frozen=True)
class Model:
    """The company. See `septima.demo` for what each part does with its parameters."""

    segments: Mapping[str, Segment] = field(
        default_factory=lambda: {
            "mass": Segment(0.72, 1.1, 9.0, 0.8, 9.0, 4.0, 5.0, 2400.0, (0.34, 0.28, 0.30, 0.08), 0.64),
            "premium": Segment(0.20, 1.8, 9.0, 0.7, 12.0, 4.0, 5.0, 5200.0, (0.28, 0.36, 0.30, 0.06), 0.58),
            "business": Segment(0.08, 1.5, 12.0, 0.6, 14.0, 3.0, 6.0, 30000.0, (0.45, 0.05, 0.10, 0.40), 0.66),
        }
    )
    prospect_share: float = 0.05
    arrival_weights: Path = (1.5, 1.3, 1.2, 1.1, 1.0, 1.0, 1.0, 1.0, 1.0, 0.95, 0.9, 0.9)
    month_pace: tuple[float, ...] = (0.86, 0.90, 1.00, 0.99, 0.97, 0.95, 0.93, 0.97, 1.01, 1.03, 1.17, 1.22)
    weekday_pace: tuple[float, ...] = (0.94, 0.93, 0.96, 0.98, 1.06, 1.12, 1.01)
    hour_pace: tuple[float, ...] = (
        0.25, 0.12, 0.06, 0.05, 0.06, 0.12, 0.30, 0.60, 0.90, 1.20, 1.40, 1.50,
        1.55, 1.50, 1.40, 1.40, 1.45, 1.55, 1.65, 1.75, 1.75, 1.55, 1.10, 0.60,
    )  # fmt: skip
    regions: Mapping[str, float] = field(
        default_factory=lambda: {
            "Москва": 0.24, "Санкт-Петербург": 0.12, "Центр": 0.16, "Поволжье": 0.15,
            "Урал": 0.11, "Сибирь": 0.12, "Юг": 0.10,
        }
    )  # fmt: skip
    acquisition: Mapping[str, float] = field(
        default_factory=lambda: {"search": 0.28, "social": 0.20, "store": 0.23, "referral": 0.14, "partner": 0.15}
    )
    consent_share: float = 0.75
    duplicate_share: float = 0.02
    missing_email_share: float = 0.06
    missing_phone_share: float = 0.03
    missing_segment_share: float = 0.015
    missing_birth_date_share: float = 0.22

    unsuccessful_share: float = 0.06
    returned_among_unsuccessful: float = 0.35
    promo_share: float = 0.15
    promo_discount: float = 0.10
    broken_share: float = 0.003
    repeated_share: float = 0.001

    delivered_share: float = 0.9
    carriers: Mapping[str, tuple[float, Path]] = field(
        default_factory=lambda: {
            "Свой курьер": (0.45, _path(0.920, 0.955, 0.942)),
            "Быстрый путь": (0.35, _path(0.890, 0.932, 0.905)),
            "Региональная почта": (0.20, _path(0.810, 0.872, 0.838)),
        }
    )
    failed_share: float = 0.008
    intact_share: float = 0.987
    in_full_share: float = 0.974

    complaints_per_1000: Mapping[str, Path] = field(
        default_factory=lambda: {
            "delivery": _path(4.4, 2.9, 3.2),
            "quality": _path(4.8, 3.3, 2.3),
            "service": _path(3.6, 1.9, 0.8),
            "payment": _path(1.3, 0.85, 0.6),
            "returns": _path(2.6, 2.0, 1.3),
        }
    )
    complaint_lag_days: float = 1.0
    first_response_hours: Path = field(default=_path(14.0, 7.0, 4.5))
    complaint_days: Path = field(default=_path(6.0, 3.4, 2.8))
    reopened_share: Path = field(default=_path(0.10, 0.07, 0.055))

    calls_per_order: float = 0.22
    waiting_s: Path = field(default=_path(62.0, 30.0, 22.0))
    patience_s: float = 160.0
    resolved_share: Path = field(default=_path(0.66, 0.79, 0.83))

    open_rate: Mapping[str, Path] = field(
        default_factory=lambda: {"email": _path(0.205, 0.255, 0.272), "sms": (0.0,) * 12}
    )
    click_given_open: Path = field(default=_path(0.115, 0.145, 0.155))
    sms_click_rate: Path = field(default=_path(0.030, 0.038, 0.040))
    bounce_rate: Mapping[str, float] = field(default_factory=lambda: {"email": 0.022, "sms": 0.041})
    unsubscribe_rate: float = 0.0025
    email_target_share: float = 0.35
    sms_target_share: float = 0.30
    message_cost: Mapping[str, float] = field(default_factory=lambda: {"email": 0.25, "sms": 4.20})
    campaign_preparation: Mapping[str, float] = field(default_factory=lambda: {"email": 9000.0, "sms": 2500.0})
    experiments: Mapping[str, Experiment] = field(
        default_factory=lambda: {
            "new-year-bonus": Experiment(8, 34, 28, "email", "Бонусы к Новому году", 0.10, 2600.0),
            "april-reminder": Experiment(10, 12, 28, "email", "Апрельское напоминание", 0.0, 2600.0),
            "summer-loyalty": Experiment(11, 5, 28, "email", "Летняя программа лояльности", 0.14, 2600.0),
        }
    )
    basket_shape: float = 4.0
    daily_spend_per_customer: Mapping[str, float] = field(
        default_factory=lambda: {"search": 0.80, "social": 0.55, "store": 0.20}
    )
    visits_before_order: float = 0.7
    visits_without_order: float = 2.0
    chats_per_order: float = 0.04

    nps_responses_per_order: float = 0.08
    nps_classic_share: float = 0.25
    nps_passive: float = 0.36
    nps_by_department: Mapping[str, tuple[float, Path]] = field(
        default_factory=lambda: {
            "support": (0.22, _path(0.10, 0.29, 0.42)),
            "delivery": (0.27, _path(0.26, 0.37, 0.33)),
            "stores": (0.22, _path(0.30, 0.41, 0.45)),
            "online_shop": (0.20, _path(0.24, 0.36, 0.42)),
            "claims": (0.04, _path(-0.20, 0.00, 0.04)),
            "sales": (0.05, _path(0.20, 0.29, 0.33)),
        }
    )
    nps_classic_lower_by: float = 0.14
    why_share: float = 0.55
    csi_responses_per_order: float = 0.02
    csi_unhappy: Path = field(default=_path(0.20, 0.13, 0.11))
    csi_happy: Path = field(default=_path(0.46, 0.55, 0.57))
    csi_scores: Mapping[str, tuple[tuple[float, ...], ...]] = field(
        default_factory=lambda: {
            "overall": ((0.30, 0.34, 0.24, 0.09, 0.03), (0.03, 0.10, 0.34, 0.38, 0.15), (0.01, 0.02, 0.07, 0.30, 0.60)),
            "delivery": ((0.34, 0.30, 0.22, 0.10, 0.04), (0.05, 0.11, 0.30, 0.36, 0.18), (0.01, 0.03, 0.10, 0.30, 0.56)),
            "quality": ((0.16, 0.28, 0.32, 0.18, 0.06), (0.02, 0.07, 0.28, 0.42, 0.21), (0.00, 0.01, 0.06, 0.31, 0.62)),
            "price": ((0.30, 0.32, 0.26, 0.09, 0.03), (0.07, 0.17, 0.38, 0.28, 0.10), (0.02, 0.06, 0.22, 0.40, 0.30)),
            "service": ((0.28, 0.30, 0.26, 0.12, 0.04), (0.04, 0.09, 0.30, 0.38, 0.19), (0.01, 0.02, 0.06, 0.27, 0.64)),
        }
    )  # fmt: skip
    c11_responses_per_order: float = 0.015
    c11_loadings: tuple[float, ...] = (0.82, 0.78, 0.80, 0.74, 0.58, 0.55, 0.66, 0.70, 0.68, 0.72, 0.60)
    c11_offsets: tuple[float, ...] = (0.30, 0.22, 0.10, 0.02, -0.05, 0.28, -0.02, -0.12, 0.18, 0.00, -0.65)
    c11_thresholds: tuple[float, float, float, float] = (-1.60, -0.85, -0.05, 0.85)
    c11_level: Path = field(default=_path(-0.05, 0.24, 0.32))

    buy_again_share: float = 0.4
    buy_again_same_group: float = 0.7
    rapid_responses_per_order: float = 0.01
    rapid_means: Mapping[str, Path] = field(
        default_factory=lambda: {"r": _path(6.6, 7.1, 7.4), "a": _path(6.2, 6.8, 7.2), "p": _path(5.4, 5.6, 5.9)}
    )
    rapid_spread: float = 6.0
    feelings_responses_per_order: float = 0.012
    expectation: tuple[float, ...] = (0.02, 0.08, 0.42, 0.36, 0.12)
    experience_good: Path = field(default=_path(0.30, 0.46, 0.52))
    experience_bad: tuple[float, ...] = (0.12, 0.30, 0.58, 0.0, 0.0)
    experience_fine: tuple[float, ...] = (0.0, 0.0, 0.25, 0.45, 0.30)
    index_responses_per_order: float = 0.01
    brand_index: Path = field(default=_path(58.0, 63.0, 66.0))
    brand_index_spread: float = 11.0

    deals_per_quarter: float = 0.35
    win_rate: Path = field(default=_path(0.215, 0.265, 0.285))
    stage_shapes: Mapping[str, float] = field(
        default_factory=lambda: {"lead": 1.0, "qualification": 2.0, "proposal": 3.0, "negotiation": 2.0}
    )
    stage_scale_days: float = 5.0
    lost_at_shares: tuple[float, float, float, float] = (0.34, 0.30, 0.21, 0.15)
    median_deal_amount: float = 210000.0
    deal_amount_sigma: float = 0.7

    positions_per_customer: float = 1 / 400
    least_positions: int = 56
    departments: Mapping[str, tuple[float, float]] = field(
        default_factory=lambda: {
            "support": (0.22, 0.45), "stores": (0.26, 0.38), "delivery": (0.17, 0.50), "online_shop": (0.10, 0.20),
            "claims": (0.06, 0.25), "sales": (0.10, 0.25), "marketing": (0.06, 0.18), "management": (0.03, 0.08),
        }
    )  # fmt: skip
    vacancy_days: float = 14.0
    opening_rates: Mapping[str, float] = field(default_factory=lambda: {"EUR": 98.0, "USD": 93.0, "CNY": 12.9})
    daily_rate_change: float = 0.006
    monthly_pay: float = 82000.0
    training_on_time: Path = field(default=_path(0.80, 0.87, 0.88))
    steps_on_time: Mapping[str, float] = field(
        default_factory=lambda: {"support": 0.93, "claims": 0.84, "delivery": 0.90, "stores": 0.94, "online_shop": 0.96}
    )
    milestones_per_quarter: int = 7
    milestones_on_plan: float = 0.78
    fulfilment_sample: float = 0.05
    cards_opened_per_call: float = 0.6


SALE_CHANNELS = ("web", "app", "store", "call_centre")
EXPERIMENT_SEGMENTS = ("mass", "premium")
