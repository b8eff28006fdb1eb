"""The command line: one small file per command; parsing and printing only."""

from .app import main

__all__ = ["main"]
