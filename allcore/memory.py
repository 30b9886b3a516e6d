"""What a process has loaded by its start is not walked by the garbage collector again.

Some 200,000 objects, nearly all of them code, are there for good. A full round over them stops a process for about
0.1 s, longer on a busy machine: the slowest approvals were those that met one. While they are loaded hardly anything
dies, and the rounds over them took most of a second of each process's start.
"""

import gc

USUAL = gc.get_threshold()
LOADING = (100_000, 20, 20)


def begin() -> None:
    """Let the collector come seldom while a process loads its code. For the first line of an entry."""
    gc.set_threshold(*LOADING)


def settle() -> None:
    """Leave all that is there out of every later round. For the end of a process's start."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(*USUAL)
