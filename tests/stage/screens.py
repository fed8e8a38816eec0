"""X servers for tests: one with two outputs like a graphics card's, or where that is missing one wide screen."""

import io
import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tests.support import until

WIDTH, HEIGHT = 640, 480  # of each output: a mode that the dummy driver has
DRIVERS = Path("/usr/lib/xorg/modules/drivers")
CONFIGURATION = """
Section "ServerFlags"
  Option "AutoAddDevices" "false"
  Option "AutoAddGPU" "false"
EndSection
Section "Device"
  Identifier "dummy"
  Driver "dummy"
  VideoRam 65536
EndSection
Section "Screen"
  Identifier "screen"
  Device "dummy"
  DefaultDepth 24
  SubSection "Display"
    Depth 24
    Virtual 2560 1440
  EndSubSection
EndSection
"""


@dataclass
class Screen:
    """A running X server."""

    display: str

    def ran(self, *command):
        """A program on it."""
        return subprocess.run(
            command, env={**os.environ, "DISPLAY": self.display}, capture_output=True, check=True, timeout=30
        ).stdout

    def shot(self):
        """What it shows, H x W x 3 uint8."""
        return np.asarray(Image.open(io.BytesIO(self.ran("import", "-window", "root", "png:-"))).convert("RGB"))

    def light(self, second):
        """Switch the second output on, to the right of the first, or off."""
        how = ["--mode", f"{WIDTH}x{HEIGHT}", "--right-of", "DUMMY0"] if second else ["--off"]
        self.ran("xrandr", "--output", "DUMMY1", *how)


def require(*tools):
    """Skip where a tool is missing, naming its Debian package."""
    for tool, package in tools:
        if shutil.which(tool) is None:
            pytest.skip(f"{tool} is missing; install the package {package}")


@contextmanager
def serving(*command: str) -> Iterator[Screen]:
    """An X server on a free display, until the end."""
    ours, theirs = os.pipe()
    server = subprocess.Popen(
        [*command, "-displayfd", str(theirs)], pass_fds=[theirs], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    os.close(theirs)
    try:
        with os.fdopen(ours) as announced:
            number = announced.readline().strip()
        if not number:
            pytest.skip(f"{command[0]} does not start here; install xserver-xorg-core and run as a user who may")
        yield Screen(f":{number}")
    finally:
        server.terminate()
        server.wait(10)


@contextmanager
def two_outputs(folder: Path) -> Iterator[Screen]:
    """Two outputs side by side: DUMMY0 and DUMMY1 of Xorg's dummy driver."""
    require(("Xorg", "xserver-xorg-core"), ("xrandr", "x11-xserver-utils"), ("import", "imagemagick"))
    if not (DRIVERS / "dummy_drv.so").exists():
        pytest.skip("Xorg has no dummy driver; install the package xserver-xorg-video-dummy")
    path = folder / "xorg.conf"
    path.write_text(CONFIGURATION)
    options = ["-novtswitch", "-sharevts", "-noreset", "-nolisten", "tcp", "-logfile", str(folder / "xorg.log")]
    with serving("Xorg", "-config", str(path), *options) as screen:
        screen.ran("xrandr", "--addmode", "DUMMY1", f"{WIDTH}x{HEIGHT}")
        screen.ran("xrandr", "--output", "DUMMY0", "--mode", f"{WIDTH}x{HEIGHT}", "--pos", "0x0")
        screen.light(second=True)
        yield screen


@contextmanager
def wide_screen() -> Iterator[Screen]:
    """One screen as wide as two outputs, which cannot be switched: Xvfb."""
    require(("Xvfb", "xvfb"), ("import", "imagemagick"))
    with serving("Xvfb", "-screen", "0", f"{2 * WIDTH}x{HEIGHT}x24", "-nolisten", "tcp") as screen:
        yield screen


def settled(screen, seen, within=20.0):
    """A screenshot for which ``seen`` holds, as soon as there is one."""

    def shot():
        picture = screen.shot()
        return picture if picture.shape == (HEIGHT, 2 * WIDTH, 3) and seen(picture) else None

    return until(lambda: [found] if (found := shot()) is not None else None, within)[0]
