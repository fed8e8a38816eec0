"""An Open Stage Control session: a JSON file of widgets.

Run it with ``open-stage-control --load burntout.json --send 127.0.0.1:9000``; the session subscribes by itself.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from installation.controllers.surface import Control, Frame, Page

if TYPE_CHECKING:
    from collections.abc import Mapping

VERSION = "1.26.0"  # of the format; later ones read it
SUBSCRIBE = "send('/sys/subscribe', '//')\nsetInterval(() => send('/sys/subscribe', '//'), 30000)"


def session(pages: Sequence[Page]) -> str:
    """The content of a session file."""
    content = {
        "type": "root",
        "id": "root",
        "address": "/root",
        "onCreate": SUBSCRIBE,
        "widgets": [],
        "tabs": list(map(_tab, pages)),
    }
    told = {"createdWith": "Open Stage Control", "version": VERSION, "type": "session", "content": content}
    return json.dumps(told, indent=1, ensure_ascii=False) + "\n"


def _tab(page: Page) -> dict[str, Any]:
    widgets = [widget for control in page.controls for widget in (_caption(page, control), _widget(page, control))]
    return {"type": "tab", "id": f"tab {page.name}", "label": page.name, "bypass": True, "widgets": widgets, "tabs": []}


def _caption(page: Page, control: Control) -> dict[str, Any]:
    above = Frame(control.frame.x, control.frame.y - 18, control.frame.w, 18)
    text = {"value": control.label, "align": "left", "bypass": True}
    return {"type": "text", "id": f"{page.name} {control.address} caption", **_place(above), **text}


def _widget(page: Page, control: Control) -> dict[str, Any]:
    own = {"address": control.address, "comments": control.doc, "ignoreDefaults": False, "preArgs": ""}
    # Widgets of one address share an id's value through linkId: a knob on two pages stands at one place.
    name = {"id": f"{page.name} {control.address}", "linkId": control.address}
    return {**name, **_place(control.frame), **own, **_KINDS[control.kind](control)}


def _fader(control: Control) -> dict[str, Any]:
    numbers = {"range": {"min": control.low, "max": control.high}, "default": control.default}
    digits = {"decimals": 0, "typeTags": "i"} if control.whole else {"decimals": 5, "typeTags": "f"}
    return {"type": "fader", "horizontal": True, "doubleTap": True, **numbers, **digits}


def _toggle(control: Control) -> dict[str, Any]:
    return {"type": "button", "mode": "toggle", "label": " ", "on": 1, "off": 0, "default": round(control.default)}


def _button(control: Control) -> dict[str, Any]:
    return {"type": "button", "mode": "tap", "label": control.label, "on": 1, "off": 0}


def _choice(control: Control) -> dict[str, Any]:
    return {"type": "switch", "layout": "horizontal", "mode": "tap", "values": {text: text for text in control.choices}}


_KINDS = {"fader": _fader, "toggle": _toggle, "button": _button, "choice": _choice}


def _place(frame: Frame) -> Mapping[str, int]:
    return {"left": frame.x, "top": frame.y, "width": frame.w, "height": frame.h}
