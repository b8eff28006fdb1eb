"""Sweeps: random building blocks, measured into a table that a latency model is fitted to."""

from .backends import Backend, OnApp, OnPhone, ThisComputer
from .sweep import run_sweep

__all__ = ["Backend", "OnApp", "OnPhone", "ThisComputer", "run_sweep"]
