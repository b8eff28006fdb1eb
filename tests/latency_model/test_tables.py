"""Reading measured tables: what is right is taken as it is, what cannot be right is refused."""

from __future__ import annotations

import csv

import pytest
from pocketstyle.errors import DataError
from pocketstyle.latency_model import Kernel
from pocketstyle.latency_model.tables import family, read_kernels, read_networks

COLUMNS = ["model", "operation", "feature", "s10|gpu|float", "s10|gpu|kernel"]


def shape(**changes) -> dict:
    """Of a 3x3 convolution from 8 to 16 channels with 32x32 outputs, as the tables write it."""
    plain = {"Input_shape": "34", "Input_channel": 8, "Output_shape": "32", "Stride": "1"}
    plain |= {"Kernel": "3", "Filter": "16", "Group": "1", "FLOPS": "2359296"}
    return plain | changes


def row(time="120.5", operation="CONV_2D", **changes) -> list[str]:
    return ["net", operation, str(shape(**changes)), time, "convolution_2d_0_linked_:_relu_1"]


@pytest.fixture
def write(tmp_path):
    def write(rows, columns=COLUMNS):
        with (tmp_path / "ops.csv").open("w", newline="") as file:
            csv.writer(file).writerows([columns, *rows])
        return tmp_path / "ops.csv"

    return write


def test_a_row_becomes_a_kernel(write):
    (one,) = read_kernels(write([row()]), "s10")
    assert one.kernel == Kernel("CONV_2D", 8, 16, 3, 1, 1, 32, 32)
    assert (one.model, one.ms, one.compiled) == ("net", 0.1205, "convolution_2d_0_linked_:_relu_1")


@pytest.mark.parametrize(
    ("rows", "words"),
    [
        ([row(), row("-3")], r"line 3: a time of -3 us"),
        ([row("0")], r"line 2: a time of 0 us"),
        ([row("nan")], r"line 2: a time of nan us"),
        ([row("fast")], r"line 2: 'fast' is no time"),
        ([row(operation="ROLL")], r"line 2: unknown operation 'ROLL'"),
        ([["net", "CONV_2D", "{'Filter': ", "3", "k"]], r"line 2: the shape .* cannot be read"),
        ([["net", "CONV_2D", "{'Filter': 3}", "3", "k"]], r"line 2: the shape has no 'Input_ch"),
        ([], r"holds no row"),
    ],
)
def test_what_cannot_be_right_is_named_by_its_line(write, rows, words):
    with pytest.raises(DataError, match=words):
        read_kernels(write(rows), "s10")


def test_missing_columns_are_named(write):
    with pytest.raises(DataError, match=r"no column 's10\|gpu\|kernel'"):
        read_kernels(write([row()[:4]], COLUMNS[:4]), "s10")
    with pytest.raises(DataError, match=r"no column 'FLOPS', 's10\|gpu\|float\|mean'"):
        read_networks(write([], ["model"]), "s10")


@pytest.mark.parametrize("factor", [1e3, 1e-3])
def test_a_row_in_other_units_is_named(write, factor):
    rows = [row(str(100.0 + i), Filter=str(16 + i)) for i in range(12)]
    assert len(read_kernels(write(rows), "s10")) == 12
    rows[7] = row(str(100.0 * factor), Filter="23")
    with pytest.raises(DataError, match=r"line 9: CONV_2D takes .* units"):
        read_kernels(write(rows), "s10")


def test_kin_are_one_family():
    assert {family(name) for name in ("mobilenetv2_wd2", "fdmobilenet_w1")} == {"mobilenet"}
    assert {family(name) for name in ("preresnet18", "resnext26_32x4d")} == {"resn"}
    assert family("densenet121") == "densenet"


@pytest.fixture
def write_networks(tmp_path):
    def write(rows):
        with (tmp_path / "networks.csv").open("w", newline="") as file:
            csv.writer(file).writerows([["model", "FLOPS", "s10|gpu|float|mean"], *rows])
        return tmp_path / "networks.csv"

    return write


NETWORKS = [[f"net{i}", str((100 + i) * 10**7), str(5000.0 + 40 * i)] for i in range(12)]


def test_networks_are_milliseconds_and_macs(write_networks):
    found = read_networks(write_networks(NETWORKS), "s10")
    assert (found["net3"].ms, found["net3"].macs) == (5.12, 515e6)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (["net7", "1070000000", "5280000.0"], r"line 9: a network takes 5280 ms, .* units"),
        (["net7", "1070000000", "5.28"], r"line 9: a network takes .* units"),
        (["net6", "1070000000", "5280.0"], r"line 9: a second row of net6"),
        (["net7", "0", "5280.0"], r"line 9: 0 FLOPS"),
        (["net7", "1070000000"], r"line 9: fewer fields than the header"),
    ],
)
def test_a_network_that_cannot_be_right_is_named(write_networks, change, words):
    with pytest.raises(DataError, match=words):
        read_networks(write_networks([*NETWORKS[:7], change, *NETWORKS[8:]]), "s10")
