"""Results as the tools write them.

`written` holds made-up ones, by the tools' documentation, with everything in them that a tool may say.
`measured` holds what tools wrote when they were run: hey 0.1.4 and wrk 4.1.0 of Debian 12 and locust 2.47.0,
a few seconds each, against a service on the same machine that answers 1 % with 503, 1 % with 404 and hangs up
now and then.
"""

from pathlib import Path

WRITTEN = Path(__file__).parent / "written"

HEY = (WRITTEN / "hey.txt").read_text(encoding="utf-8")
HEY_CSV = (WRITTEN / "hey.csv").read_text(encoding="utf-8")
WRK = (WRITTEN / "wrk.txt").read_text(encoding="utf-8")
K6_EXPORT = (WRITTEN / "k6_export.json").read_text(encoding="utf-8")
K6_HANDLED = (WRITTEN / "k6_handled.json").read_text(encoding="utf-8")
K6_LINES = (WRITTEN / "k6_lines.json").read_text(encoding="utf-8")
VEGETA_REPORT = (WRITTEN / "vegeta_report.json").read_text(encoding="utf-8")
VEGETA_LINES = (WRITTEN / "vegeta_lines.json").read_text(encoding="utf-8")
VEGETA_CSV = (WRITTEN / "vegeta.csv").read_text(encoding="utf-8")
LOCUST = (WRITTEN / "locust_stats.csv").read_text(encoding="utf-8")
PROBE = (WRITTEN / "probe.log").read_text(encoding="utf-8")
CSV = (WRITTEN / "rows.csv").read_text(encoding="utf-8")
MEASURED = {
    path.name: path.read_text(encoding="utf-8") for path in sorted((WRITTEN.parent / "measured").iterdir())
}
ALL = [path.read_text(encoding="utf-8") for path in sorted(WRITTEN.iterdir())]
