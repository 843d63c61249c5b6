"""`python -m sernb`: the form in which launchers such as `accelerate launch -m` and `torchrun -m` start it."""

from sernb.cli import main

if __name__ == "__main__":
    main()
