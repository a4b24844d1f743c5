"""Instructions about other collateral: lamports in and out, sales for USDC, tighter limits."""

from dataclasses import dataclass

from solders.instruction import Instruction
from solders.pubkey import Pubkey

from quantdesk.adapters.chain.instructions import Instructions, Trader
from quantdesk.domain.money import U64_MAX

NATIVE_MINT = Pubkey.from_string("So11111111111111111111111111111111111111112")
"""The mint of wrapped SOL; its vault counts lamports too."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sale:
    """How much of a vault's token is sold, native units, and for how much USDC e6 in all."""

    vault_index: int
    amount: int
    usdc_e6_min: int = 0
    usdc_e6_max: int = U64_MAX


@dataclass(frozen=True, slots=True, kw_only=True)
class VaultLimits:
    """What guardian or admin may lower at once: weight to open, native units, share e6."""

    weight_init_e6: int
    deposit_cap: int
    outflow_floor: int
    outflow_share_e6: int


def deposit_native_sol(build: Instructions, trader: Trader, lamports: int) -> Instruction:
    """Move lamports from the owner's wallet into the account."""
    return build.program.instruction(
        "deposit_native_sol", _native(build, trader), {"amount": lamports}
    )


def withdraw_native_sol(
    build: Instructions, trader: Trader, lamports: int, *, vault_index: int
) -> Instruction:
    """Move lamports from the account to the owner's wallet; `vault_index` is wrapped SOL's."""
    return build.program.instruction(
        "withdraw_native_sol",
        _native(build, trader),
        {"amount": lamports},
        remaining=build.risk_set(trader.holding(vault_index, -lamports)),
    )


def convert_collateral(
    build: Instructions, seller: Trader, buyer: Trader, sale: Sale, *, agreed: bool
) -> Instruction:
    """Sell collateral to another account; `agreed`: the seller's owner signs too, else forced."""
    vault = build.vault(sale.vault_index)
    accounts = {
        "buyer": buyer.owner,
        "user_account": seller.address,
        "buyer_account": buyer.address,
        "vault": build.program.addresses.vault(vault.mint),
        "oracle": vault.oracle,
    }
    if agreed:
        accounts["owner"] = seller.owner
    weighed = [] if agreed else build.risk_set(seller)
    weighed += build.risk_set(buyer.holding(sale.vault_index, sale.amount))
    arguments = {
        "amount": sale.amount,
        "min_usdc_e6": sale.usdc_e6_min,
        "max_usdc_e6": sale.usdc_e6_max,
    }
    return build.program.instruction("convert_collateral", accounts, arguments, remaining=weighed)


def tighten_vault(
    build: Instructions, authority: Pubkey, mint: Pubkey, limits: VaultLimits
) -> Instruction:
    """Take less of a collateral at once; nothing may rise."""
    return build.program.instruction(
        "tighten_vault",
        {"authority": authority, "vault": build.program.addresses.vault(mint)},
        {
            "weight_init_e6": limits.weight_init_e6,
            "deposit_cap": limits.deposit_cap,
            "outflow_floor": limits.outflow_floor,
            "outflow_share_e6": limits.outflow_share_e6,
        },
    )


def _native(build: Instructions, trader: Trader) -> dict[str, Pubkey]:
    return {
        "authority": trader.owner,
        "user_account": trader.address,
        "vault": build.program.addresses.vault(NATIVE_MINT),
    }
