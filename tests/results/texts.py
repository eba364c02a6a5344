"""Results as the tools write them, by their documentation, of requests that never were."""

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
ALL = [path.read_text(encoding="utf-8") for path in sorted(WRITTEN.iterdir())]
