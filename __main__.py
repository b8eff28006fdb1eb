"""`python -m pocketstyle` is the command line."""

from pocketstyle.cli.app import main

main()
