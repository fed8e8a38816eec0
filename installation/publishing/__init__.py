"""Publishing: from a take to what can be shown, sent and printed."""

from installation.publishing.edition import publish
from installation.publishing.forms import DEFAULT, FORMS, Wishes, chosen
from installation.publishing.whole import PublishError

__all__ = ["DEFAULT", "FORMS", "PublishError", "Wishes", "chosen", "publish"]
