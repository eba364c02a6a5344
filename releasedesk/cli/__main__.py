"""`python -m releasedesk.cli`, where the command is not on the path."""

from releasedesk.cli.main import main

main()
