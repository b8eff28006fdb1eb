"""The part of docs/art.md on smaller networks: pruned, and searched."""

from __future__ import annotations

from pages import table


def pruning(found: dict) -> str:
    first = next(iter(found.values()))
    lines = [
        (
            name,
            f"{row['silent']} of {row['channels']} ({row['silent_trunk']} of the trunk)",
            f"{row['params_before']} → {row['params_after']}",
            f"{row['max_abs_difference']:.0e}",
            f"{row['near_zero_params']} ({1 - row['near_zero_params'] / row['params_before']:.0%})",
            f"{row['near_zero_lost_db']:.2f}",
            f"{row['near_zero_styled_db']:.1f}",
            f"{row['ms']:.1f} → {row['near_zero_ms']:.1f}",
        )
        for name, row in found.items()
    ]
    head = ("network", "zero channels", "parameters", "difference", "near-zero", "lost dB")
    head += ("styles dB", "S10 ms")
    parts = [
        f"""## Pruning without training

`pocketstyle prune`: channels that are zero on all of {first["pictures"]} pictures go, and those
pictures stay the same (the largest difference is given, of a range of 2); then those whose variance
matters least, with their means in the next layers' biases and the layers fitted anew by least
squares, until half a dB is lost on an eighth of the pictures, or pictures in others'
manners fall below 35 dB to what the whole network makes: a picture that is given back shows nothing
of the textures that a decoder knows besides. Of trunk and decoder
together, which is what runs; the paper counts the trunk alone (6.63 → 3.28 M, all of which is due
to the cut after inception_4e, and 2.22 → 0.76 M):

{table(head, lines)}

PSNR, of what is given back and of AdaIN's manner against the whole network's, is of the
evaluation's {first["unseen"]} contents, of which nothing was trained, fitted or chosen. In the
curves the control removes what has small weights; means are made up for and layers fitted anew for
both, and edges and Gram, of {first["pairs"]} pairs, are those after that.
"""
    ]
    head = ("channels gone", "parameters", "S10 ms", "dB", "dB fitted anew", "styles dB")
    head += ("edges", "Gram")
    head += ("by magnitude: parameters", "dB", "dB fitted anew", "edges", "Gram")
    for name, row in found.items():
        near = [one for one in row["curve"] if one["criterion"] == "near-zero"]
        plain = [one for one in row["curve"] if one["criterion"] == "magnitude"]
        whole = (
            "none",
            f"{row['params_before']}",
            f"{row['ms']:.1f}",
            f"{row['psnr_db']:.1f}",
            "",
            "",
        )
        whole += (f"{row['ssim_edge']:.3f}", f"{row['gram']:.3f}", "", "", "", "", "")
        curve = [
            (
                f"{a['share']:.0%}",
                f"{a['params']}",
                f"{a['ms']:.1f}",
                f"{a['psnr_db']:.1f}",
                f"{a['refitted_psnr_db']:.1f}",
                f"{a['styled_psnr_db']:.1f}",
                f"{a['ssim_edge']:.3f}",
                f"{a['gram']:.3f}",
                f"{b['params']}",
                f"{b['psnr_db']:.1f}",
                f"{b['refitted_psnr_db']:.1f}",
                f"{b['ssim_edge']:.3f}",
                f"{b['gram']:.3f}",
            )
            for a, b in zip(near, plain, strict=True)
        ]
        parts.append(f"`{name}`:\n\n{table(head, [whole, *curve])}\n")
    return "\n".join(parts)


def searched(row: dict, pruned: dict) -> str:
    """What the latency search leaves of the first of the pruned networks."""
    rows = [("whole", pruned["params_before"], pruned)]
    near = [one for one in pruned["curve"] if one["criterion"] == "near-zero"]
    rows += [(f"{a['share']:.0%} of the channels gone", a["params"], a) for a in near[-2:]]
    rows += [("searched", row["params"], row)]
    lines = [
        (
            name,
            f"{count} ({pruned['params_before'] / count:.1f}x)",
            f"{one['ms']:.1f}",
            f"{one.get('refitted_psnr_db', one['psnr_db']):.1f}",
            f"{one['ssim_edge']:.3f}",
            f"{one['gram']:.3f}",
        )
        for name, count, one in rows
    ]
    head = ("network", "parameters", "S10 ms", "dB", "edges", "Gram")
    return f"""### With training: the latency search

`pocketstyle search artnet` from the same network, for {row["target_ms"]:g} ms on the S10:
{row["steps"]} steps with masks on trunk and decoder, {row["fine_tune_steps"]} of fine-tuning
without. Beside it what pruning leaves without training, of as many milliseconds:

{table(head, lines)}
"""
