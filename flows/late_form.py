"""A flow whose form is made when somebody asks for it."""

import inspect
from collections.abc import Callable
from typing import Any

from prefect.flows import Flow
from prefect.utilities.callables import parameter_schema


class LateForm(Flow[..., Any]):
    """A flow that makes the schema of its parameters, which forms are made of, when it is asked for.

    A flow of Prefect's makes it when it is declared. Those of six flows whose parameter is a whole configuration take a
    second of processor and more, and a run needs none of them: deploying does.
    """

    def __init__(self, fn: Callable[..., Any], **options: Any) -> None:  # noqa: ANN401 - as Prefect's flow takes
        whole = inspect.signature(fn)
        bare = [each.replace(annotation=inspect.Parameter.empty) for each in whole.parameters.values()]
        fn.__signature__ = whole.replace(parameters=bare)  # type: ignore[attr-defined]
        try:
            super().__init__(fn, **options)
        finally:
            del fn.__signature__  # type: ignore[attr-defined]
        del self.parameters

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 - of whatever is not there
        """The schema, the first time."""
        if name != "parameters":
            raise AttributeError(name)
        self.parameters = parameter_schema(self.fn)
        return self.parameters
