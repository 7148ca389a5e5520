"""Filling a refusal into any response or result, by the fields that this project's and standard interfaces have."""

from __future__ import annotations

from typing import Any

from rcl_interfaces.msg import SetParametersResult

from bimanual_core.errors import ErrorCode
from simulation_interfaces.msg import Result


def refuse(answer: Any, code: ErrorCode, text: str, request: Any = None) -> Any:
    """``answer`` saying no with ``code`` and ``text`` in whatever fields it has for words; the rest stays default.

    ``request`` is what is answered: set_parameters wants one result for each parameter of it.
    """
    fields = answer.get_fields_and_field_types()
    for name in ("error_msg", "error_string", "error_message", "message"):
        if fields.get(name) == "string":
            setattr(answer, name, text)
    if fields.get("error_code", "").startswith("int"):
        answer.error_code = int(code)
    if fields.get("result") == "simulation_interfaces/Result":
        answer.result = Result(result=Result.RESULT_OPERATION_FAILED, error_message=text)
    if fields.get("result") == "rcl_interfaces/SetParametersResult":
        answer.result = SetParametersResult(successful=False, reason=text)
    if fields.get("results") == "sequence<rcl_interfaces/SetParametersResult>":
        answer.results = [SetParametersResult(successful=False, reason=text) for _ in request.parameters]
    return answer
