"""Requests of a key in a minute."""

from collections import deque

WINDOW_S = 60.0


class Rate:
    """At most `most` requests of a key in any minute, counted in this process."""

    def __init__(self, most: int) -> None:
        self.most = most
        self._made: dict[str, deque[float]] = {}

    def take(self, key: str, now: float) -> tuple[int, float]:
        """Count a request: how many are left, -1 when it is one too many; seconds until there is room for one more."""
        if len(self._made) > 1000:
            self._made = {each: times for each, times in self._made.items() if times and times[-1] > now - WINDOW_S}
        made = self._made.setdefault(key, deque())
        while made and made[0] <= now - WINDOW_S:
            made.popleft()
        if len(made) >= self.most:
            return -1, made[0] + WINDOW_S - now
        made.append(now)
        return self.most - len(made), made[0] + WINDOW_S - now
