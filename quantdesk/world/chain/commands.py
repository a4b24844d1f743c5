"""The command groups `quantdesk program` and `quantdesk chain`; work is imported when asked for."""

from pathlib import Path
from typing import Annotated

import typer

program_commands = typer.Typer(
    no_args_is_help=True, help="Deploys the on-chain program and opens its exchange, anywhere."
)
chain_commands = typer.Typer(
    no_args_is_help=True, help="Looks at a Solana cluster through the program's own words."
)

Url = Annotated[
    str | None,
    typer.Option(
        "--url",
        help="localhost, devnet, testnet, mainnet or an address; default: SOLANA_RPC_URLS,"
        " else the running world.",
    ),
]
ProgramId = Annotated[
    str | None, typer.Option("--program", help="Program address; default: QD_PROGRAM_ID.")
]
AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON line.")]


@program_commands.command("deploy")
def program_deploy(
    url: Url = None,
    program: Annotated[
        str | None, typer.Option("--program", help="Upgrade this program; no key of its needed.")
    ] = None,
    program_key: Annotated[
        Path | None, typer.Option(help="Key of a new program; default: keys/program.json, made.")
    ] = None,
    payer: Annotated[Path | None, typer.Option(help="Who pays; default: keys/admin.json.")] = None,
    authority: Annotated[
        Path | None, typer.Option(help="Who may upgrade it; default: the payer.")
    ] = None,
    unit_price: Annotated[
        int,
        typer.Option(min=0, max=2**64 - 1, help="Priority fee in micro-lamports per compute unit."),
    ] = 0,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Say what it would do and cost; send nothing.")
    ] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Needed on mainnet.")] = False,
    as_json: AsJson = False,
) -> None:
    """Deploy or upgrade the program; run it again to finish a deployment that broke off.

    The binary's declared address is replaced by the one it is deployed at. `quantdesk chain verify`
    compares what is on chain with this release, byte for byte.
    """
    from quantdesk.world.chain.program_verbs import DeployWish, deploy

    wish = DeployWish(
        url=url,
        program=program,
        program_key=program_key,
        payer=payer,
        authority=authority,
        unit_price=unit_price,
        is_dry_run=dry_run,
        is_confirmed=yes,
        as_json=as_json,
    )
    raise typer.Exit(deploy(wish))


@program_commands.command("initialize")
def program_initialize(
    url: Url = None,
    program: ProgramId = None,
    usdc_mint: Annotated[
        str | None,
        typer.Option(help="An existing USDC mint; default: a test USDC and test funds are made."),
    ] = None,
    guardian: Annotated[
        str | None,
        typer.Option(
            metavar="PUBKEY",
            help="Who may pause and veto; default: a key of its own, with --usdc-mint the admin.",
        ),
    ] = None,
    seed_usdc: Annotated[
        int,
        typer.Option(
            min=0,
            max=10**12,
            help="Whole USDC of the admin for pool and insurance; with --usdc-mint.",
        ),
    ] = 0,
    as_json: AsJson = False,
) -> None:
    """Open the exchange: security, USDC vault, three markets, pool, insurance, keeper.

    Signed by QD_HOME/keys/admin.json, which must be the program's upgrade authority. Each step
    looks before it acts, so a run that broke off is finished by running it again.
    """
    from quantdesk.world.chain.program_verbs import OpenWish, initialize

    wish = OpenWish(
        url=url,
        program=program,
        usdc_mint=usdc_mint,
        guardian=guardian,
        seed_usdc=seed_usdc,
        as_json=as_json,
    )
    raise typer.Exit(initialize(wish))


@chain_commands.command("airdrop")
def chain_airdrop(
    sol: Annotated[float, typer.Argument(min=0.000000001, help="How much, in SOL.")],
    to: Annotated[
        str, typer.Option("--to", help="An address, or a key of this machine: admin, keeper, …")
    ] = "admin",
    url: Url = None,
    as_json: AsJson = False,
) -> None:
    """Ask a development cluster for test SOL and wait until it is confirmed."""
    from quantdesk.world.chain.chain_verbs import airdrop
    from quantdesk.world.chain.cluster import on_cluster

    raise typer.Exit(on_cluster(lambda at: airdrop(at, sol, to, as_json=as_json), url=url))


@chain_commands.command("accounts")
def chain_accounts(
    kind: Annotated[
        str | None,
        typer.Argument(help="Market, UserAccount, Position, …; absent: a count of each."),
    ] = None,
    url: Url = None,
    program: ProgramId = None,
    as_json: AsJson = False,
) -> None:
    """List the program's accounts, decoded."""
    from quantdesk.world.chain.chain_verbs import accounts
    from quantdesk.world.chain.cluster import on_cluster

    raise typer.Exit(
        on_cluster(lambda at: accounts(at, kind, as_json=as_json), url=url, program=program)
    )


@chain_commands.command("market")
def chain_market(
    name: Annotated[str, typer.Argument(help="Symbol such as SOL-PERP, or index.")],
    url: Url = None,
    program: ProgramId = None,
    as_json: AsJson = False,
) -> None:
    """Show one market with every parameter."""
    from quantdesk.world.chain.chain_verbs import market
    from quantdesk.world.chain.cluster import on_cluster

    raise typer.Exit(
        on_cluster(lambda at: market(at, name, as_json=as_json), url=url, program=program)
    )


@chain_commands.command("position")
def chain_position(
    owner: Annotated[str, typer.Argument(help="Wallet address.")],
    sub_account: Annotated[int, typer.Option("--sub", min=0, max=65_535)] = 0,
    url: Url = None,
    program: ProgramId = None,
    as_json: AsJson = False,
) -> None:
    """Show a wallet's user account and every position in it."""
    from quantdesk.world.chain.chain_verbs import position
    from quantdesk.world.chain.cluster import on_cluster

    raise typer.Exit(
        on_cluster(
            lambda at: position(at, owner, sub_account, as_json=as_json), url=url, program=program
        )
    )


@chain_commands.command("decode")
def chain_decode(
    text: Annotated[
        str, typer.Argument(help="An address, a signature, or a transaction in base64.")
    ],
    url: Url = None,
    program: ProgramId = None,
    as_json: AsJson = False,
) -> None:
    """Say in the program's words what an account holds or a transaction does and did."""
    from quantdesk.world.chain.cluster import on_cluster
    from quantdesk.world.chain.decoding import decode

    raise typer.Exit(
        on_cluster(lambda at: decode(at, text, as_json=as_json), url=url, program=program)
    )


@chain_commands.command("verify")
def chain_verify(url: Url = None, program: ProgramId = None, as_json: AsJson = False) -> None:
    """Check that the deployed bytes are this release's and every vault's books fit its tokens."""
    from quantdesk.world.chain.cluster import on_cluster
    from quantdesk.world.chain.verification import verify

    raise typer.Exit(on_cluster(lambda at: verify(at, as_json=as_json), url=url, program=program))


@program_commands.command("idl")
def program_idl(
    program: ProgramId = None,
    legacy: Annotated[
        bool, typer.Option("--legacy", help="The format from before Anchor 0.30 (anchorpy 0.21).")
    ] = False,
) -> None:
    """Print the program's interface description as JSON."""
    from quantdesk.world.chain.program_verbs import print_idl

    raise typer.Exit(print_idl(program=program, is_legacy=legacy))
