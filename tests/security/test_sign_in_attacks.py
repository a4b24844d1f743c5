"""Every known way to get in without the key, or twice with one signature, is refused."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, replace

import pytest
from solders.hash import Hash
from solders.message import MessageV0, to_bytes_versioned
from solders.pubkey import Pubkey
from solders.transaction import VersionedTransaction

from quantdesk.services.begin_sign_in import LIFE_MS, SignInChallenge, begin_sign_in
from quantdesk.services.outcome import Reason, Refused
from quantdesk.services.read_session import read_session
from quantdesk.services.sign_in import SESSION_LIFE_MS, SignedIn, SignInAttempt, sign_in
from quantdesk.services.sign_out import sign_out
from quantdesk.services.wallet_key import is_signed_by, public_key
from tests.fakes.wallet import Wallet
from tests.fakes.world import World, fake_world

BROWSER = "b" * 43
OTHER_BROWSER = "c" * 43
GROUP_ORDER = 2**252 + 27742317777372353535851937790883648493
SMALL_ORDER_KEYS = [
    "0100000000000000000000000000000000000000000000000000000000000000",
    "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    "0000000000000000000000000000000000000000000000000000000000000080",
    "0000000000000000000000000000000000000000000000000000000000000000",
    "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
    "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03fa",
    "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
    "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc85",
    "0100000000000000000000000000000000000000000000000000000000000080",
    "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
]

ALICE = Wallet.named("alice")
MALLORY = Wallet.named("mallory")


@dataclass(frozen=True)
class Case:
    """A challenge for Alice, and the attempt an honest browser would make of it."""

    world: World
    challenge: SignInChallenge
    honest: SignInAttempt


@pytest.fixture
async def case() -> Case:
    world = fake_world()
    challenge = await begin_sign_in(
        world.deps, address=ALICE.address, browser_token=BROWSER, client="1.2.3.4"
    )
    assert isinstance(challenge, SignInChallenge)
    message = challenge.message.encode()
    honest = SignInAttempt(
        address=ALICE.address,
        message=message,
        signature=ALICE.sign(message),
        browser_token=BROWSER,
        client="1.2.3.4",
    )
    return Case(world, challenge, honest)


async def test_an_honest_sign_in_opens_a_session_for_seven_days(case: Case) -> None:
    signed_in = await sign_in(case.world.deps, case.honest)

    assert isinstance(signed_in, SignedIn)
    session = await read_session(case.world.deps, signed_in.token)
    assert session is not None
    assert session.user.wallet_address == ALICE.address
    case.world.clock.advance(SESSION_LIFE_MS - 1)
    assert await read_session(case.world.deps, signed_in.token) is not None
    case.world.clock.advance(1)
    assert await read_session(case.world.deps, signed_in.token) is None


async def test_the_token_itself_is_stored_nowhere(case: Case) -> None:
    signed_in = await sign_in(case.world.deps, case.honest)

    assert isinstance(signed_in, SignedIn)
    assert signed_in.token not in repr(case.world.sessions.stored)


async def test_signing_out_ends_the_session_at_once(case: Case) -> None:
    signed_in = await sign_in(case.world.deps, case.honest)
    assert isinstance(signed_in, SignedIn)

    await sign_out(case.world.deps, signed_in.token)

    assert await read_session(case.world.deps, signed_in.token) is None


def rewritten(old: str, new: str) -> Callable[[Case], SignInAttempt]:
    """Alice is tricked into signing a message that differs from the stored one in one place."""

    def attack(case: Case) -> SignInAttempt:
        assert old in case.challenge.message
        message = case.challenge.message.replace(old, new, 1).encode()
        return replace(case.honest, message=message, signature=ALICE.sign(message))

    return attack


def raw(change: Callable[[bytes], bytes]) -> Callable[[Case], SignInAttempt]:
    """Alice signs bytes made from the right ones."""

    def attack(case: Case) -> SignInAttempt:
        message = change(case.honest.message)
        return replace(case.honest, message=message, signature=ALICE.sign(message))

    return attack


def with_signature(change: Callable[[bytes], bytes]) -> Callable[[Case], SignInAttempt]:
    """The right message under a signature made from the right one."""
    return lambda case: replace(case.honest, signature=change(case.honest.signature))


def malleated(signature: bytes) -> bytes:
    s = int.from_bytes(signature[32:], "little") + GROUP_ORDER
    return signature[:32] + s.to_bytes(32, "little")


def lines(change: Callable[[list[str]], list[str]]) -> Callable[[Case], SignInAttempt]:
    """Alice signs the same lines in another arrangement."""
    return raw(lambda message: "\n".join(change(message.decode().split("\n"))).encode())


def swapped(found: list[str], one: int, other: int) -> list[str]:
    found = list(found)
    found[one], found[other] = found[other], found[one]
    return found


def by_mallory(case: Case) -> SignInAttempt:
    return replace(case.honest, signature=MALLORY.sign(case.honest.message))


def mallory_for_herself(case: Case) -> SignInAttempt:
    return replace(
        case.honest, address=MALLORY.address, signature=MALLORY.sign(case.honest.message)
    )


def mallorys_text_under_alices_name(case: Case) -> SignInAttempt:
    message = case.challenge.message.replace(ALICE.address, MALLORY.address).encode()
    return replace(case.honest, message=message, signature=ALICE.sign(message))


def a_transaction(case: Case) -> SignInAttempt:
    compiled = MessageV0.try_compile(ALICE.key.pubkey(), [], [], Hash.default())
    message = to_bytes_versioned(compiled)
    return replace(case.honest, message=message, signature=ALICE.sign(message))


def a_whole_transaction(case: Case) -> SignInAttempt:
    compiled = MessageV0.try_compile(ALICE.key.pubkey(), [], [], Hash.default())
    message = bytes(VersionedTransaction(compiled, [ALICE.key]))
    return replace(case.honest, message=message, signature=ALICE.sign(message))


def ledger_envelope(version: int) -> Callable[[Case], SignInAttempt]:
    return raw(lambda text: b"\xffsolana offchain" + bytes([version, 0]) + text)


ATTACKS: dict[str, Callable[[Case], SignInAttempt]] = {
    "another domain": rewritten("127.0.0.1:18000 wants", "evil.example wants"),
    "another port": rewritten("127.0.0.1:18000 wants", "127.0.0.1:18001 wants"),
    "no port": rewritten("127.0.0.1:18000 wants", "127.0.0.1 wants"),
    "a trailing dot in the domain": rewritten("127.0.0.1:18000 wants", "127.0.0.1.:18000 wants"),
    "userinfo in the domain": rewritten("127.0.0.1:18000 wants", "a@127.0.0.1:18000 wants"),
    "a homograph domain": rewritten("127.0.0.1:18000 wants", "quаntdesk.example wants"),
    "an upper-case domain": rewritten("127.0.0.1:18000 wants", "QUANTDESK.example wants"),
    "a scheme in the domain": rewritten("127.0.0.1:18000 wants", "http://127.0.0.1:18000 wants"),
    "another account in the text": rewritten(ALICE.address, MALLORY.address),
    "a missing account": rewritten(ALICE.address, ""),
    "an account with a leading one": rewritten(ALICE.address, "1" + ALICE.address[1:]),
    "another statement": rewritten("moves no funds", "moves all funds"),
    "fields hidden in the statement": rewritten("no funds.", "no funds.\nURI: http://evil"),
    "a carriage return in the statement": rewritten("no funds.", "no funds.\r"),
    "a line separator in the statement": rewritten("no funds.", "no funds.\u2028"),
    "a NUL in the statement": rewritten("no funds.", "no funds.\0"),
    "right-to-left marks in the statement": rewritten("no funds.", "no funds.\u202e"),
    "no statement": rewritten("Sign in to QuantDesk. This costs nothing and moves no funds.", ""),
    "another URI": rewritten("URI: http://127.0.0.1:18000", "URI: http://evil.example"),
    "a URI over TLS": rewritten("URI: http://", "URI: https://"),
    "a URI with a path": rewritten("URI: http://127.0.0.1:18000", "URI: http://127.0.0.1:18000/x"),
    "a script URI": rewritten("URI: http://127.0.0.1:18000", "URI: javascript:alert(1)"),
    "version 2": rewritten("Version: 1", "Version: 2"),
    "an empty version": rewritten("Version: 1", "Version: "),
    "another chain": rewritten("Chain ID: localnet", "Chain ID: mainnet"),
    "an unknown chain": rewritten("Chain ID: localnet", "Chain ID: moonnet"),
    "a missing chain": rewritten("Chain ID: localnet\n", ""),
    "another nonce": rewritten("Nonce: ", "Nonce: 00"),
    "a short nonce": raw(lambda text: text.replace(text.split(b"Nonce: ")[1][:40], b"abc")),
    "an empty nonce": raw(lambda text: text.replace(text.split(b"Nonce: ")[1][:40], b"")),
    "a later expiry": rewritten("Expiration Time: 2026", "Expiration Time: 2036"),
    "an earlier issue": rewritten("Issued At: 2026", "Issued At: 2025"),
    "a time with an offset": rewritten("Z\nExpiration", "+00:00\nExpiration"),
    "no expiry": lines(lambda found: found[:-1]),
    "a not-before field": lines(lambda found: [*found, "Not Before: 2026-01-01T00:00:00.000Z"]),
    "a request id": lines(lambda found: [*found, "Request ID: 1"]),
    "empty resources": lines(lambda found: [*found, "Resources:"]),
    "a resource": lines(lambda found: [*found, "Resources:", "- http://evil.example"]),
    "fields in another order": lines(lambda found: swapped(found, 5, 6)),
    "nonce and chain exchanged": lines(lambda found: swapped(found, 7, 8)),
    "a field twice": lines(lambda found: [*found[:9], found[8], *found[9:]]),
    "no blank lines": lines(lambda found: [line for line in found if line]),
    "CRLF line ends": raw(lambda text: text.replace(b"\n", b"\r\n")),
    "a line end at the end": raw(lambda text: text + b"\n"),
    "a space at the end": raw(lambda text: text + b" "),
    "a leading space": raw(lambda text: b" " + text),
    "a byte order mark": raw(lambda text: b"\xef\xbb\xbf" + text),
    "bytes that are no UTF-8": raw(lambda text: text + b"\xff\xfe"),
    "twenty kilobytes": raw(lambda text: text + b"a" * 20_000),
    "nothing at all": raw(lambda _: b""),
    "only the header": raw(lambda text: text.split(b"\n")[0]),
    "the text twice": raw(lambda text: text + text),
    "a message for a transaction": a_transaction,
    "a whole transaction": a_whole_transaction,
    "an off-chain envelope of version 0": ledger_envelope(0),
    "an off-chain envelope of version 1": ledger_envelope(1),
    "Mallory's signature": by_mallory,
    "Mallory as herself over Alice's text": mallory_for_herself,
    "Mallory's name under Alice's key": mallorys_text_under_alices_name,
    "a zero signature": with_signature(lambda _: bytes(64)),
    "a signature of 63 bytes": with_signature(lambda found: found[:63]),
    "a signature of 65 bytes": with_signature(lambda found: found + b"\0"),
    "no signature": with_signature(lambda _: b""),
    "one flipped bit in R": with_signature(lambda found: bytes([found[0] ^ 1]) + found[1:]),
    "one flipped bit in S": with_signature(lambda found: found[:63] + bytes([found[63] ^ 1])),
    "S plus the group order": with_signature(malleated),
    "R and S exchanged": with_signature(lambda found: found[32:] + found[:32]),
    "base58 text as signature": with_signature(lambda found: found.hex().encode()[:64]),
    "another browser": lambda case: replace(case.honest, browser_token=OTHER_BROWSER),
    "no browser cookie": lambda case: replace(case.honest, browser_token=""),
}


@pytest.mark.parametrize("name", ATTACKS)
async def test_the_attack_is_refused_and_opens_nothing(case: Case, name: str) -> None:
    outcome = await sign_in(case.world.deps, ATTACKS[name](case))

    assert isinstance(outcome, Refused), name
    assert outcome.message.endswith("; sign in again")
    assert not case.world.sessions.stored
    assert not case.world.users.stored


def test_there_are_at_least_sixty_attacks() -> None:
    assert len(ATTACKS) >= 60


@pytest.mark.parametrize("key", SMALL_ORDER_KEYS)
async def test_a_key_that_anyone_can_sign_for_is_no_wallet(key: str) -> None:
    address = str(Pubkey.from_bytes(bytes.fromhex(key)))
    world = fake_world()

    outcome = await begin_sign_in(
        world.deps, address=address, browser_token=BROWSER, client="1.2.3.4"
    )

    assert isinstance(outcome, Refused)
    assert outcome.code is Reason.SIGN_IN_ADDRESS
    forged = bytes.fromhex(key) + bytes(32)
    assert not is_signed_by(bytes.fromhex(key), b"hello", forged)


@pytest.mark.parametrize(
    "address",
    [
        str(Pubkey.find_program_address([b"pool"], Pubkey.default())[0]),
        "1" + ALICE.address,
        ALICE.address[:-1],
        ALICE.address + "1",
        ALICE.address.replace(ALICE.address[3], "0"),
        ALICE.address + "\n",
        " " + ALICE.address,
        ALICE.key.pubkey().__bytes__().hex(),
        "",
    ],
)
def test_text_that_is_no_wallet_has_no_key(address: str) -> None:
    assert public_key(address) is None


async def test_a_message_works_once(case: Case) -> None:
    assert isinstance(await sign_in(case.world.deps, case.honest), SignedIn)

    again = await sign_in(case.world.deps, case.honest)

    assert isinstance(again, Refused)
    assert again.code is Reason.SIGN_IN_NONCE


async def test_a_failed_try_uses_the_message_up(case: Case) -> None:
    assert isinstance(await sign_in(case.world.deps, by_mallory(case)), Refused)

    assert isinstance(await sign_in(case.world.deps, case.honest), Refused)


async def test_a_message_is_good_until_its_last_millisecond_and_no_longer(case: Case) -> None:
    case.world.clock.advance(LIFE_MS - 1)
    assert isinstance(await sign_in(case.world.deps, case.honest), SignedIn)

    late = fake_world()
    challenge = await begin_sign_in(
        late.deps, address=ALICE.address, browser_token=BROWSER, client="1.2.3.4"
    )
    assert isinstance(challenge, SignInChallenge)
    message = challenge.message.encode()
    late.clock.advance(LIFE_MS)
    attempt = replace(case.honest, message=message, signature=ALICE.sign(message))
    assert isinstance(await sign_in(late.deps, attempt), Refused)


async def test_a_message_from_the_future_is_refused(case: Case) -> None:
    case.world.clock.advance(-1)

    assert isinstance(await sign_in(case.world.deps, case.honest), Refused)


async def test_a_hundred_tries_at_once_open_one_session(case: Case) -> None:
    attempts = [
        sign_in(case.world.deps, replace(case.honest, client=f"10.0.0.{number}"))
        for number in range(100)
    ]

    outcomes = await asyncio.gather(*attempts)

    assert sum(isinstance(outcome, SignedIn) for outcome in outcomes) == 1


async def test_too_many_tries_from_one_place_are_slowed_down() -> None:
    world = fake_world()
    outcomes = [
        await begin_sign_in(
            world.deps, address=ALICE.address, browser_token=BROWSER, client="1.2.3.4"
        )
        for _ in range(61)
    ]

    assert [isinstance(each, SignInChallenge) for each in outcomes] == [True] * 60 + [False]
    last = outcomes[-1]
    assert isinstance(last, Refused)
    assert last.code is Reason.RATE_LIMITED
    assert last.retry_after_ms > 0


@pytest.mark.parametrize("token", [None, "", "x", "a" * 42, "a" * 44, "ä" * 43, "a" * 42 + "\n"])
async def test_a_token_of_the_wrong_form_is_nobody(token: str | None) -> None:
    assert await read_session(fake_world().deps, token) is None
