"""Releases, and what happened to them."""

from releasedesk.releases.models.commit import Commit, CommitCheck
from releasedesk.releases.models.configuration import ConfigKey, MeantDifference
from releasedesk.releases.models.deployment import (
    Deployment,
    DeploymentFact,
    DeploymentFactQuerySet,
    DeploymentQuerySet,
    Live,
    Standing,
)
from releasedesk.releases.models.gate import (
    GateAnswer,
    GateLevel,
    Level,
    Override,
    Passage,
    month_of,
    stopping,
)
from releasedesk.releases.models.gate_request import GateRequest
from releasedesk.releases.models.lock import Lock, LockQuerySet, coming, holding
from releasedesk.releases.models.release import Change, Release, ReleaseQuerySet
from releasedesk.releases.models.reported import Incident, ReportedConfig

__all__ = [
    "Change",
    "Commit",
    "CommitCheck",
    "ConfigKey",
    "Deployment",
    "DeploymentFact",
    "DeploymentFactQuerySet",
    "DeploymentQuerySet",
    "GateAnswer",
    "GateLevel",
    "GateRequest",
    "Incident",
    "Level",
    "Live",
    "Lock",
    "LockQuerySet",
    "MeantDifference",
    "Override",
    "Passage",
    "Release",
    "ReleaseQuerySet",
    "ReportedConfig",
    "Standing",
    "coming",
    "holding",
    "month_of",
    "stopping",
]
