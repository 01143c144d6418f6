"""Does every acknowledged event take effect exactly once, in order, whatever is killed and whatever the API does?

    stream    what sources say, made from a seed, and what must follow from it
    checker   a pure comparison of that with the effects that the Tickets API recorded
    faults    what goes wrong at the Tickets API, and with the processes
    sites     the deployments that it goes wrong with: one process, or a fleet with servers of its own
    driver    sends the stream over a few connections while the faults happen
    __main__  `python3 dev.py chaos`

docs/chaos.md says how to read what comes out.
"""
