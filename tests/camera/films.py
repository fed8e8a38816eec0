"""Films made in a test: small, lossless, every frame of one colour, so that it can be told which one was seen."""

import av
import numpy as np

RATE = 25
FRAMES = 10


def film(path, frames=FRAMES, height=48, width=80):
    """A film whose frame i is red i / frames, green 0, blue 1."""
    with av.open(str(path), "w") as container:
        stream = container.add_stream("ffv1", rate=RATE)
        stream.height, stream.width, stream.pix_fmt = height, width, "bgr0"
        for number in range(frames):
            pixels = np.full((height, width, 3), colour(number, frames), np.uint8)
            container.mux(stream.encode(av.VideoFrame.from_ndarray(pixels, format="rgb24")))
        container.mux(stream.encode(None))
    return path


def colour(number, frames=FRAMES):
    return (round(255 * number / frames), 0, 255)


def number_of(pixels, frames=FRAMES):
    """Which frame a picture is."""
    return round(float(pixels[:, :, 0].mean()) * frames / 255)
