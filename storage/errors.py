"""Errors that a person can act on."""


class EquipoiseError(Exception):
    """Anything the user can mend: its text is one sentence saying what, where, and what to do.

    The command line prints the sentence and nothing else; every other exception keeps its traceback, because it
    is a fault of ours.

    Example:
        >>> from equipoise import EquipoiseError, run
        >>> try:
        ...     run("no-such-file.yaml")
        ... except EquipoiseError as error:
        ...     print(error)
        no-such-file.yaml does not exist; the examples lie in configs/
    """


class InputError(EquipoiseError):
    """An input (file, row, field or option) that cannot be used as it is."""


class StoreError(EquipoiseError):
    """Something in the store is missing, truncated or altered."""
