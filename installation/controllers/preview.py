"""A preview: the pages of a surface as one picture, to be looked at before anybody carries a tablet into the dark."""

from __future__ import annotations

from collections.abc import Sequence

from PIL import Image, ImageDraw, ImageFont

from installation.controllers.surface import HEIGHT, TABS, WIDTH, Control, Frame, Page
from installation.controllers.touchosc import ASH, COAL, EMBER, PAPER, Colour, colour

ACROSS = 2  # pages side by side
GAP = 16  # pixels between pages


def preview(pages: Sequence[Page]) -> Image.Image:
    """All pages, two to a row, with every fader at its default."""
    rows = -(-len(pages) // ACROSS)
    sheet = Image.new("RGB", (ACROSS * (WIDTH + GAP) - GAP, rows * (HEIGHT + GAP) - GAP), _rgb(ASH))
    for number, page in enumerate(pages):
        row, column = divmod(number, ACROSS)
        sheet.paste(_page(pages, page), (column * (WIDTH + GAP), row * (HEIGHT + GAP)))
    return sheet


def _page(pages: Sequence[Page], page: Page) -> Image.Image:
    picture = Image.new("RGB", (WIDTH, HEIGHT), _rgb(COAL))
    draw = ImageDraw.Draw(picture)
    for number, each in enumerate(pages):
        left, right = (WIDTH * place // len(pages) for place in (number, number + 1))
        _box(draw, Frame(left, 0, right - left - 2, TABS - 4), EMBER if each is page else ASH, each.name)
    for control in page.controls:
        _control(draw, control)
    return picture


def _control(draw: ImageDraw.ImageDraw, control: Control) -> None:
    frame = Frame(control.frame.x, control.frame.y + TABS, control.frame.w, control.frame.h)
    draw.text((frame.x, frame.y - 18), control.label, fill=_rgb(PAPER), font=ImageFont.load_default(13))
    if control.kind == "choice":
        for text, part in control.parts():
            _box(draw, Frame(part.x, part.y + TABS, part.w, part.h), ASH, text)
        return
    filled = (control.default - control.low) / (control.high - control.low)
    draw.rectangle(_corners(frame), outline=_rgb(colour(control)), width=2)
    if control.kind == "fader":
        knob = Frame(frame.x, frame.y, max(round(frame.w * filled), 3), frame.h)
        draw.rectangle(_corners(knob), fill=_rgb(colour(control)))
    elif filled:
        draw.rectangle(_corners(frame), fill=_rgb(colour(control)))


def _box(draw: ImageDraw.ImageDraw, frame: Frame, shade: Colour, text: str) -> None:
    draw.rectangle(_corners(frame), fill=_rgb(shade))
    middle = frame.x + frame.w / 2, frame.y + frame.h / 2
    draw.text(middle, text, fill=_rgb(PAPER), font=ImageFont.load_default(14), anchor="mm")


def _corners(frame: Frame) -> tuple[int, int, int, int]:
    return frame.x, frame.y, frame.x + frame.w - 1, frame.y + frame.h - 1


def _rgb(shade: Colour) -> tuple[int, int, int]:
    red, green, blue = (round(255 * each) for each in shade)
    return red, green, blue
