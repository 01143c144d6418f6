"""How are deliveries taken in where Slack cannot reach us? On connections that we open to it (Socket Mode).

`keeper` has a thread for each source that keeps a connection, `line` what is done with what comes on one; what is said
there is the connector's (`Connector.socket`). No lease is needed: Slack spreads deliveries over the
connections of an app.
"""
