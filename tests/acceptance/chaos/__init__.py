"""Chaos test: each acknowledged event takes effect exactly once, in order, under kills and faults.

    stream      the events of the sources, made from a seed, and the expected effects
    checker     a pure comparison of these with the effects that the Tickets API recorded
    faults      the table of the Tickets API's faults; what a single fault is, and the order of a run's
    conditions  faults that hold for a while: slow commits, a set clock, a dead API, half-open connections
    hooks       what the driver has the started processes do: slow commits, another wall clock
    alarms      watches which alarms are up
    sites       the deployments under test: one process, or a fleet with servers of its own
    driver      sends the stream over a few connections while the faults happen
    __main__    `python3 dev.py chaos`

docs/chaos.md explains the output.
"""
