"""Chaos test: each acknowledged event takes effect exactly once, in order, under kills and faults of the API.

    stream    the events of the sources, made from a seed, and the expected effects
    checker   a pure comparison of these with the effects that the Tickets API recorded
    faults    faults of the Tickets API, and of the processes
    sites     the deployments under test: one process, or a fleet with servers of its own
    driver    sends the stream over a few connections while the faults happen
    __main__  `python3 dev.py chaos`

docs/chaos.md explains the output.
"""
