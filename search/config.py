"""The configuration of a training or a search: TOML, validated, every key explained."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any, Literal, get_args

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    ValidationError,
    ValidationInfo,
    field_validator,
    model_validator,
)
from pydantic_core import PydanticCustomError

from ..datasets import CROP
from ..errors import UsageError
from ..frames import Frame, Size, check_multiple, frame_of
from ..networks.art import ART_TRANSFERS
from ..networks.style import STYLE_SPECS

STYLED = {"photo": ("reconstruct",), "art": ("reconstruct", "stylize")}  # families: objectives
ONE_STYLE = ("perceptual", "paired", "unpaired")  # objectives of the families of one style each
BUILT_IN = Path(__file__).parent / "configs"

LEAST_MULTIPLE = 4  # of a frame's sides; `build` asks for more where a network halves more often

Positive = Annotated[int, Field(gt=0)]
Weight = Annotated[float, Field(ge=0)]
CropShare = Annotated[float, Field(ge=0.25, le=1)]


def _size(value: Any) -> Size:
    """`data.size`, with a message that says what would be right."""
    sides = value if isinstance(value, list | tuple) else (value, value)
    if len(sides) != 2 or not all(type(side) is int and 32 <= side <= 1024 for side in sides):
        raise ValueError(f"data.size = {value!r}: a side, or [height, width], each 32 to 1024")
    try:
        check_multiple(tuple(sides), LEAST_MULTIPLE, "every network")
    except UsageError as error:
        raise ValueError(f"data.size: {error}") from error
    return tuple(sides) if isinstance(value, list | tuple) else value


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)

    @field_validator("*", mode="before")
    @classmethod
    def _true_is_not_one(cls, value: Any, info: ValidationInfo) -> Any:
        if isinstance(value, bool) and cls.model_fields[info.field_name].annotation is not bool:
            raise PydanticCustomError("bool", "Input should be no boolean")
        return value


class DataConfig(_Section):
    """Where the pictures come from: two folders, or the procedural heads."""

    heads: Annotated[int, Field(ge=0)] = 0  # render this many pairs instead of reading folders
    heads_seed: Annotated[int, Field(ge=0)] = 0
    source: Path | None = None  # folder of photos
    target: Path | None = None  # folder of pictures in the wished style
    style: Path | None = None  # perceptual objective: one picture in the wished style
    size: Annotated[Size, BeforeValidator(_size)] = 256  # a square's side, or [height, width]
    crop: tuple[CropShare, CropShare] = CROP  # of folders' pictures: a crop's sides
    flip: Literal["both", "source"] = "both"  # "source" where the target's style has a left side
    turn: Annotated[float, Field(ge=0, le=45)] = 0.0  # degrees that a picture is turned at most
    light: Annotated[float, Field(ge=0, lt=1)] = 0.0  # of the source: contrast and gains vary
    workers: Annotated[int, Field(ge=0)] = 0  # processes that prepare batches; 0: no others do

    @property
    def frame(self) -> Frame:
        """Height and width."""
        return frame_of(self.size)

    @model_validator(mode="after")
    def _one_origin(self) -> DataConfig:
        if bool(self.heads) == bool(self.source or self.target):
            raise ValueError("give data.source and data.target, or data.heads, and not both")
        if self.target and not self.source:
            raise ValueError("data.target needs data.source")
        if self.heads and len(set(self.frame)) > 1:
            raise ValueError(f"data.size = {list(self.frame)}: heads are squares")
        if self.crop[0] > self.crop[1]:
            raise ValueError(f"data.crop = {list(self.crop)}: the smaller share comes first")
        return self


class NetworkConfig(_Section):
    """The generator to train, and the discriminators."""

    family: Literal[
        "ugatit",
        "ugatit-full",
        "ugatit-deep",
        "cyclegan",
        "photo2cartoon",
        "fast-style",
        "mobile-style",
        "unet",
        "photo",
        "art",
    ] = "ugatit"
    base: Positive = 64  # channels of the first layer; everything else is a multiple of it
    blocks: Positive | None = None  # residual blocks: UGATIT's on each side [4], CycleGAN's [9]
    discriminator_base: Positive = 64
    # weights, .safetensors: photo's VGG-19, art's trunk; of a style's losses [vgg19-small, shipped]
    encoder: Path | None = None
    genotype: Annotated[str, BeforeValidator(str)] = "1" * 31  # photo's operators: all, PhotoNet
    maps: Annotated[int, Field(ge=2, le=5)] = 3  # art: of the trunk's maps, from the finest
    aggregate: bool = True  # art: all maps are changed together, not the last alone
    transfer: Literal[ART_TRANSFERS] = "adain"  # art: how a style changes features


class TrainConfig(_Section):
    """A teacher from scratch. Loss weights are the paper's (eq. 3) unless said otherwise."""

    # reconstruct: photo's and art's; stylize: art's, data.target are styles; perceptual: data.style
    objective: Literal["unpaired", "paired", "reconstruct", "stylize", "perceptual"] = "unpaired"
    start: Path | None = None  # a model to begin with, of another size perhaps; shipped names too
    steps: Positive = 60_000  # the rate is fixed for the first half, then falls linearly to zero
    batch: Positive = 1  # of all processes together
    accumulate: Positive = 1  # parts of a batch that are computed one after the other
    optimizer: Literal["adam", "muon"] = "adam"  # of the generator's weights, in a search too
    learning_rate: Annotated[float, Field(gt=0)] = 2e-4
    # of Adam, whatever the optimizer [learning_rate; beside Muon the paper's 2e-4]
    discriminator_rate: Annotated[float, Field(gt=0)] | None = None
    weight_decay: Weight = 1e-4  # Adam's; Muon has none
    adversarial: Weight = 1.0
    cycle: Weight = 10.0
    identity: Weight = 10.0
    cam: Weight = 1000.0
    l1: Weight = 100.0  # paired objective: pix2pix's weight
    structure: Weight = 0.0  # paired objective: structural dissimilarity to the answer
    # SSIM's k2 in that term [0.03, the published one]; below it, faint steps and noise count
    structure_k2: Annotated[float, Field(gt=0)] = 0.03
    edges: Weight = 0.0  # paired objective: L1 of the pictures' gradients
    temporal: Weight = 0.0  # paired objective: steadiness from frame to frame, without masks
    content: Weight = 1.0  # stylize: the features that the transform made; perceptual: the photo's
    style: Weight = 10.0  # stylize and perceptual objectives: the style's statistics
    variation: Weight = 0.0  # perceptual objective: total variation
    face_id: str | None = None  # "module:name" of a face recogniser; not in distillation
    face: Weight = 1.0  # weight of that term
    precision: Literal["auto", "bfloat16", "float32"] = "auto"  # auto: bfloat16 if in hardware
    average: Annotated[float, Field(ge=0, lt=1)] = 0.0  # what is saved: the weights' running mean
    pool: Annotated[int, Field(ge=0)] = 50  # earlier fakes that the discriminators keep seeing
    seed: Annotated[int, Field(ge=0)] = 0
    log_every: Positive = 10
    sample_every: Positive = 500
    checkpoint_every: Positive = 200

    @model_validator(mode="after")
    def _even_parts(self) -> TrainConfig:
        if self.batch % self.accumulate:
            raise ValueError(
                f"train.batch = {self.batch} is no multiple of train.accumulate = {self.accumulate}"
            )
        return self


