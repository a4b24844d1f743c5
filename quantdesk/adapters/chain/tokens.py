"""SPL tokens: the few instructions that a wallet, a faucet and a new chain need."""

from solders.instruction import AccountMeta, Instruction
from solders.pubkey import Pubkey
from solders.system_program import CreateAccountParams, create_account

from quantdesk.adapters.chain.addresses import (
    ASSOCIATED_TOKEN_PROGRAM,
    SYSTEM_PROGRAM,
    TOKEN_PROGRAM,
    associated_token_account,
)

MINT_SPACE = 82
_CREATE_IDEMPOTENT = b"\x01"
_MINT_TO = 7
_INITIALIZE_MINT_2 = 20


def create_mint(
    payer: Pubkey, mint: Pubkey, authority: Pubkey, *, decimals: int, rent_lamports: int
) -> list[Instruction]:
    """Make a new token; the mint's own key signs too."""
    create = create_account(
        CreateAccountParams(
            from_pubkey=payer,
            to_pubkey=mint,
            lamports=rent_lamports,
            space=MINT_SPACE,
            owner=TOKEN_PROGRAM,
        )
    )
    data = bytes([_INITIALIZE_MINT_2, decimals]) + bytes(authority) + b"\0"
    return [create, Instruction(TOKEN_PROGRAM, data, [_writable(mint)])]


def create_token_account(payer: Pubkey, owner: Pubkey, mint: Pubkey) -> Instruction:
    """Make the owner's associated token account; harmless when it exists."""
    accounts = [
        AccountMeta(payer, is_signer=True, is_writable=True),
        _writable(associated_token_account(owner, mint)),
        _readable(owner),
        _readable(mint),
        _readable(SYSTEM_PROGRAM),
        _readable(TOKEN_PROGRAM),
    ]
    return Instruction(ASSOCIATED_TOKEN_PROGRAM, _CREATE_IDEMPOTENT, accounts)


def mint_to(mint: Pubkey, to: Pubkey, authority: Pubkey, units: int) -> Instruction:
    """Create `units` native units of the token in a token account."""
    accounts = [
        _writable(mint),
        _writable(to),
        AccountMeta(authority, is_signer=True, is_writable=False),
    ]
    data = bytes([_MINT_TO]) + units.to_bytes(8, "little")
    return Instruction(TOKEN_PROGRAM, data, accounts)


def _writable(address: Pubkey) -> AccountMeta:
    return AccountMeta(address, is_signer=False, is_writable=True)


def _readable(address: Pubkey) -> AccountMeta:
    return AccountMeta(address, is_signer=False, is_writable=False)
