"""Events: only what our own program said, however cleverly others imitate it."""

import base64

import pytest
from solders.pubkey import Pubkey

from quantdesk.adapters.chain.logs import LogsTruncated
from quantdesk.adapters.chain.program import load_program

PROGRAM = load_program()
OURS = str(PROGRAM.id)
THIEF = str(Pubkey.from_bytes(bytes(range(32))))
SEEDED = base64.b64encode(
    bytes(next(found for found, name in PROGRAM._events.items() if name == "InsuranceSeeded"))
    + (1).to_bytes(8, "little")
    + (1_700_000_000).to_bytes(8, "little")
    + (50).to_bytes(8, "little")
    + (60).to_bytes(8, "little")
).decode()
DATA = f"Program data: {SEEDED}"
LIQUIDATED_0_2_0 = (
    "5zk3SwCq9kQBAAAAAAAAAAIAAAAAAAAAAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgIEAAUAAAAA"
    "AAAABgAAAAAAAAAHAAAAAAAAAAgAAAAAAAAACQAAAAAAAAAKAAAAAAAAAAsAAAAAAAAADAAAAAAAAAANAAAA"
    "AAAAAA4AAAAAAAAADwAAAAAAAAAQAAAAAAAAABEAAAAAAAAAEgAAAAAAAAATAAAAAAAAABQAAAAAAAAAFQAA"
    "AAAAAAAWAAAAAAAAABcAAAAAAAAAFxcXFxcXFxcXFxcXFxcXFxcXFxcXFxcXFxcXFxcXFxcYGBgYGBgYGBgY"
    "GBgYGBgYGBgYGBgYGBgYGBgYGBgYGA=="
)
"""As release 0.2.0 wrote it: the fields count up from 1, a key of 23s and one of 24s."""


def test_an_event_of_ours_is_read_with_its_line() -> None:
    logs = [
        "Program ComputeBudget111111111111111111111111111111 invoke [1]",
        "Program ComputeBudget111111111111111111111111111111 success",
        f"Program {OURS} invoke [1]",
        "Program log: Instruction: SeedInsurance",
        "Program TokenkegQfeZyiNwAJbNbGKPFXCWuBvf9Ss623VQ5DA invoke [2]",
        "Program TokenkegQfeZyiNwAJbNbGKPFXCWuBvf9Ss623VQ5DA success",
        DATA,
        f"Program {OURS} consumed 3 of 200000 compute units",
        f"Program {OURS} success",
    ]

    (event,) = PROGRAM.events(logs)

    assert event.name == "InsuranceSeeded"
    assert event.log_index == 6
    assert event.fields == {"sequence": 1, "at": 1_700_000_000, "amount": 50, "balance_after": 60}


@pytest.mark.parametrize(
    "logs",
    [
        pytest.param([f"Program {THIEF} invoke [1]", DATA, f"Program {THIEF} success"], id="alone"),
        pytest.param(
            [
                f"Program {THIEF} invoke [1]",
                f"Program {OURS} invoke [2]",
                f"Program {OURS} success",
                DATA,
                f"Program {THIEF} success",
            ],
            id="after calling ours",
        ),
        pytest.param(
            [
                f"Program {OURS} invoke [1]",
                f"Program {THIEF} invoke [2]",
                DATA,
                f"Program {THIEF} success",
                f"Program {OURS} success",
            ],
            id="called by ours",
        ),
        pytest.param(
            [
                f"Program {THIEF} invoke [1]",
                f"Program log: Program {OURS} invoke [2]",
                DATA,
                f"Program {THIEF} success",
            ],
            id="printing our invocation",
        ),
        pytest.param(
            [
                f"Program {THIEF} invoke [1]",
                f"Program log: x\nProgram {OURS} invoke [2]",
                DATA,
                f"Program {THIEF} success",
            ],
            id="printing it on a second line",
        ),
        pytest.param(
            [
                f"Program {THIEF} invoke [1]",
                f"Program {OURS} invoke [2]",
                f"Program {THIEF} invoke [2]",
                f"Program {THIEF} success",
                DATA,
            ],
            id="in the place of ours whose end is missing",
        ),
        pytest.param([DATA], id="outside of any program"),
        pytest.param(
            [f"Program {OURS} invoke [1]", f"Program {OURS} failed: x", DATA], id="after our end"
        ),
    ],
)
def test_an_imitated_event_is_ignored(logs: list[str]) -> None:
    assert PROGRAM.events(logs) == []


def test_cut_logs_are_reported_rather_than_half_read() -> None:
    with pytest.raises(LogsTruncated):
        PROGRAM.events([f"Program {OURS} invoke [1]", DATA, "Log truncated"])


def test_an_event_of_an_older_release_lacks_the_fields_added_since_and_they_are_zero() -> None:
    logs = [
        f"Program {OURS} invoke [1]",
        f"Program data: {LIQUIDATED_0_2_0}",
        f"Program {OURS} success",
    ]

    (event,) = PROGRAM.events(logs)

    assert event.name == "Liquidated"
    assert (event.fields["sequence"], event.fields["penalty_e6"]) == (1, 11)
    assert event.fields["liquidator_account"] == Pubkey.from_bytes(bytes([24] * 32))
    assert event.fields["impact_e6"] == 0