class SearchConfig(_Section):
    """The latency search; docs/search.md says what the settings do and what was tried."""

    teacher: Path | None = None  # model.safetensors to start from; shipped names work too
    loss: Literal["distill", "adversarial"] = "adversarial"
    structure: Weight = 50.0  # distill: structural dissimilarity to the teacher; L1 is train.l1
    # distill: relative squared error of the teacher's maps; of a teacher of the same family alone
    features: Weight = 100.0
    content: Weight = 0.0  # distill: relative squared error of a VGG-19's maps of both pictures
    style: Weight = 0.0  # distill: relative Gram distance of a VGG-19's maps of both pictures
    adversarial: Weight = 0.0  # distill: fool discriminators that know the target's pictures
    lens: Weight = 0.0  # distill: as a discriminator of the teacher sees both pictures (DCD)
    temporal: Weight = 0.0  # distill: steadiness from frame to frame, in fine-tuning
    # distill: learn from so many batches, whose answers are remembered (0: from ever new ones);
    # a student of the teacher's own family only in fine-tuning
    bank: Annotated[int, Field(ge=0)] = 0
    device: str = "s10"
    target_ms: Annotated[float, Field(gt=0)] = 33.0
    target_mmacs: Annotated[float, Field(gt=0)] | None = None  # millions of MACs, instead of ms
    steps: Positive = 3_000
    batch: Positive = 1
    learning_rate: Annotated[float, Field(gt=0)] = 2e-4  # of the weights
    mask_rate: Annotated[float, Field(gt=0)] = 1e-3  # of v and alpha; falls after `anneal`
    warm_up: Annotated[float, Field(ge=0, lt=1)] = 0.05  # share of the steps with frozen masks
    anneal: Annotated[float, Field(gt=0, le=1)] = 0.75  # share of the steps until the full target
    spread: Annotated[float, Field(ge=0, lt=0.5)] = 0.2  # of v at the start, by importance
    keep_at_least: Annotated[float, Field(gt=0, le=1)] = 0.25  # of every width
    fine_tune_steps: Positive = 3_000  # after compaction, with the masks gone

    @model_validator(mode="after")
    def _bank_of_answers(self) -> SearchConfig:
        for name in ("bank", "adversarial", "lens", "content", "style"):
            if getattr(self, name) and self.loss != "distill":
                raise ValueError(f'search.{name} needs search.loss = "distill"')
        return self


