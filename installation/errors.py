"""What the program refuses, and how it says so."""


class Refusal(Exception):  # noqa: N818 - it is not a fault of the program but an answer to somebody
    """A sentence for a person: what happened, where, and what to do about it.

    Every expected failure is a subclass; doors (the command line, OSC, the engine) show the sentence and go on.
    Anything that is not a ``Refusal`` is a fault of ours and keeps its traceback.
    """
