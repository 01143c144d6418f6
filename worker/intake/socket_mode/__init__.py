"""Socket Mode: takes deliveries over connections that we open to Slack, where Slack cannot reach us.

`supervisor` has a thread for each source that keeps a connection. `line` handles the messages of a connection.
The protocol is the connector's (`Connector.socket`). No lease is needed: Slack spreads deliveries over the connections
of an app.
"""
