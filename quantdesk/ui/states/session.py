"""Session: who this tab speaks for, looked up again for every private act."""

import reflex as rx


class SessionState(rx.State):
    """Signed in or guest, and the facts of the network."""

    signed_in: bool = False
    address: str = ""
    short_address: str = ""
    wallet_address: str = ""
    network: str = "Localnet"
    can_faucet: bool = True
    degraded: str = ""
    indexer: str = "+1 slot"
    slot: str = "412,884,107"
    scene: str = "calm × 1"

    @rx.event
    def connect_wallet(self, address: str) -> None:
        """Remember which wallet the browser connected; proves nothing."""
        self.wallet_address = address
