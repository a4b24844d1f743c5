"""The chain's time: slots are a function of wall time, blockhashes a function of the slot.

Both survive a crash without being written down: a restarted chain is where a real cluster would
be, and a transaction signed before the crash is still valid for the rest of its window.
"""

import hashlib

from solders.hash import Hash

from quantdesk.world.chain.config import BLOCKHASH_WINDOW, FIRST_SLOT


class SlotClock:
    """Slot numbers that only grow, one per `slot_ms` since the chain's first millisecond."""

    def __init__(self, *, genesis_ms: int, slot_ms: int, seed: bytes) -> None:
        self._genesis_ms = genesis_ms
        self._slot_ms = slot_ms
        self._seed = seed
        self._forks: list[tuple[int, bytes]] = []
        self._hashes: dict[int, Hash] = {}
        self._slots: dict[Hash, int] = {}

    def slot_at(self, now_ms: int) -> int:
        """The slot that wall time `now_ms` falls into."""
        return FIRST_SLOT + max(0, now_ms - self._genesis_ms) // self._slot_ms

    def start_of(self, slot: int) -> int:
        """Wall time in milliseconds at which `slot` begins."""
        return self._genesis_ms + (slot - FIRST_SLOT) * self._slot_ms

    def blockhash(self, slot: int) -> Hash:
        """The hash of the block in `slot`."""
        known = self._hashes.get(slot)
        if known is None:
            salt = next((salt for after, salt in reversed(self._forks) if slot > after), b"")
            digest = hashlib.sha256(self._seed + salt + slot.to_bytes(8, "little")).digest()
            known = self._hashes[slot] = Hash.from_bytes(digest)
            self._slots[known] = slot
        return known

    def fork(self, after: int, salt: bytes) -> None:
        """Give every slot later than `after` another hash: the old branch is abandoned."""
        self._forks = [each for each in self._forks if each[0] < after] + [(after, salt)]
        for slot in [known for known in self._hashes if known > after]:
            del self._slots[self._hashes.pop(slot)]

    def skip(self, slots: int) -> int:
        """Let so many slots pass at once; returns the chain's new first millisecond."""
        self._genesis_ms -= slots * self._slot_ms
        return self._genesis_ms

    def remember_window(self, slot: int) -> None:
        """Hold exactly the hashes that transactions in `slot` may name."""
        oldest = slot - BLOCKHASH_WINDOW
        for each in range(oldest, slot + 1):
            self.blockhash(each)
        for each in [known for known in self._hashes if known < oldest]:
            del self._slots[self._hashes.pop(each)]

    def slot_of(self, blockhash: Hash) -> int | None:
        """The slot of a hash inside the window, None when unknown or expired."""
        return self._slots.get(blockhash)

    def recent(self, slot: int) -> list[tuple[int, Hash]]:
        """The window, newest first, as the SlotHashes sysvar lists it: without the slot itself."""
        parents = range(slot - 1, slot - 1 - BLOCKHASH_WINDOW, -1)
        return [(each, self.blockhash(each)) for each in parents]
