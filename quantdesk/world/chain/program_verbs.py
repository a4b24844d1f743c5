"""`quantdesk program deploy` and `initialize`, on any cluster."""

from __future__ import annotations

import json
import os
from dataclasses import asdict, dataclass
from pathlib import Path

from solders.keypair import Keypair
from solders.pubkey import Pubkey

from quantdesk.adapters.chain.legacy_idl import legacy_idl
from quantdesk.adapters.chain.loader import bound_to
from quantdesk.adapters.chain.program import IDL_FILE, load_program
from quantdesk.adapters.oracle.feeds import FEEDS
from quantdesk.domain.market import DEFAULT_MARKETS
from quantdesk.settings import PROJECT, Settings, SettingsError
from quantdesk.world.chain.cluster import (
    MAINNET_GENESIS,
    Cluster,
    CommandFailed,
    address_of,
    key_of,
    on_cluster,
    program_address,
    progress,
    refused,
    tell,
)
from quantdesk.world.chain.deployment import DeployKeys, Deployment, DeployPlan
from quantdesk.world.chain.genesis import ExchangeConfig, initialize_exchange
from quantdesk.world.chain.keys import WorldKeys, ensure_keys
from quantdesk.world.chain.opening import require_openable

ARTIFACT = PROJECT / "programs" / "artifacts" / "quantdesk.so"
FINAL = "{program} is final: nobody may replace it."
WARNING = (
    "WARNING: {authority} may replace this program at any time, and so take every balance in it."
    "\n  Before real money arrives: give the authority to a multisig with a timelock"
    "\n  (solana program set-upgrade-authority {program} --new-upgrade-authority MULTISIG)"
    " or make the program final."
)

NO_GUARDIAN = (
    "WARNING: the admin {admin} is its own guardian, so one stolen key is enough."
    "\n  Advised: an independent guardian, by --guardian PUBKEY before the exchange is opened,"
    "\n  or by a proposed change of the roles afterwards."
)


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenWish:
    """What the command line asks for; without a mint a test USDC is made."""

    url: str | None
    program: str | None
    usdc_mint: str | None
    guardian: str | None
    seed_usdc: int
    as_json: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class DeployWish:
    """What the command line asks for; a missing key file means the usual one in QD_HOME/keys."""

    url: str | None
    program: str | None
    program_key: Path | None
    payer: Path | None
    authority: Path | None
    unit_price: int
    is_dry_run: bool
    is_confirmed: bool
    as_json: bool


def deploy(wish: DeployWish) -> int:
    """Bring the built program on chain; the exit status."""

    async def work(cluster: Cluster) -> None:
        say = progress(as_json=wish.as_json)
        keys = _deploy_keys(cluster, wish)
        binary = program_binary(keys.program)
        deployment = Deployment(cluster.rpc, keys, binary, unit_price=wish.unit_price, say=say)
        plan = await deployment.plan()
        report = _report(keys, plan, binary)
        if wish.is_dry_run or plan.is_done:
            tell({**report, "changed": False}, as_json=wish.as_json)
            problem = deployment.refusal(plan)
            say(_rehearsed(plan, problem))
            say(_warning(keys, plan))
            if problem:
                raise CommandFailed(problem)
            return
        if await cluster.rpc.genesis_hash() == MAINNET_GENESIS and not wish.is_confirmed:
            raise CommandFailed("this is mainnet; look at --dry-run, then repeat it with --yes")
        changed = await deployment.run()
        tell({**report, "changed": changed}, as_json=wish.as_json)
        say(_warning(keys, plan))
        say(f"next: QD_PROGRAM_ID={keys.program} quantdesk program initialize")

    return on_cluster(work, url=wish.url)


def initialize(wish: OpenWish) -> int:
    """Open the exchange of a deployed program; the exit status."""

    async def work(cluster: Cluster) -> None:
        keys = ensure_keys(cluster.keys_dir)
        await require_openable(cluster, keys, usdc_mint=wish.usdc_mint, seed_usdc=wish.seed_usdc)
        config = _config(wish, keys)
        await initialize_exchange(cluster.rpc, cluster.program, keys, config)
        roles = await _roles(cluster)
        found = {
            "QD_PROGRAM_ID": str(cluster.program.id),
            "QD_USDC_MINT": str(config.usdc_mint or keys.usdc_mint.pubkey()),
            **roles,
            "markets": [market.symbol for market in config.markets],
        }
        tell(dict(found), as_json=wish.as_json)
        if roles["guardian"] == roles["admin"]:
            progress(as_json=wish.as_json)(NO_GUARDIAN.format(admin=roles["admin"]))

    return on_cluster(work, url=wish.url, program=wish.program)


