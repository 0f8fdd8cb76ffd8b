"""The command `huiyin`. What a command needs is imported when it runs, so that each starts quickly."""

from collections.abc import Sequence


def main(arguments: Sequence[str] | None = None) -> int:
    """The program: the exit status is 0 done, 1 the answer is no, 2 usage or a service out of reach."""
    import os
    import sys

    if "_ARGCOMPLETE" in os.environ:  # a shell asks what could be typed next
        from api.cli.completion import complete

        complete(os.environ)
    from api.cli.edge import of_process
    from api.cli.main import run

    return run(sys.argv[1:] if arguments is None else arguments, of_process())
