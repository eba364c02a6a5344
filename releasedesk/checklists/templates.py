"""The two lists every release starts with. Pure data: (key, label, help)."""

RELEASE = (
    ("lint", "Linting", "The linters and the formatter are clean."),
    ("unit_tests", "Unit tests", "The unit tests passed on this commit."),
    ("integration", "Integration check", "One check from outside, against a running system."),
    (
        "staging_config",
        "Staging config verified",
        "Staging runs with the important configuration of production.",
    ),
    ("tag", "Release tagged", "The commit bears the version as its tag."),
)
SECURITY = (
    ("permissions", "Permissions", "Who may call what was changed, and is it refused to all others?"),
    ("secrets", "Secrets", "No secret in code, log, URL or configuration in the open."),
    ("headers", "Headers", "Security headers and cookies are as they were."),
    ("upload_limits", "Upload limits", "Every body and file has a limit."),
    ("logging", "Logging", "What happened can be seen; what is private cannot."),
)
