"""Faults on demand: what `POST /sandbox/faults` asks for, and which call it meets."""

from __future__ import annotations

import threading
from dataclasses import dataclass

from workspace_sandbox.calls import ApiError, Json
from workspace_sandbox.discovery import method_ids
from workspace_sandbox.refusals import usual_reason

MODES = ("error", "drop", "delay")


class DroppedConnectionError(ConnectionError):
    """The work was done, and the connection is cut without an answer."""


@dataclass
class Fault:
    """One fault, for the next `times` calls of `method` (a method id, `token`, or `*` for every method)."""

    method: str
    mode: str
    """`error`: refused with `status`, nothing is done. `drop`: done, never answered. `delay`: done after `seconds`."""
    status: int
    reason: str
    seconds: float
    times: int

    def error(self) -> ApiError:
        return ApiError(self.status, self.reason, f"A fault was asked for: {self.status} {self.reason}.")


class Faults:
    """The faults still to come, in the order they were asked for. Safe to use from several threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._faults: list[Fault] = []

    def add(self, asked: Json) -> None:
        """Take a fault from its JSON. Raises ApiError 400 where it cannot be understood."""
        fault = _fault(asked)
        with self._lock:
            self._faults.append(fault)

    def clear(self) -> None:
        with self._lock:
            self._faults.clear()

    def next_for(self, method_id: str) -> Fault | None:
        """The fault that meets this call, counted as used."""
        with self._lock:
            for fault in self._faults:
                if fault.method == method_id or (fault.method == "*" and method_id != "token"):
                    fault.times -= 1
                    if fault.times <= 0:
                        self._faults.remove(fault)
                    return fault
        return None


def _fault(asked: Json) -> Fault:
    unknown = set(asked) - {"method", "mode", "status", "reason", "seconds", "times"}
    if unknown:
        raise ApiError(400, "invalid", f"A fault has no {', '.join(sorted(unknown))}.")
    mode = asked.get("mode", "error")
    if mode not in MODES:
        raise ApiError(400, "invalid", f"The mode of a fault is one of {', '.join(MODES)}, not {mode}.")
    method = asked.get("method")
    if not isinstance(method, str) or not method:
        raise ApiError(400, "invalid", "A fault needs the method it is for: a method id or *.")
    if method not in ("*", "token") and method not in method_ids():
        raise ApiError(400, "invalid", f"There is no method {method}, so that this fault would meet no call.")
    status, times, seconds = asked.get("status", 503), asked.get("times", 1), asked.get("seconds", 0)
    if not isinstance(status, int) or not 400 <= status <= 599:
        raise ApiError(400, "invalid", "The status of a fault is a number from 400 to 599.")
    if not isinstance(times, int) or times < 1:
        raise ApiError(400, "invalid", "The times of a fault is a number from 1.")
    if not isinstance(seconds, int | float) or seconds < 0:
        raise ApiError(400, "invalid", "The seconds of a fault is a number from 0.")
    return Fault(method, mode, status, asked.get("reason") or usual_reason(status), float(seconds), times)
