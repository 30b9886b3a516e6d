"""`make storm`: as many approvals as orders from eight threads over three web processes, keys colliding all the time.

ORDERS (of each; 10,000) comes from the environment. One JSON object is printed; the exit code is 0 only if nothing was
doubled, answered twice differently, or booked otherwise than it was traded.
"""

from tests.chaos.run import main

if __name__ == "__main__":
    main("storm")
