"""An errand tells what its process says, and why that could not go on; whoever stops listening ends it."""

import asyncio
import contextlib
import sys

import psutil
import pytest

from installation.console.errand import ErrandError, errand
from tests.support import until


def saying(script):
    """A process that says something."""
    return (sys.executable, "-c", f"import os, signal, sys, time\n{script}")


def heard(script, silence=60.0):
    """Everything it says."""

    async def listen():
        async with contextlib.aclosing(errand({"a": 1}, saying(script), silence)) as lines:
            return [line async for line in lines]

    return asyncio.run(listen())


def test_what_is_said_in_json_is_heard_line_by_line_and_all_else_passed_over():
    script = 'print(\'{"share": 0.5}\\nx264 says hello\\n[1]\\n{"made": "a.mp4"}\')'
    assert heard(script) == [{"share": 0.5}, {"made": "a.mp4"}]


def test_it_is_told_its_order():
    assert heard("print(sys.argv[1])") == [{"a": 1}]


@pytest.mark.parametrize(
    ("script", "says"),
    [
        ('print(\'{"refused": "No room."}\'); sys.exit(1)', "^No room.$"),
        ("raise ValueError('of all things')", "failed with exit code 1.*ValueError: of all things"),
        ("os.kill(os.getpid(), signal.SIGKILL)", "killed by SIGKILL"),
        ("sys.stdout.buffer.write(b'\\xff\\xfe\\n'); sys.stdout.flush(); os._exit(3)", "exit code 3"),
    ],
)
def test_one_that_cannot_go_on_says_why(script, says):
    with pytest.raises(ErrandError, match=says):
        heard(script)


def test_one_that_falls_silent_is_ended():
    with pytest.raises(ErrandError, match="said nothing"):
        heard("time.sleep(600)", silence=0.2)


def test_whoever_stops_listening_ends_it():
    async def stop_listening():
        script = "print('{\"pid\": %d}' % os.getpid(), flush=True); time.sleep(600)"
        async with contextlib.aclosing(errand({}, saying(script))) as lines:
            return (await anext(lines))["pid"]

    pid = asyncio.run(stop_listening())
    until(lambda: not psutil.pid_exists(pid))
