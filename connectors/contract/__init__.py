"""The parts of a connector: messages, events, settings, calls, and optional capabilities.

Everything here is data and types. This package imports nothing else from `connectors`; `connectors.toolbox` and the
kinds build on it.
"""
