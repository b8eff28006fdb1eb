import logging
import os
import sys

import pytest
from pocketstyle.quiet import TAIL_LINES, quiet


def test_native_code_streams_and_logs_are_silenced(capfd, monkeypatch):
    monkeypatch.setattr(logging.root, "handlers", [])  # where logging.warning() installs its own
    streams = sys.stdout, sys.stderr
    with quiet():
        os.write(1, b"native\n")
        print("python")
        print("error", file=sys.stderr)
        logging.warning("log")
    assert capfd.readouterr() == ("", "")
    assert logging.root.handlers == []
    assert (sys.stdout, sys.stderr) == streams
    print("heard")
    os.write(2, b"too\n")
    assert capfd.readouterr() == ("heard\n", "too\n")


def test_a_replaced_stdout_is_silenced_too(capsys):
    with quiet():
        print("python")
    assert capsys.readouterr() == ("", "")


def test_an_exception_carries_the_last_lines(capfd):
    with pytest.raises(ZeroDivisionError) as caught, quiet():
        for i in range(100):
            os.write(2, b"line %d\n" % i)
        1 / 0  # noqa: B018
    assert caught.value.__notes__ == ["\n".join(f"line {i}" for i in range(100 - TAIL_LINES, 100))]
    assert capfd.readouterr() == ("", "")
