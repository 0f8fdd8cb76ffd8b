"""`python -m api.cli`: how `up` starts its children, whatever the command is called on this machine."""

import sys

from api.cli import main

if __name__ == "__main__":
    sys.exit(main())
