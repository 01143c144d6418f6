"""What is a subscription to topics of Amazon SNS configured with?"""

from __future__ import annotations

from connectors.alerts.sns import Topics
from connectors.contract.settings import Secret, SourceSettings
from connectors.toolbox.signatures import Username


class Settings(SourceSettings):
    """A source of kind `cloudwatch`.

    The signature of Amazon proves the sender, and `topics` whose messages they are: everybody can have a topic.
    """

    secret: Secret | None = None  # type: ignore[assignment]  # the signature alone is enough here, unlike elsewhere
    """Wanted besides the signature, as `?secret=` in the URL or as Basic password, where it is set."""
    username: Username | None = None
    """Accept the secret as the password of this name too."""
    topics: Topics = ()
    """ARNs of the topics whose messages are taken, and whose subscriptions are confirmed; none: nothing is taken."""
