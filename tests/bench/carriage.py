"""How calls reach the sandbox in process, on a virtual clock: counted, each taking as long as an answer of Google's.

What the sandbox itself needs of the processor is set apart, so that what is left is whose calls they are.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import requests
from wire import Service, Wire, method_of

CALL_TAKES = timedelta(milliseconds=200)
"""By the virtual clock. Google's answers take a tenth of a second to one; a call that took none would flatter."""


@dataclass
class Counted:
    """Calls of a while."""

    calls: Counter[str] = field(default_factory=Counter)
    """By method id; also what was refused."""
    refused: Counter[str] = field(default_factory=Counter)
    """Those answered that a quota is used up."""
    answered: list[tuple[str, datetime]] = field(default_factory=list)
    """Method ids of what was not refused, with the instant of the answer, in their order."""
    service_seconds: float = 0.0
    """Processor time that the sandbox took for them."""

    @property
    def total(self) -> int:
        return self.calls.total()

    def by_service(self) -> str:
        """`sheets 3, drive 2`."""
        services: Counter[str] = Counter()
        for method, count in self.calls.items():
            services[method.partition(".")[0]] += count
        return ", ".join(f"{name} {count}" for name, count in services.most_common()) or "none"

    def by_method(self) -> str:
        return ", ".join(f"{method} {count}" for method, count in self.calls.most_common())


class Carriage(Wire):
    """A requests adapter to a sandbox. `wait` lets the virtual clock go on; None: calls take no time."""

    def __init__(self, sandbox: Service, clock: Callable[[], datetime], wait: Callable[[timedelta], None]) -> None:
        super().__init__(sandbox, None, wait)
        self._clock = clock
        self.counted = Counted()

    def send(self, request: requests.PreparedRequest, *rest: Any, **more: Any) -> requests.Response:
        method = method_of(request)
        began = time.process_time()
        answer = super().send(request, *rest, **more)
        counted = self.counted
        counted.service_seconds += time.process_time() - began
        counted.calls[method] += 1
        self._wait(CALL_TAKES)
        if answer.status_code == 429 or (answer.status_code == 403 and b"ateLimitExceeded" in answer.content):
            counted.refused[method] += 1
        else:
            counted.answered.append((method, self._clock()))
        return answer

    def take(self) -> Counted:
        """What was counted since the last time."""
        counted, self.counted = self.counted, Counted()
        return counted
