"""Build hook: a wheel carries the scenes and assets, an editable install reads them where they are."""

from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class ShareHook(BuildHookInterface):  # type: ignore[type-arg] # hatchling's own generic has no use here
    """Puts ``scenes/`` and ``assets/`` into ``installation/_share/`` of a standard wheel."""

    PLUGIN_NAME = "custom"

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Called by hatchling before it builds; ``version`` is ``standard`` or ``editable``."""
        if version == "standard" and self.target_name == "wheel":
            build_data["force_include"] |= {kind: f"installation/_share/{kind}" for kind in ("scenes", "assets")}