class NasConfig(_Section):
    """StyleNAS: which of PhotoNet's operators are worth their time (An et al. 2020)."""

    oracle: Path | None = None  # a trained PhotoNet: what candidates are compared with
    pairs: Path | None = None  # folder of content/ and style/, pictures by the same names
    judged: Positive = 16  # of the pairs
    height: Annotated[int, Field(ge=64, le=1024, multiple_of=16)] = 128  # of the judged pictures
    width: Annotated[int, Field(ge=64, le=2048, multiple_of=16)] = 256
    method: Literal["evolution", "random"] = "evolution"  # random: the control
    candidates: Positive = 200
    population: Positive = 50
    sample: Positive = 10  # of the population, whose best has a child
    steps: Annotated[int, Field(ge=0)] = 40  # of a candidate's decoder, by `train`'s settings
    inherit: bool = True  # decoders start with the oracle's weights, where they have a place
    error: Weight = 0.8  # E: squared error of the pictures to the oracle's, of -1..1
    perception: Weight = 0.1  # P: that of five feature maps, relative
    operators: Weight = 0.1  # O: the share of operators that are there
    latency: Weight = 0.0  # predicted milliseconds on `device`, as a share of the oracle's
    priced: Annotated[int, Field(ge=64, multiple_of=16)] = 512  # side of the square they are for
    at_most_ms: Annotated[float, Field(gt=0)] | None = None  # dearer ones are not looked at
    device: str = "s10"


class CardConfig(_Section):
    """What the model's card says besides how it was made."""

    # an SPDX expression for the weights; NOASSERTION is SPDX's word for "nothing is said"
    licence: Annotated[str, Field(pattern=r"^[\w .+()-]+$")] = "NOASSERTION"


class Config(_Section):
    """One file for `train` and `search`."""

    data: DataConfig
    network: NetworkConfig = NetworkConfig()
    train: TrainConfig = TrainConfig()
    search: SearchConfig = SearchConfig()
    nas: NasConfig = NasConfig()
    card: CardConfig = CardConfig()

    @model_validator(mode="after")
    def _what_belongs_together(self) -> Config:
        photo, takes_style = self.network.family == "photo", self.network.family in STYLED
        one_style = self.network.family in STYLE_SPECS
        known = STYLED.get(self.network.family, ONE_STYLE if one_style else ONE_STYLE[1:])
        if self.train.objective not in known:
            raise ValueError(
                f'network.family "{self.network.family}" is trained with train.objective '
                f"{' or '.join(known)}"
            )
        if self.nas.oracle is not None and not (photo and self.nas.pairs):
            raise ValueError('nas.oracle needs network.family "photo" and nas.pairs')
        if takes_style and self.network.encoder is None:
            raise ValueError("network.encoder is missing: a classifier's weights, .safetensors")
        alone = self.train.objective in ("reconstruct", "perceptual") or one_style
        if not (alone or self.data.heads or self.data.target):
            raise ValueError("data.source and data.target belong together")
        return self


