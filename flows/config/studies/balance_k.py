"""The study `balance-k` as a configuration."""

from typing import Literal

from pydantic import Field

from flows.config.studies.encoding import EncodedData
from flows.config.studies.plan import StudyPlan
from tasks.studies.balance_k.config import BalanceKConfig
from tasks.training.config import HeadsConfig


class BalanceKPlan(StudyPlan):
    """What half steps buy, on real features."""

    kind: Literal["balance-k"]
    data: EncodedData = Field(description="the pairs that minibatches are drawn from")
    heads: HeadsConfig = Field(
        default_factory=lambda: HeadsConfig(steps=500, batch=128), description="the heads whose loss is looked at"
    )
    settings: BalanceKConfig = Field(default_factory=BalanceKConfig, description="what is measured")
