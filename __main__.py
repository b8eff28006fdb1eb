"""`python -m pocketstyle` is the command line."""

from pocketstyle.cli import main

main()
