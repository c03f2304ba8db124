"""Python's collector, held back: the command line imports this first, before all that makes objects by the thousand.

At its own 700 objects it goes through what was imported again and again: a tenth of a command's start.
"""

import gc

OBJECTS_PER_COLLECTION = 50_000

gc.set_threshold(OBJECTS_PER_COLLECTION, 20, 20)
