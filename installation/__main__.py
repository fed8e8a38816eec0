"""``burntout`` and ``python -m installation``.

Every process of the installation imports this module again when it is spawned, so it stays empty until it is called.
"""


def main() -> None:
    """The command line."""
    from installation import cli

    cli.main()


if __name__ == "__main__":
    main()
