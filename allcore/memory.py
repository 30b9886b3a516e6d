"""What a process has loaded by its start is not walked by the garbage collector again.

Some 200,000 objects, nearly all of them code, are there for good. A full round over them stops a process for about
0.1 s, longer on a busy machine: the slowest approvals were those that met one.
"""

import gc


def settle() -> None:
    """Leave all that is there out of every later round. For the end of a process's start."""
    gc.collect()
    gc.freeze()
