import pytest

pytest.importorskip("torch")

from pocketstyle.sweep.blocks import KINDS, WIDEST, configuration, sizes_to_text


def test_a_configuration_is_a_function_of_seed_and_index():
    assert configuration(3, 12) == configuration(3, 12)
    drawn = {sizes_to_text(configuration(seed, index)[1]) for seed in (0, 1) for index in range(64)}
    assert len(drawn) > 120  # hardly one twice


def test_kinds_take_turns():
    assert [configuration(0, index)[0].name for index in range(8)] == list(KINDS)


def test_sizes_are_those_of_networks_for_pictures_of_64_to_256():
    for index in range(2000):
        kind, sizes = configuration(0, index)
        assert list(sizes) == [*kind.widths, "side"]
        pictures = [sizes["side"] * place for place in kind.places]
        assert any(64 <= picture <= 256 and picture % 4 == 0 for picture in pictures)
        for name, scale in kind.widths.items():
            assert 4 <= sizes[name] <= WIDEST[round(max(kind.places) / scale)]


def test_widths_of_pruned_students_are_the_most_frequent():
    widths = [
        size
        for index in range(2000)
        for name, size in configuration(0, index)[1].items()
        if name != "side"
    ]
    assert sum(width <= 64 for width in widths) > 0.7 * len(widths)
    assert 0.5 < sum(width % 4 == 0 for width in widths) / len(widths) < 0.7


@pytest.mark.parametrize("kind", KINDS.values(), ids=KINDS)
def test_the_block_takes_what_inputs_gives(kind):
    sizes = dict(zip(kind.widths, range(5, 50), strict=False)) | {"side": 16}
    made = kind.module(sizes)(*(x.permute(0, 3, 1, 2) for x in kind.inputs(sizes)))
    last = kind.kernels(sizes)[-1]
    made = made[-1] if isinstance(made, tuple) else made
    assert made.shape == (1, last.cout, last.h, last.w)
