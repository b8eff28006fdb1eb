"""docs/converters.md's tables of operators, from the forms themselves."""

from __future__ import annotations

from .refused import OTHERWISE, WAYS_OUT
from .registry import OPERATORS

BOTH, LITE = "yes", "LiteRT's delegate only"


def table() -> str:
    """Markdown: what each operator becomes and which GPU delegates run it, then what is refused."""
    rows = ["| operator | becomes | runs on the GPU |", "|---|---|---|"]
    plain = sorted(n for n, form in OPERATORS.items() if not (form.becomes or form.lite_only))
    rows.append(f"| {', '.join(plain)} | TFLite's of the same meaning | {BOTH} |")
    for name, form in sorted(OPERATORS.items()):
        if form.becomes or form.lite_only:
            becomes = form.becomes or "TFLite's of the same meaning"
            rows.append(f"| {name} | {becomes} | {LITE if form.lite_only else BOTH} |")
    rows += ["", "| refused | the way out |", "|---|---|"]
    rows += [f"| {name} | {way} |" for name, way in sorted(WAYS_OUT.items())]
    rows.append(f"| any other | {OTHERWISE} |")
    return "\n".join(rows) + "\n"


if __name__ == "__main__":
    print(table(), end="")