def load_config(path: str | Path, overrides: Sequence[str] = ()) -> Config:
    """Read a TOML file (or a built-in one by its name), then apply `section.key=value` overrides.

    Raises:
        UsageError: names the key, the value and what is allowed.
    """
    path = Path(path)
    if not path.is_file() and (BUILT_IN / f"{path}.toml").is_file():
        path = BUILT_IN / f"{path}.toml"
    try:
        tree = tomllib.loads(path.read_text(encoding="utf-8-sig"))  # editors add a byte order mark
    except OSError as error:
        known = ", ".join(sorted(p.stem for p in BUILT_IN.glob("*.toml")))
        raise UsageError(f"cannot read {path}: {error.strerror}; built in: {known}") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise UsageError(f"{path} is not TOML: {error}") from error
    changed = {_set(tree, override) for override in overrides}
    try:
        return Config.model_validate(tree)
    except ValidationError as error:
        said_here = all(item["loc"][:2] in changed for item in error.errors())
        raise UsageError(f"{'--set' if said_here else path}: {describe(error)}") from error


def describe(error: ValidationError) -> str:
    """A validation error as one line: key, value and what is allowed."""
    parts = []
    for item in error.errors():
        key = ".".join(str(part) for part in item["loc"])
        if item["type"] == "extra_forbidden":
            parts.append(f"unknown key {key!r}; allowed: {', '.join(_siblings(item['loc']))}")
        elif item["type"] == "value_error":
            parts.append(str(item["ctx"]["error"]))
        elif item["type"] == "missing":
            parts.append(f"missing key {key!r}")
        else:
            parts.append(f"{key} = {item['input']!r}: {item['msg'].lower()}")
    return "; ".join(parts)


def _siblings(location: tuple[Any, ...]) -> list[str]:
    model: Any = Config
    for part in location[:-1]:
        model = model.model_fields[part].annotation
    return list(model.model_fields)


def _set(tree: dict[str, Any], override: str) -> tuple[str, str]:
    """Change a setting; returns its section and name."""
    key, _, text = override.partition("=")
    section, _, name = key.strip().partition(".")
    if not (section and name and text):
        raise UsageError(f"--set {override!r}: write section.key=value, such as train.steps=1000")
    section_tree = tree.setdefault(section, {})
    if not isinstance(section_tree, dict):
        raise UsageError(f"--set {override!r}: {section} is not a section")
    section_tree[name] = _value(text, _annotation(section, name))
    return section, name


def _annotation(section: str, name: str) -> Any:
    """The type of a setting; None where there is none of this name."""
    fields = Config.model_fields
    known = fields[section].annotation.model_fields if section in fields else {}
    return known[name].annotation if name in known else None


def _value(text: str, kind: Any) -> Any:
    """What a setting of this type becomes: TOML, or where it is a text or a path the words alone.

    A folder may be called 2024, true or 1e3. A text in TOML's quotes is unquoted.
    """
    try:
        value = tomllib.loads(f"value = {text}")["value"]
    except tomllib.TOMLDecodeError:
        return text
    return text if _is_text(kind) and not isinstance(value, str) else value


def _is_text(kind: Any) -> bool:
    """Whether a type is a text, a path or one of several words, or may be."""
    return kind in (str, Path) or any(isinstance(k, str) or _is_text(k) for k in get_args(kind))


def dump_toml(config: Config) -> str:
    """The resolved configuration as TOML."""
    lines = []
    for section, fields in config.model_dump(mode="json", exclude_none=True).items():
        lines.append(f"[{section}]")
        # JSON's scalars are TOML's
        lines += [
            f"{key} = {json.dumps(value, ensure_ascii=False)}" for key, value in fields.items()
        ]
        lines.append("")
    return "\n".join(lines)
