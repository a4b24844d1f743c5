"""Failures in words: ours, Anchor's, and those of the programs that ours calls."""

import re

import pytest

from quantdesk.adapters.chain.addresses import SYSTEM_PROGRAM, TOKEN_PROGRAM
from quantdesk.adapters.chain.failures import Failure, failure_of
from quantdesk.adapters.chain.framework_errors import ANCHOR, OTHERS
from quantdesk.adapters.chain.program import load_program

PROGRAM = load_program()


def _failure(code: int, *programs: object) -> Failure:
    logs = [f"Program {each} failed: custom program error: {code:#x}" for each in programs]
    found = failure_of({"InstructionError": [0, {"Custom": code}]}, PROGRAM, logs or None)
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("code", "name"),
    [
        (102, "InstructionDidNotDeserialize"),
        (2000, "ConstraintMut"),
        (2003, "ConstraintRaw"),
        (2006, "ConstraintSeeds"),
        (2012, "ConstraintAddress"),
        (2014, "ConstraintTokenMint"),
        (2024, "ConstraintMintGroupPointerExtension"),
        (2032, "ConstraintMintMetadataPointerExtensionMetadataAddress"),
        (2039, "ConstraintMintTransferHookExtensionProgramId"),
        (2040, "ConstraintDuplicateMutableAccount"),
        (3002, "AccountDiscriminatorMismatch"),
        (3008, "InvalidProgramId"),
        (3010, "AccountNotSigner"),
        (4102, "InvalidNumericConversion"),
    ],
)
def test_anchor_s_errors_have_its_names_and_our_words(code: int, name: str) -> None:
    failure = _failure(code, PROGRAM.id)

    assert failure.code == name
    assert str(code) not in failure.message


def test_every_sentence_is_short_and_every_name_appears_once() -> None:
    sentences = [said for _, said in ANCHOR.values()]
    sentences += [said for words in OTHERS.values() for said in words.values()]

    assert len(ANCHOR) == 82
    assert len({name for name, _ in ANCHOR.values()}) == len(ANCHOR)
    assert all(re.fullmatch(r"[A-Z].{10,80}[^.]", each) for each in sentences)


@pytest.mark.parametrize(
    ("refuser", "words"),
    [
        (SYSTEM_PROGRAM, "too little SOL"),
        (TOKEN_PROGRAM, "too few tokens"),
        (None, "too little SOL, or too few tokens"),
        ("Stranger1111", r"Another program \(Stranger1111\) refused it, code 1"),
    ],
)
def test_code_one_is_told_by_who_said_it(refuser: object, words: str) -> None:
    failure = _failure(1, *([refuser, PROGRAM.id] if refuser else []))

    assert failure.code == "Custom1"
    assert re.search(words, failure.message)
