"""What went wrong with a transaction, in the program's words."""

from dataclasses import dataclass
from typing import Any

from quantdesk.adapters.chain.framework_errors import ANCHOR, OTHERS
from quantdesk.adapters.chain.program import Program

_RUNTIME = {
    "AlreadyProcessed": "This transaction has already been processed",
    "BlockhashNotFound": "The transaction's blockhash has expired; prepare it again",
    "InsufficientFundsForFee": "The wallet cannot pay the network fee; add SOL",
    "AccountNotFound": "The wallet holds no SOL for the network fee; add SOL",
    "InsufficientFundsForRent": "The wallet cannot pay the rent of a new account; add SOL",
}
_LOW_FUNDS = "An account holds too little SOL, or too few tokens, for what it must pay"


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
    refuser = _refuser(code, logs or [])
    if refuser is not None and refuser != str(program.id):
        return Failure(code=f"Custom{code}", message=_of_another(code, refuser))
    known = program.error(code)
    if known is not None:
        return Failure(code=known.name, message=known.message)
    if code in ANCHOR:
        name, message = ANCHOR[code]
        return Failure(code=name, message=message)
    # Neither our program nor Anchor has codes this low: only what they called can have said it.
    message = _LOW_FUNDS if code == 1 else f"The program refused it, code {code}"
    return Failure(code=f"Custom{code}", message=message)


def _of_another(code: int, refuser: str) -> str:
    words = next((each for key, each in OTHERS.items() if str(key) == refuser), {})
    return words.get(code, f"Another program ({refuser}) refused it, code {code}")


def _refuser(code: int, logs: list[str]) -> str | None:
    """The innermost program that failed is the one whose code this is."""
    ending = f" failed: custom program error: {code:#x}"
    failed = (line.split(" ")[1] for line in logs if line.endswith(ending))
    return next(failed, None)
