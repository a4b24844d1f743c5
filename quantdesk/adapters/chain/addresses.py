"""Where the program keeps things: every program-derived address, cached."""

from functools import lru_cache

from solders.pubkey import Pubkey

TOKEN_PROGRAM = Pubkey.from_string("TokenkegQfeZyiNwAJbNbGKPFXCWuBvf9Ss623VQ5DA")
ASSOCIATED_TOKEN_PROGRAM = Pubkey.from_string("ATokenGPvbdGVxr1b2hvZbsiqW5xWH25efTNsLJA8knL")
SYSTEM_PROGRAM = Pubkey.from_string("11111111111111111111111111111111")
UPGRADEABLE_LOADER = Pubkey.from_string("BPFLoaderUpgradeab1e11111111111111111111111")
RECEIVER_PROGRAM = Pubkey.from_string("rec5EKMGg6MxZYaMdyBfgwp4d5rB9T1VQH5pJv5LtFJ")
"""Pyth's receiver; on local chains a program of ours stands at the same address."""


@lru_cache(maxsize=65_536)
def derived(program: Pubkey, *seeds: bytes) -> Pubkey:
    """The program-derived address of the seeds, with its canonical bump."""
    return Pubkey.find_program_address(list(seeds), program)[0]


def associated_token_account(owner: Pubkey, mint: Pubkey) -> Pubkey:
    """The owner's usual SPL token account of a mint."""
    return derived(ASSOCIATED_TOKEN_PROGRAM, bytes(owner), bytes(TOKEN_PROGRAM), bytes(mint))


def price_update(feed_id: bytes, receiver: Pubkey = RECEIVER_PROGRAM) -> Pubkey:
    """Where the local receiver keeps the newest update of a feed."""
    return derived(receiver, b"price", feed_id)


class Addresses:
    """The derived addresses of one deployment of the program."""

    def __init__(self, program: Pubkey) -> None:
        self.program = program
        self.security = derived(program, b"security")
        self.pool = derived(program, b"pool")
        self.insurance = derived(program, b"insurance")
        self.sol_vault = derived(program, b"sol_vault")
        self.program_data = derived(UPGRADEABLE_LOADER, bytes(program))

    def vault(self, mint: Pubkey) -> Pubkey:
        """The TokenVault of a mint."""
        return derived(self.program, b"vault", bytes(mint))

    def vault_tokens(self, mint: Pubkey) -> Pubkey:
        """The SPL account in which the program holds a mint."""
        return derived(self.program, b"vault_tokens", bytes(mint))

    def market(self, index: int) -> Pubkey:
        """The Market with this index."""
        return derived(self.program, b"market", index.to_bytes(2, "little"))

    def user_account(self, owner: Pubkey, sub_account_id: int = 0) -> Pubkey:
        """The UserAccount of an owner."""
        sub = sub_account_id.to_bytes(2, "little")
        return derived(self.program, b"user", bytes(owner), sub)

    def position(self, user_account: Pubkey, market_index: int) -> Pubkey:
        """The Position of an account in a market."""
        index = market_index.to_bytes(2, "little")
        return derived(self.program, b"position", bytes(user_account), index)

    def order(self, user_account: Pubkey, client_order_id: int) -> Pubkey:
        """The Order with a client order id."""
        number = client_order_id.to_bytes(8, "little")
        return derived(self.program, b"order", bytes(user_account), number)

    def mandate(self, user_account: Pubkey, delegate: Pubkey) -> Pubkey:
        """The Mandate that caps a delegate of an account."""
        return derived(self.program, b"mandate", bytes(user_account), bytes(delegate))
