"""One thread owns the network: others wait their turn; no frame is allocated anew."""

import os
import threading
import tracemalloc
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from pocketstyle.errors import FormatError, UsageError
from pocketstyle.sdk import Stylizer, append_info
from pocketstyle.sdk import stylizer as module
from pocketstyle.sdk.frame_player import FramePlayer

from .conftest import SIZE, make_info


def noise(size: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 256, (size, size, 3), np.uint8)


def test_many_threads_get_what_one_gets(stylizer):
    pictures = [noise(SIZE, seed) for seed in range(16)]
    alone = [stylizer.apply(picture) for picture in pictures]
    with ThreadPoolExecutor(8) as threads:
        for made in (threads.map(stylizer.apply, pictures) for _ in range(10)):
            np.testing.assert_array_equal(list(made), alone)


def test_a_style_changes_between_frames_and_not_within_one():
    """Every frame is one manner's or the other's, never a style with the other's alpha."""
    content = noise(256)
    styles = ((noise(256, 1), 1.0), (np.full((256, 256, 3), 200, np.uint8), 0.2))
    with Stylizer.load("artnet-256", accelerator="cpu") as stylizer:
        wanted = []
        for style in styles:
            stylizer.set_style(*style)
            wanted.append(stylizer.apply(content))
        changed = threading.Event()

        def change() -> None:
            while not changed.is_set():
                for style in styles:
                    stylizer.set_style(*style)

        other = threading.Thread(target=change)
        other.start()
        try:
            made = [stylizer.apply(content) for _ in range(12)]
        finally:
            changed.set()
            other.join()
    assert all(any((one == manner).all() for manner in wanted) for one in made)


def test_a_network_is_made_and_run_in_one_thread(tiny, monkeypatch):
    seen = []

    def watched(work):
        def watch(*arguments):
            seen.append(threading.get_ident())
            return work(*arguments)

        return watch

    monkeypatch.setattr(module, "load_network", watched(module.load_network))
    monkeypatch.setattr(FramePlayer, "apply", watched(FramePlayer.apply))
    with Stylizer.load(tiny.path, accelerator="cpu") as stylizer, ThreadPoolExecutor(3) as threads:
        list(threads.map(stylizer.apply, [noise(SIZE)] * 6))
    assert len(seen) == 7 and len(set(seen)) == 1 and seen[0] != threading.get_ident()


def test_a_failed_load_leaves_no_thread(tmp_path, tiny):
    (known,) = make_info().signatures
    other = make_info(signatures=[known.model_copy(update={"name": "other"})])
    path = tmp_path / "broken.tflite"
    path.write_bytes(append_info(tiny.tflite, other))
    before = threading.active_count()
    with pytest.raises(FormatError, match="no signature 'other'"):
        Stylizer.load(path)
    assert threading.active_count() == before


@pytest.mark.parametrize("manner", ["plain", "alpha", "two styles"])
def test_no_frame_is_allocated(manner):
    """numpy tells tracemalloc of every array; the runtime's memory is not Python's."""
    name = "toonhead" if manner == "plain" else "artnet-256"
    with Stylizer.load(name, accelerator="cpu") as stylizer:
        if manner == "alpha":
            stylizer.set_style(noise(64), 0.5)
        if manner == "two styles":
            stylizer.set_styles([noise(64, 1), noise(64, 2)], [1, 2])
        frame = noise(stylizer.size)
        out = np.empty_like(frame)
        stylizer.apply(frame, out)
        tracemalloc.start()
        try:
            for _ in range(2):
                stylizer.apply(frame, out)
                held, _ = tracemalloc.get_traced_memory()
                tracemalloc.reset_peak()
                stylizer.apply(frame, out)
                _, peak = tracemalloc.get_traced_memory()
                assert peak - held < frame.nbytes / 4
        finally:
            tracemalloc.stop()


def test_a_closed_one_says_so(tiny):
    stylizer = Stylizer.load(tiny.path)
    stylizer.close()
    stylizer.close()
    with pytest.raises(UsageError, match="closed"):
        stylizer.apply(noise(SIZE))


def test_a_call_that_fails_does_not_break_the_next(stylizer, monkeypatch):
    frame = noise(SIZE)
    wanted = stylizer.apply(frame)
    for out in (np.zeros((SIZE, SIZE), np.uint8), [[0]], np.broadcast_to(np.uint8(0), frame.shape)):
        with pytest.raises(UsageError, match="out"):
            stylizer.apply(frame, out)

    def broken(self, tensor, pixels):
        raise MemoryError

    with monkeypatch.context() as patched:
        patched.setattr(FramePlayer, "_denormalise", broken)
        with pytest.raises(MemoryError) as kept:  # whose frames hold what the network made
            stylizer.apply(frame)
    assert kept.tb is not None and (stylizer.apply(frame) == wanted).all()


def test_a_forked_process_loads_its_own(stylizer):
    reader, writer = os.pipe()
    child = os.fork()
    if not child:
        try:
            stylizer.apply(noise(SIZE))
        except UsageError as error:
            os.write(writer, str(error).encode())
        os._exit(0)
    os.waitpid(child, 0)
    assert b"belongs to the process that loaded it" in os.read(reader, 1000)
    os.close(reader)
    os.close(writer)


@pytest.mark.parametrize("threads", [0, -1, "2", 1.5])
def test_threads_are_a_number(tiny, threads):
    with pytest.raises(UsageError, match="whole number above 0"):
        Stylizer.load(tiny.path, threads=threads)
