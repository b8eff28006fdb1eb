"""Networks as a configuration asks for them, at the start of a training."""

from __future__ import annotations

from pathlib import Path

import torch
from torch import nn

from ..errors import UsageError
from ..frames import frame_text
from ..networks import (
    PORTRAIT_SPECS,
    STYLE_SPECS,
    Genotype,
    MultiScaleDiscriminator,
    PatchDiscriminator,
    Spec,
    at_frame,
    build,
    load,
    photo_spec,
    read_tensors,
)
from ..networks.art import load_trunk, spec_of
from ..networks.photo import load_encoder, stages_of
from .adversary import Adversary
from .config import Config
from .shipped import resolve_model


def fresh_generator(config: Config, device: torch.device) -> nn.Module:
    """The generator, channels last on the device; with `train.start`, its weights are that model's.

    Light UGATIT and CycleGAN fit every size, and a step at 64 px costs a sixteenth of one at 256.
    What a deep UGATIT has around a light one (`outside`) may be new.

    Raises:
        UsageError: the model to start from has other widths or blocks.
    """
    network = config.network
    if network.family == "photo":
        return fresh_photo_network(config, device)
    if network.family == "art":
        return fresh_art_network(config, device)
    if network.family in STYLE_SPECS and config.train.start is not None:
        return started_style(config, device)
    blocks = () if network.blocks is None else (network.blocks,)  # else the published number
    specs = PORTRAIT_SPECS | STYLE_SPECS
    spec = specs[network.family](config.data.size, network.base, *blocks)
    generator = build(spec)
    if config.train.start is not None:
        path = resolve_model(config.train.start)
        started, _ = load(path)
        weights = started.state_dict()
        if generator.inner_family == started.spec.family:
            inner = {n: v for n, v in weights.items() if not n.startswith(generator.outside)}
            weights = generator.state_dict() | inner
        shapes = {name: value.shape for name, value in generator.state_dict().items()}
        if {name: value.shape for name, value in weights.items()} != shapes:
            raise _another(path, started.spec, spec)
        generator.load_state_dict(weights)
    return generator.to(device, memory_format=torch.channels_last)


def started_style(config: Config, device: torch.device) -> nn.Module:
    """The network of one style that `train.start` names, with its widths, at the asked frame.

    Raises:
        UsageError: it is of another family than `network.family`.
    """
    path = resolve_model(config.train.start)
    started, _ = load(path)
    if started.spec.family != config.network.family:
        raise UsageError(
            f"train.start: {path} is of the family {started.spec.family}, the configuration asks "
            f"for {config.network.family}"
        )
    network = at_frame(started, config.data.frame).train()
    return network.to(device, memory_format=torch.channels_last)


def fresh_photo_network(config: Config, device: torch.device) -> nn.Module:
    """A photorealistic network on its encoder, which does not learn.

    Raises:
        DataError, FormatError, UsageError: no such weights, or of another network.
    """
    network = config.network
    tensors = read_tensors(network.encoder)
    try:
        genotype = Genotype.from_string(network.genotype)
    except UsageError as error:
        raise UsageError(f"network.genotype: {error}") from error
    spec = photo_spec(genotype, config.data.size, stages_of(tensors))
    generator = build(spec)
    load_encoder(generator.encoder, tensors)
    generator.encoder.requires_grad_(False)
    return generator.to(device, memory_format=torch.channels_last)


def fresh_art_network(config: Config, device: torch.device) -> nn.Module:
    """An ArtNet on its trunk, which does not learn; with `train.start`, with that one's decoder.

    Raises:
        DataError, FormatError, UsageError: no such weights, or of another network.
    """
    network = config.network
    tensors = read_tensors(network.encoder)
    spec = spec_of(
        tensors,
        network.maps,
        config.data.size,
        aggregate=network.aggregate,
        transfer=network.transfer,
    )
    generator = build(spec)
    load_trunk(generator.encoder, tensors)
    if config.train.start is not None:
        path = resolve_model(config.train.start)
        started, _ = load(path)
        if (started.spec.family, started.spec.widths) != (spec.family, spec.widths):
            raise _another(path, started.spec, spec)
        for part in ("decoder", "to_rgb"):
            getattr(generator, part).load_state_dict(getattr(started, part).state_dict())
    generator.encoder.requires_grad_(False)
    return generator.to(device, memory_format=torch.channels_last)


def _another(path: Path, started: Spec, wanted: Spec) -> UsageError:
    """What to say of a model that training cannot start with."""
    return UsageError(
        f"train.start: {path} is {_described(started)}, "
        f"the configuration asks for {_described(wanted)}"
    )


def _described(spec: Spec) -> str:
    widths = ", ".join(f"{name} {channels}" for name, channels in spec.widths.items())
    return f"{spec.family} at {frame_text(spec.frame)} px with {len(spec.blocks)} blocks ({widths})"


def fresh_discriminator(config: Config) -> nn.Module:
    """The discriminator of one domain: CycleGAN has its PatchGAN, UGATIT its pair with CAMs."""
    base = config.network.discriminator_base
    if config.network.family in ("cyclegan", *STYLE_SPECS):
        return PatchDiscriminator(base)
    return MultiScaleDiscriminator(base, min(config.data.frame))


def fresh_adversary(config: Config, device: torch.device, seed: int) -> Adversary:
    """Discriminators of one domain, the pool of old fakes empty."""
    return Adversary(
        fresh_discriminator(config),
        learning_rate=config.train.learning_rate,
        weight_decay=config.train.weight_decay,
        pool=config.train.pool,
        parts=config.train.accumulate,
        seed=seed,
        device=device,
    )
