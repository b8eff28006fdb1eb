"""A device of round constants, for arithmetic by hand."""

from __future__ import annotations

from pocketstyle.latency_model.features import PATHS

RANGE = {"side": [1, 128], "cin": [1, 512], "cout": [1, 512], "k": [1, 7]}


def toy_card(runtime: str = "gpu") -> dict:
    """1 ms launch, 1e6 ops/ms, 1e6 bytes/ms, no loss of parallelism, no residual; 2 ms + 3 S."""
    path = {
        "launch_ms": 1.0,
        "throughput_gops": 1.0,
        "bandwidth_gbps": 1.0,
        "half_threads": 1e-12,
        "configurations": 10,
    }
    unmeasured = {"elementwise": {"configurations": 0}}
    return {
        "format": "pocketstyle-speed-model-4",
        "device": "toy",
        "runtime": runtime,
        "operators": [
            "CONV_2D",
            "DEPTHWISE_CONV_2D",
            "MEAN",
            "RELU",
            "ADD",
            "MUL",
            "MIRROR_PAD",
            "RESIZE_NEAREST_NEIGHBOR",
        ],
        "composition": {"a_ms": 2.0, "b": 3.0, "c": 0.0},
        "intervals": {
            "closeness": [0.5, 0.9],
            "convolution": [0.3, 0.2, 0.1],
            "other": [0.6, 0.5, 0.4],
            "beyond": 0.7,
            "prior": 0.8,
            "network": 0.05,
        },
        "seen": [],
        "residual": {"scale": {}, "centres": [], "weights": []},
        "paths": {
            name: {**path, "range": dict(RANGE)} | unmeasured.get(name, {}) for name in PATHS
        },
    }
