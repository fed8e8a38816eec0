"""``burntout`` and ``python -m installation``.

Every process of the installation imports this module again when it is spawned, so it stays empty until it is called.
"""

import sys


def main() -> None:
    """The command line. Ctrl-C before it is even loaded ends it quietly, as a shell expects."""
    try:
        from installation import cli
    except KeyboardInterrupt:
        sys.exit(130)
    cli.main()


if __name__ == "__main__":
    main()
