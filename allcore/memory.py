"""What a process has loaded by its start is not walked by the garbage collector again.

Half a million objects, nearly all of them code, are there for good. One full round over them stops the process for
0.15 s, and a round comes every few hundred requests: the slowest orders and approvals were those that met one.
"""

import gc


def settle() -> None:
    """Leave all that is there out of every later round. For the end of a process's start."""
    gc.collect()
    gc.freeze()
