"""Errors of what the program stands on: Anchor, the system program, the token program.

Source: `ErrorCode` of anchor-lang 1.2, which numbers its own errors below 6000; `SystemError` and
`TokenError` of Solana. Anchor's names are kept as stable codes; the sentences are for people.
"""

from solders.pubkey import Pubkey

from quantdesk.adapters.chain.addresses import SYSTEM_PROGRAM, TOKEN_PROGRAM

ANCHOR: dict[int, tuple[str, str]] = {
    100: ("InstructionMissing", "The call does not say which instruction it wants"),
    101: ("InstructionFallbackNotFound", "The program has no such instruction"),
    102: ("InstructionDidNotDeserialize", "The program cannot read the instruction's arguments"),
    103: ("InstructionDidNotSerialize", "The program cannot write an instruction"),
    1000: ("IdlInstructionStub", "The program was built without interface instructions"),
    1001: ("IdlInstructionInvalidProgram", "The interface instruction names the wrong program"),
    1002: ("IdlAccountNotEmpty", "The interface account must be empty to be resized"),
    1500: ("EventInstructionStub", "The program was built without events by instruction"),
    2000: ("ConstraintMut", "An account that changes was not passed as writable"),
    2001: ("ConstraintHasOne", "An account does not belong to the account that must own it"),
    2002: ("ConstraintSigner", "A signature that the instruction needs is missing"),
    2003: ("ConstraintRaw", "An account does not meet a condition of the instruction"),
    2004: ("ConstraintOwner", "An account belongs to a program that must not own it"),
    2005: ("ConstraintRentExempt", "An account holds too little SOL for its rent"),
    2006: ("ConstraintSeeds", "An account is not at the address the program expects"),
    2007: ("ConstraintExecutable", "An account that must be a program is none"),
    2008: ("ConstraintState", "The program's state account is not the expected one"),
    2009: ("ConstraintAssociated", "A token account is not its owner's usual one"),
    2010: (
        "ConstraintAssociatedInit",
        "A token account cannot be made at its owner's usual address",
    ),
    2011: ("ConstraintClose", "An account cannot be closed into itself"),
    2012: ("ConstraintAddress", "An account is not the one that is required by its address"),
    2013: ("ConstraintZero", "An account that must be empty is in use"),
    2014: ("ConstraintTokenMint", "A token account holds another token than is required"),
    2015: ("ConstraintTokenOwner", "A token account belongs to another owner than is required"),
    2016: (
        "ConstraintMintMintAuthority",
        "The token may be minted by another key than is required",
    ),
    2017: (
        "ConstraintMintFreezeAuthority",
        "The token may be frozen by another key than is required",
    ),
    2018: ("ConstraintMintDecimals", "The token has another number of decimals than is required"),
    2019: ("ConstraintSpace", "An account has another size than is required"),
    2020: ("ConstraintAccountIsNone", "An account that the instruction needs was left out"),
    2021: ("ConstraintTokenTokenProgram", "A token account belongs to another token program"),
    2022: ("ConstraintMintTokenProgram", "A mint belongs to another token program"),
    2023: (
        "ConstraintAssociatedTokenTokenProgram",
        "An owner's usual token account belongs to another token program",
    ),
    **{
        2024 + at: (f"ConstraintMint{name}", "An extension of the mint is not as required")
        for at, name in enumerate(
            (
                *("GroupPointerExtension", "GroupPointerExtensionAuthority"),
                *("GroupPointerExtensionGroupAddress", "GroupMemberPointerExtension"),
                "GroupMemberPointerExtensionAuthority",
                "GroupMemberPointerExtensionMemberAddress",
                *("MetadataPointerExtension", "MetadataPointerExtensionAuthority"),
                "MetadataPointerExtensionMetadataAddress",
                *("CloseAuthorityExtension", "CloseAuthorityExtensionAuthority"),
                *("PermanentDelegateExtension", "PermanentDelegateExtensionDelegate"),
                *("TransferHookExtension", "TransferHookExtensionAuthority"),
                "TransferHookExtensionProgramId",
            )
        )
    },
    2040: (
        "ConstraintDuplicateMutableAccount",
        "One account was passed twice where two different ones must change",
    ),
    2041: ("AccountAlreadyMigrated", "An account has been migrated already"),
    2042: ("AccountNotMigrated", "An account must be migrated first"),
    2043: ("ConstraintMintPausableExtension", "An extension of the mint is not as required"),
    2044: ("ConstraintMintPausableAuthority", "An extension of the mint is not as required"),
    2500: ("RequireViolated", "A condition of the instruction does not hold"),
    2501: ("RequireEqViolated", "Two figures that must be equal differ"),
    2502: ("RequireKeysEqViolated", "Two addresses that must be equal differ"),
    2503: ("RequireNeqViolated", "Two figures that must differ are equal"),
    2504: ("RequireKeysNeqViolated", "Two addresses that must differ are equal"),
    2505: ("RequireGtViolated", "A figure is not above its limit"),
    2506: ("RequireGteViolated", "A figure is below its limit"),
    3000: ("AccountDiscriminatorAlreadySet", "An account that must be new is in use"),
    3001: ("AccountDiscriminatorNotFound", "An account does not say of which kind it is"),
    3002: ("AccountDiscriminatorMismatch", "An account is of another kind than is required"),
    3003: ("AccountDidNotDeserialize", "The program cannot read an account"),
    3004: ("AccountDidNotSerialize", "The program cannot write an account"),
    3005: ("AccountNotEnoughKeys", "The instruction was given too few accounts"),
    3006: ("AccountNotMutable", "An account that changes was not passed as writable"),
    3007: ("AccountOwnedByWrongProgram", "An account belongs to another program"),
    3008: ("InvalidProgramId", "Another program was passed than is required"),
    3009: ("InvalidProgramExecutable", "An account that must be a program is none"),
    3010: ("AccountNotSigner", "A signature that the instruction needs is missing"),
    3011: ("AccountNotSystemOwned", "An account is not a plain wallet"),
    3012: ("AccountNotInitialized", "An account that the instruction needs does not exist"),
    3013: ("AccountNotProgramData", "An account does not hold a program's binary"),
    3014: ("AccountNotAssociatedTokenAccount", "A token account is not its owner's usual one"),
    3015: ("AccountSysvarMismatch", "An account is not the cluster's own that is required"),
    3016: ("AccountReallocExceedsLimit", "An account would grow by more than one instruction may"),
    3017: ("AccountDuplicateReallocs", "An account would be resized twice"),
    4100: (
        "DeclaredProgramIdMismatch",
        "The program runs at another address than it was built for",
    ),
    4101: ("TryingToInitPayerAsProgramAccount", "The payer cannot become the program's account"),
    4102: ("InvalidNumericConversion", "A number does not fit"),
    5000: ("Deprecated", "The program uses what is no longer supported"),
}

_SYSTEM = {
    0: "An account that must be new exists already",
    1: "An account holds too little SOL for what it must pay",
    2: "A new account cannot belong to that program",
    3: "A new account would be too large",
    4: "A seed is too long to derive an address",
    5: "An address does not follow from its seed",
    6: "The durable nonce has no blockhash to compare with",
    7: "The durable nonce cannot advance twice in one block",
    8: "The durable nonce's blockhash has not expired",
}
_TOKEN = {
    0: "An account holds too little SOL for its rent",
    1: "A token account holds too few tokens",
    2: "The mint is not valid",
    3: "A token account holds another token than is required",
    4: "A token account belongs to another owner",
    5: "No more of the token may be minted",
    6: "A token account or mint is in use already",
    9: "A token account does not exist",
    17: "A token account is frozen",
}
OTHERS: dict[Pubkey, dict[int, str]] = {SYSTEM_PROGRAM: _SYSTEM, TOKEN_PROGRAM: _TOKEN}
"""Sentences by program and code for programs that are not built on Anchor."""
