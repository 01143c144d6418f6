"""What a connector is: its messages, events, settings, calls, and the parts that it may have.

Everything here is data and types. It imports nothing of the rest of `connectors`; `connectors.toolbox` and the kinds
build on it.
"""
