"""A TouchOSC layout: zlib-compressed XML of nodes, each with properties, values and messages (format version 3).

The same control scales a value on its way out and back, so a fader also shows what the piece stands at. A choice is a
row of buttons that say its names: what is on the wire can be read. A script asks the piece every half minute to go on
telling what changes, and to answer at the port that TouchOSC receives at.
"""

from __future__ import annotations

import uuid
import zlib
from collections.abc import Iterable, Mapping, Sequence
from xml.etree import ElementTree as ET

from installation.controllers.surface import HEIGHT, TABS, WIDTH, Control, Frame, Page

NAMESPACE = uuid.UUID("7b1e9c52-6a43-5d0f-9a54-0f6f1b5d2c11")  # of our nodes' names: the same file every time
RECEIVE = 9001  # the port to set in TouchOSC as its receive port
ALL_CONNECTIONS = "1" * 10
Colour = tuple[float, float, float]
EMBER, ASH, COAL, PAPER = (0.95, 0.45, 0.15), (0.35, 0.33, 0.31), (0.08, 0.07, 0.07), (0.9, 0.88, 0.84)
COLOURS: Mapping[str, Colour] = {
    "fader": EMBER,
    "toggle": (0.98, 0.78, 0.3),
    "button": (0.55, 0.65, 0.7),
    "choice": ASH,
}
PANIC = (0.85, 0.1, 0.12)  # found without looking
SCRIPT = f"""local due = 0
function update()
  local now = getMillis()
  if now >= due then
    due = now + 30000
    sendOSC({{'/sys/subscribe', {{{{tag = 's', value = '//'}}, {{tag = 'i', value = {RECEIVE}}}}}}})
  end
end
"""


def layout(pages: Sequence[Page]) -> bytes:
    """The content of a ``.tosc`` file."""
    return zlib.compress(ET.tostring(document(pages), "utf-8", xml_declaration=True), 9)


def document(pages: Sequence[Page]) -> ET.Element:
    """The layout as XML: a pager with a page for each of ours."""
    root = ET.Element("lexml", version="3")
    canvas = _node(root, "GROUP", "burntout", Frame(0, 0, WIDTH, HEIGHT), COAL)
    _property(canvas, "s", "script", SCRIPT)
    pager = _node(_children(canvas), "PAGER", "pages", Frame(0, 0, WIDTH, HEIGHT), COAL)
    for kind, key, value in (("b", "tabbar", "1"), ("i", "tabbarSize", str(TABS)), ("b", "tabLabels", "1")):
        _property(pager, kind, key, value)
    _values(pager, {"page": "0"})
    inside = _children(pager)
    for page in pages:
        _page(inside, page)
    return root


def _page(parent: ET.Element, page: Page) -> None:
    group = _node(parent, "GROUP", page.name, Frame(0, TABS, WIDTH, HEIGHT - TABS), COAL)
    _property(group, "s", "tabLabel", page.name)
    inside = _children(group)
    for control in page.controls:
        _caption(inside, page, control)
        _ADD[control.kind](inside, page, control)


def _caption(parent: ET.Element, page: Page, control: Control) -> None:
    frame = Frame(control.frame.x, control.frame.y - 18, control.frame.w, 18)
    label = _node(parent, "LABEL", f"{page.name} {control.address} caption", frame, COAL)
    for kind, key, value in (("i", "textSize", "13"), ("i", "textAlignH", "1"), ("b", "background", "0")):
        _property(label, kind, key, value)
    _property(label, "c", "textColor", PAPER)
    _values(label, {"text": control.label})


def _fader(parent: ET.Element, page: Page, control: Control) -> None:
    fader = _node(parent, "FADER", f"{page.name} {control.address}", control.frame, colour(control))
    _property(fader, "i", "orientation", "1")  # across
    _values(fader, {"x": f"{_share(control):.6g}", "touch": "0"})
    scale = (control.low, control.high)
    _message(fader, control.address, ("VALUE", "INTEGER" if control.whole else "FLOAT", "x", scale), "ANY")


def _toggle(parent: ET.Element, page: Page, control: Control) -> None:
    button = _node(parent, "BUTTON", f"{page.name} {control.address}", control.frame, colour(control))
    _property(button, "i", "buttonType", "2")  # on at a press, off at the next
    _values(button, {"x": f"{control.default:g}", "touch": "0"})
    _message(button, control.address, ("VALUE", "FLOAT", "x", (0.0, 1.0)), "ANY")


