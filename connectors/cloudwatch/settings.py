"""Settings of a CloudWatch source, which subscribes to topics of Amazon SNS."""

from __future__ import annotations

from connectors.alerts.sns import Topics
from connectors.contract.settings import ChosenSecret, SourceSettings
from connectors.toolbox.signatures import Username


class Settings(SourceSettings):
    """A source of kind `cloudwatch`.

    Amazon's signature proves the sender, and `topics` identifies ours: everybody can create a topic.
    """

    secret: ChosenSecret | None = None  # type: ignore[assignment]  # unlike for other kinds, the signature alone is enough
    """Required besides the signature when set: in the URL as the parameter `secret`, or as the password of Basic."""
    username: Username | None = None
    """Accept the secret as the password of this name too."""
    topics: Topics = ()
    """ARNs of the topics whose messages are taken, and whose subscriptions are confirmed. Empty: no message is
    taken."""
