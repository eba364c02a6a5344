"""`python make_repository.py DIRECTORY`: the service's git repository, its history tagged v1 to v4."""

import shutil
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).parent
HISTORY = {
    "v1": ("lines.py", "Show a basket with its prices"),
    "v2": ("lines_v2.py", "Read the prices of a basket with one query"),
    "v3": ("lines_v3.py", "Ask our partner for an offer"),
    "v4": ("lines_v4.py", "Read the baskets into the cache at the start"),
}


def make_repository(at: Path) -> None:
    """Make it at `at`, a new directory; v1 is checked out, as it is what a team would have at first."""

    def git(*arguments: str) -> None:
        author = ("-c", "user.name=Ines", "-c", "user.email=ines@shop.example", "-c", "commit.gpgsign=false")
        subprocess.run(["git", *author, *arguments], cwd=at, check=True, capture_output=True)

    package = at / "basket"
    package.mkdir(parents=True)
    for name in ("__init__.py", "app.py", "shop.py"):
        shutil.copy(HERE / name, package)
    for name in ("deploy", "healthy", "report", "stop"):
        shutil.copy(HERE / name, at)
    (at / ".gitignore").write_text("var/\n__pycache__/\n", encoding="utf-8")
    git("init", "--quiet", "--initial-branch=main")
    for tag, (source, subject) in HISTORY.items():
        shutil.copy(HERE / source, package / "lines.py")
        git("add", "--all")
        git("commit", "--quiet", "--message", subject)
        git("tag", tag)
    git("checkout", "--quiet", "v1")


if __name__ == "__main__":
    make_repository(Path(sys.argv[1]))
