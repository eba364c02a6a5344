"""Releases, and what happened to them."""

from releasedesk.releases.models.deployment import (
    Deployment,
    DeploymentFact,
    DeploymentFactQuerySet,
    DeploymentQuerySet,
    Live,
    Standing,
)
from releasedesk.releases.models.lock import Lock, LockQuerySet
from releasedesk.releases.models.release import Change, Release, ReleaseQuerySet
from releasedesk.releases.models.reported import Incident, ReportedConfig

__all__ = [
    "Change",
    "Deployment",
    "DeploymentFact",
    "DeploymentFactQuerySet",
    "DeploymentQuerySet",
    "Incident",
    "Live",
    "Lock",
    "LockQuerySet",
    "Release",
    "ReleaseQuerySet",
    "ReportedConfig",
    "Standing",
]
