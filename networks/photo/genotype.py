"""The search space of PhotoNAS: which of PhotoNet's 31 removable operators are there."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from random import Random

from ...errors import UsageError

UNUSED = 8  # of the published string's 32 places
LEVELS = (4, 3, 2, 1)  # of the skip links, from the bottleneck outwards


def _names() -> Iterator[str]:
    """Of the bits, in the published string's order."""
    yield "bottleneck/transfer"
    yield from (f"aggregate/relu{level}_1" for level in LEVELS)
    yield from ("stage5/transfer", "stage5/conv", "stage5/smooth")
    for level in LEVELS:
        yield from (f"stage{level}/transfer", f"skip{level}/norm", f"skip{level}/concat")
        if level >= 3:
            yield from (f"stage{level}/conv", f"stage{level}/reduce")
        if level >= 2:
            yield f"stage{level}/smooth"
        yield f"skip{level}/transfer"


BITS = tuple(_names())
DESCRIPTIONS = {
    "transfer": "a style transform",
    "norm": "instance norm of what skips (INSL)",
    "concat": "the skip link, concatenated",
    "conv": "a 3x3 convolution before the map is doubled",
    "reduce": "3x3 instead of 1x1 where channels get fewer",
    "smooth": "a 3x3 convolution after the map is doubled",
    "relu1_1": "pooled features of relu1_1 at the bottleneck (BFA)",
    "relu2_1": "pooled features of relu2_1 at the bottleneck (BFA)",
    "relu3_1": "pooled features of relu3_1 at the bottleneck (BFA)",
    "relu4_1": "pooled features of relu4_1 at the bottleneck (BFA)",
}


@dataclass(frozen=True)
class Genotype:
    """A subset of `BITS`.

    Attributes:
        on: names of the operators that are there, in the order of `BITS`.
    """

    on: tuple[str, ...]

    def __post_init__(self) -> None:
        """Raises: UsageError: an unknown name, a double, or an operator on a link that is off."""
        unknown = set(self.on) - set(BITS)
        if unknown:
            raise UsageError(f"no operator {min(unknown)!r}; known: {', '.join(BITS)}")
        if list(self.on) != [bit for bit in BITS if bit in self.on]:
            raise UsageError("a genotype names its operators once each, in their order")
        idle = [bit for bit in self.on if not _works(bit, self.on)]
        if idle:
            link = f"{idle[0].partition('/')[0]}/concat"
            raise UsageError(f"{idle[0]} does nothing while {link} is off")

    @classmethod
    def of(cls, bits: Iterable[str]) -> Genotype:
        """The genotype of these operators, without those on links that are off."""
        chosen = set(bits)
        return cls(tuple(bit for bit in BITS if bit in chosen and _works(bit, chosen)))

    @classmethod
    def from_string(cls, text: str) -> Genotype:
        """From 31 digits, or from the published 32 (place 8 is unused).

        Raises:
            UsageError: another length or another digit, or an operator on a link that is off.
        """
        if len(text) == len(BITS) + 1:
            text = text[:UNUSED] + text[UNUSED + 1 :]
        if len(text) != len(BITS) or set(text) - set("01"):
            raise UsageError(
                f"a genotype is {len(BITS)} digits of 0 and 1, or the published {len(BITS) + 1}, "
                f"not {text!r}"
            )
        return cls(tuple(bit for bit, digit in zip(BITS, text, strict=True) if digit == "1"))

    def __str__(self) -> str:
        return "".join("1" if bit in self.on else "0" for bit in BITS)

    def __contains__(self, bit: str) -> bool:
        return bit in self.on

    @property
    def share(self) -> float:
        """Of all operators: O of the search's objective (eq. 1)."""
        return len(self.on) / len(BITS)

    def mutated(self, random: Random) -> Genotype:
        """With one bit flipped; where that closes a link, its operators go too."""
        while True:
            made = Genotype.of({*self.on} ^ {random.choice(BITS)})
            if made != self:  # an operator on a closed link is no change
                return made

    @classmethod
    def random(cls, random: Random) -> Genotype:
        """Each bit by the toss of a coin."""
        return cls.of(bit for bit in BITS if random.random() < 0.5)

    def describe(self) -> str:
        """A line for each operator that is there."""
        return "\n".join(f"{bit}: {DESCRIPTIONS[bit.partition('/')[2]]}" for bit in self.on)


def _works(bit: str, on: Iterable[str]) -> bool:
    """Whether an operator has something to work on: those of a skip link need the link."""
    place, _, what = bit.partition("/")
    return not place.startswith("skip") or what == "concat" or f"{place}/concat" in on


PHOTONET = Genotype(BITS)
PHOTONAS = Genotype.from_string("01010000000100000000000000001111")  # the published one
