"""Examples in docstrings are shown as code: Google's section is Examples, ours says Example where there is one.

An extension of griffe (`mkdocs.yml`), which reads the docstrings.
"""

import re
from typing import Any

import griffe

SECTION = re.compile(r"^(\s*)Example:$", re.MULTILINE)


class Examples(griffe.Extension):
    """Renames the section in every docstring as it is read."""

    def on_object(self, *, obj: griffe.Object, **_: Any) -> None:  # noqa: ANN401  griffe's own interface
        """One module, class or function."""
        if obj.docstring is not None:
            obj.docstring.value = SECTION.sub(r"\1Examples:", obj.docstring.value)
