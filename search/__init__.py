"""Recipes: train a teacher, search a student under a latency target, measure both."""

from .config import Config, load_config
from .distance import distances, translate
from .front import search_front
from .latency_search import search
from .quality import quality_to_truth
from .run_directory import Report
from .shipped import resolve_model
from .stylenas import Candidate, stylenas
from .train import train

__all__ = [
    "Candidate",
    "Config",
    "Report",
    "distances",
    "load_config",
    "quality_to_truth",
    "resolve_model",
    "search",
    "search_front",
    "stylenas",
    "train",
    "translate",
]
