"""What went wrong with a transaction, in the program's words."""

from dataclasses import dataclass
from typing import Any

from quantdesk.adapters.chain.program import Program

_ANCHOR = {
    2001: ("ConstraintHasOne", "An account does not belong to the account that must own it"),
    2006: ("ConstraintSeeds", "An account is not at the address the program expects"),
    3007: ("AccountOwnedByWrongProgram", "An account belongs to another program"),
    3012: ("AccountNotInitialized", "An account that the instruction needs does not exist"),
}
_RUNTIME = {
    "AlreadyProcessed": "This transaction has already been processed",
    "BlockhashNotFound": "The transaction's blockhash has expired; prepare it again",
    "InsufficientFundsForFee": "The wallet cannot pay the network fee; add SOL",
    "AccountNotFound": "The wallet holds no SOL for the network fee; add SOL",
    "InsufficientFundsForRent": "The wallet cannot pay the rent of a new account; add SOL",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """A stable code and a sentence."""

    code: str
    message: str


def failure_of(err: Any, program: Program, logs: list[str] | None = None) -> Failure | None:
    """The failure in a JSON `err` value; None for success. `logs` tell whose custom code it is."""
    if err is None:
        return None
    if isinstance(err, str):
        return Failure(code=err, message=_RUNTIME.get(err, f"The network refused it: {err}"))
    if isinstance(err, dict) and "InstructionError" in err:
        index, reason = err["InstructionError"]
        if isinstance(reason, dict) and "Custom" in reason:
            return _custom(int(reason["Custom"]), program, logs)
        return Failure(code=str(reason), message=f"Instruction {index} failed: {reason}")
    ((name, _),) = err.items() if isinstance(err, dict) and len(err) == 1 else (("Unknown", err),)
    return Failure(code=name, message=_RUNTIME.get(name, f"The network refused it: {err}"))


def _custom(code: int, program: Program, logs: list[str] | None) -> Failure:
    if logs is not None and not _is_ours(code, program, logs):
        return Failure(code=f"Custom{code}", message=f"Another program refused it, code {code}")
    known = program.error(code)
    if known is not None:
        return Failure(code=known.name, message=known.message)
    name, message = _ANCHOR.get(code, (f"Custom{code}", f"The program refused it, code {code}"))
    return Failure(code=name, message=message)


def _is_ours(code: int, program: Program, logs: list[str]) -> bool:
    """The innermost program that failed is the one whose code this is."""
    ending = f" failed: custom program error: {code:#x}"
    failed = [line.split(" ")[1] for line in logs if line.endswith(ending)]
    return not failed or failed[0] == str(program.id)