def print_idl(*, program: str | None, is_legacy: bool) -> int:
    """The IDL on standard output, bound to the program's address."""
    try:
        address = program_address(program, Settings.from_env())
    except (CommandFailed, SettingsError) as problem:
        return refused(problem)
    idl = json.loads(IDL_FILE.read_text()) | {"address": str(address)}
    print(json.dumps(legacy_idl(idl) if is_legacy else idl))
    return 0


def program_binary(address: Pubkey) -> bytes:
    """This release's binary, bound to the address it is to run at."""
    if not ARTIFACT.exists():
        raise CommandFailed(f"{ARTIFACT} is missing; build it with `make program`")
    return bound_to(ARTIFACT.read_bytes(), load_program().id, address)


def _rehearsed(plan: DeployPlan, problem: str | None) -> str:
    if plan.is_done:
        return "this binary is deployed already: nothing to do"
    would = "it would be refused" if problem else "it would be"
    return f"dry run: nothing was sent; without --dry-run {would}"


def _warning(keys: DeployKeys, plan: DeployPlan) -> str:
    authority = _authority(keys, plan)
    if authority is None:
        return FINAL.format(program=keys.program)
    return WARNING.format(authority=authority, program=keys.program)


def _authority(keys: DeployKeys, plan: DeployPlan) -> Pubkey | None:
    """Who may replace the program: as the chain says, or as a first deployment will."""
    return plan.authority if plan.is_upgrade else keys.authority.pubkey()


def _config(wish: OpenWish, keys: WorldKeys) -> ExchangeConfig:
    """With an existing mint the cluster is a real one, and its guardian is named or the admin."""
    markets = tuple(DEFAULT_MARKETS.values())
    feed_ids = {feed.symbol: bytes.fromhex(feed.feed_id) for feed in FEEDS}
    named = address_of(wish.guardian) if wish.guardian else None
    if wish.usdc_mint is None:
        return ExchangeConfig(markets=markets, feed_ids=feed_ids, guardian=named)
    return ExchangeConfig(
        markets=markets,
        feed_ids=feed_ids,
        guardian=named or keys.admin.pubkey(),
        usdc_mint=address_of(wish.usdc_mint),
        **_seeds(wish.seed_usdc),
    )


async def _roles(cluster: Cluster) -> dict[str, Pubkey]:
    """Who holds which role on chain, which an earlier run may have decided."""
    account = await cluster.rpc.account(cluster.program.addresses.security)
    if account is None:
        raise CommandFailed("the exchange was opened, but the node does not show it yet")
    fields = cluster.program.decode("Security", account.data)
    return {role: fields[role] for role in ("admin", "guardian", "keeper")}


def _seeds(usdc: int) -> dict[str, int]:
    """One part insurance to twenty parts pool, as on the local chain."""
    insurance = usdc * 10**6 // 21
    return {"pool_usdc_e6": usdc * 10**6 - insurance, "insurance_usdc_e6": insurance}


def _deploy_keys(cluster: Cluster, wish: DeployWish) -> DeployKeys:
    folder = cluster.keys_dir
    payer = key_of(wish.payer) if wish.payer else ensure_keys(folder).admin
    authority = key_of(wish.authority) if wish.authority else payer
    if wish.program is not None:
        program, program_key = address_of(wish.program), None
    else:
        file = wish.program_key or _made(folder / "program.json")
        program_key = key_of(file)
        program = program_key.pubkey()
    buffer_file = _made(folder / f"buffer-{str(program)[:8]}.json")
    return DeployKeys(
        payer=payer,
        authority=authority,
        program=program,
        program_key=program_key,
        buffer=key_of(buffer_file),
        buffer_file=buffer_file,
    )


def _made(file: Path) -> Path:
    """The key file, made when it is missing; only its owner may read it."""
    if not file.exists():
        file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        handle = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "w") as written:
            json.dump(list(bytes(Keypair())), written)
    return file


def _report(keys: DeployKeys, plan: DeployPlan, binary: bytes) -> dict[str, object]:
    cost = plan.locked_lamports + plan.fee_lamports
    return {
        "program": keys.program,
        "payer": keys.payer.pubkey(),
        "upgrade_authority": _authority(keys, plan) or "none: final",
        "binary_bytes": len(binary),
        **asdict(plan),
        "cost_lamports": cost,
        "is_affordable": plan.is_affordable,
    }
