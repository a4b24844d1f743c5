"""What each instruction costs: every good case of the negative matrix, and each at its fullest.

python -m tests.program.compute       writes compute_units.json; say in the commit why it grew
"""

import json
from pathlib import Path

from solders.compute_budget import set_compute_unit_limit
from solders.message import MessageV0
from solders.signature import Signature
from solders.transaction import VersionedTransaction
from solders.transaction_metadata import FailedTransactionMetadata

from tests.program.crowd import FULLEST, UNITS_MAX, VALUED, Build, Crowd, Mix, convert
from tests.program.good_cases import good_cases
from tests.program.matrix.registry import Case

TABLE = Path(__file__).parent / "compute_units.json"


def table() -> dict[str, int]:
    """Compute units by case, as checked in."""
    found: dict[str, int] = json.loads(TABLE.read_text())
    return found


def measured() -> dict[str, int]:
    """Compute units by case, spent now."""
    usual = {name: spent(case) for name, case in good_cases().items()}
    full = {
        f"{each.__name__} ({markets} markets, {tokens} tokens)": spent_by_crowd(each, mix)
        for mix in Mix
        for each in FULLEST
        for markets, tokens in [mix.value]
    }
    sale = {"convert_collateral (4 markets, 6 tokens)": spent_by_crowd(convert, Mix.BOTH)}
    pool = {f"{each.__name__} (8 markets)": spent_by_crowd(each, Mix.MARKETS) for each in VALUED}
    return dict(sorted((usual | full | sale | pool).items()))


def spent(case: Case) -> int:
    """Units of one good case, alone in its transaction."""
    stage, instruction = case.staged()
    stage.svm.expire_blockhash()
    budget = set_compute_unit_limit(UNITS_MAX)
    message = MessageV0.try_compile(
        stage.faucet, [budget, instruction], [], stage.svm.latest_blockhash()
    )
    signers = [Signature.default()] * message.header.num_required_signatures
    result = stage.svm.send_transaction(VersionedTransaction.populate(message, signers))
    assert not isinstance(result, FailedTransactionMetadata), f"{case.name}: {result.err()}"
    return int(result.compute_units_consumed())


def spent_by_crowd(build: Build, mix: Mix) -> int:
    """Units of an instruction in the fullest exchange."""
    crowd = Crowd(mix)
    result = crowd.spent(build(crowd), crowd.faucet)
    assert not isinstance(result, FailedTransactionMetadata), f"{build.__name__}: {result.err()}"
    return int(result.compute_units_consumed())


if __name__ == "__main__":
    TABLE.write_text(json.dumps(measured(), indent=1) + "\n")
