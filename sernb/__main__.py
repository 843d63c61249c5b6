"""`python -m sernb`: the form in which launchers such as `accelerate launch -m` and `torchrun -m` start it.

Python puts the current folder first on the path then: it goes before anything is imported, or a `numpy.py` there would
be run. Where this package itself was found in it, it stays, but last. (A `sernb` in the current folder is taken for
this one before anything here is read: `sernb` or `python -P -m sernb` take the installed one.)
"""

import os
import sys

if __name__ == "__main__":
    if not sys.flags.safe_path:
        current = os.path.realpath(sys.path.pop(0) or os.curdir)
        if current == os.path.dirname(os.path.dirname(os.path.realpath(__file__))):
            sys.path.append(current)

    from sernb.cli import main

    main()
