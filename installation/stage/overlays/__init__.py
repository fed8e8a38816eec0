"""Overlays: text and figures over the picture, drawn at the canvas's own pixels and only when they change."""
