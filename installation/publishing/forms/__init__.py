"""The forms of an edition, one file each. Adding one is a file here that ends in ``@form``, and its name below."""

from installation.publishing.forms import (  # noqa: F401 - importing a form files it
    apng,
    av1,
    dnxhr,
    exr,
    ffv1,
    generations,
    gif,
    h264,
    hevc,
    hls,
    loop,
    on_paper,
    png,
    prores,
    sheet,
    tiff,
    webp,
)
from installation.publishing.forms.registry import DEFAULT, FORMS, Form, Wishes, chosen

__all__ = ["DEFAULT", "FORMS", "Form", "Wishes", "chosen"]