def _button(parent: ET.Element, page: Page, control: Control) -> None:
    button = _node(parent, "BUTTON", f"{page.name} {control.address}", control.frame, colour(control))
    _property(button, "i", "buttonType", "0")  # on as long as it is held
    _values(button, {"x": "0", "touch": "0"})
    _message(button, control.address, ("VALUE", "FLOAT", "x", (0.0, 1.0)), "RISE", receives=False)


def _choice(parent: ET.Element, page: Page, control: Control) -> None:
    for text, frame in control.parts():
        name = f"{page.name} {control.address} {text}"
        button = _node(parent, "BUTTON", name, frame, ASH)
        _property(button, "i", "buttonType", "0")
        _values(button, {"x": "0", "touch": "0"})
        _message(button, control.address, ("CONSTANT", "STRING", text, (0.0, 1.0)), "RISE", receives=False)
        label = _node(parent, "LABEL", f"{name} text", frame, ASH)
        for kind, key, value in (("i", "textSize", "13"), ("b", "background", "0"), ("b", "interactive", "0")):
            _property(label, kind, key, value)
        _property(label, "c", "textColor", PAPER)
        _values(label, {"text": text})


def colour(control: Control) -> Colour:
    """What a control looks like: one colour for each kind, red for every panic."""
    return PANIC if control.address.startswith("/panic/") else COLOURS[control.kind]


_ADD = {"fader": _fader, "toggle": _toggle, "button": _button, "choice": _choice}


def _share(control: Control) -> float:
    """Where on the fader's way the default is."""
    return (control.default - control.low) / (control.high - control.low)


def _node(parent: ET.Element, kind: str, name: str, frame: Frame, shade: Colour) -> ET.Element:
    node = ET.SubElement(parent, "node", ID=str(uuid.uuid5(NAMESPACE, name)), type=kind)
    ET.SubElement(node, "properties")
    _property(node, "s", "name", name)
    _property(node, "r", "frame", {each: str(getattr(frame, each)) for each in ("x", "y", "w", "h")})
    _property(node, "c", "color", shade)
    return node


def _children(node: ET.Element) -> ET.Element:
    return ET.SubElement(node, "children")


def _property(node: ET.Element, kind: str, key: str, value: str | Mapping[str, str] | Colour) -> None:
    """One property: b, i, f and s have a text, r a rectangle, c a colour."""
    properties = node.find("properties")
    if properties is None:
        raise AssertionError("every node has properties")
    each = ET.SubElement(properties, "property", type=kind)
    _text(each, "key", key)
    if isinstance(value, str):
        _text(each, "value", value)
        return
    parts = value if not isinstance(value, tuple) else dict(zip("rgba", (f"{v:g}" for v in (*value, 1.0)), strict=True))
    inside = ET.SubElement(each, "value")
    for name, text in parts.items():
        _text(inside, name, text)


def _values(node: ET.Element, defaults: Mapping[str, str]) -> None:
    values = ET.SubElement(node, "values")
    for key, default in defaults.items():
        value = ET.SubElement(values, "value")
        each = {"key": key, "locked": "0", "lockedDefaultCurrent": "0", "default": default, "defaultPull": "0"}
        for name, text in each.items():
            _text(value, name, text)


Argument = tuple[str, str, str, tuple[float, float]]  # type, conversion, value, and what 0 and 1 are scaled to


def _message(node: ET.Element, address: str, argument: Argument, when: str, *, receives: bool = True) -> None:
    """The OSC message of a control: its address, one argument, and at which change of ``x`` it is sent."""
    osc = ET.SubElement(ET.SubElement(node, "messages"), "osc")
    flags = {"enabled": "1", "send": "1", "receive": str(int(receives)), "feedback": "0"}
    for name, text in {**flags, "connections": ALL_CONNECTIONS}.items():
        _text(osc, name, text)
    trigger = ET.SubElement(ET.SubElement(osc, "triggers"), "trigger")
    _text(trigger, "var", "x")
    _text(trigger, "condition", when)
    _partials(osc, "path", [("CONSTANT", "STRING", address, (0.0, 1.0))])
    _partials(osc, "arguments", [argument])


def _partials(osc: ET.Element, name: str, partials: Iterable[Argument]) -> None:
    listed = ET.SubElement(osc, name)
    for kind, conversion, value, (low, high) in partials:
        partial = ET.SubElement(listed, "partial")
        each = {"type": kind, "conversion": conversion, "value": value, "scaleMin": f"{low:g}", "scaleMax": f"{high:g}"}
        for key, text in each.items():
            _text(partial, key, text)


def _text(parent: ET.Element, name: str, text: str) -> None:
    ET.SubElement(parent, name).text = text
