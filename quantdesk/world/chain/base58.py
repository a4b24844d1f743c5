"""Base58 of any length, for instruction data and old-style account encodings."""

_ALPHABET = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"
LETTERS = frozenset(_ALPHABET)
_VALUES = {letter: value for value, letter in enumerate(_ALPHABET)}


def encode(raw: bytes) -> str:
    """Bytes as Bitcoin-alphabet base58; leading zeros become leading ones."""
    zeros = len(raw) - len(raw.lstrip(b"\0"))
    number, letters = int.from_bytes(raw, "big"), []
    while number:
        number, rest = divmod(number, 58)
        letters.append(_ALPHABET[rest])
    return "1" * zeros + "".join(reversed(letters))


def decode(text: str) -> bytes:
    """The bytes; raises ValueError on a letter outside the alphabet."""
    number = 0
    for index, letter in enumerate(text):
        if letter not in _VALUES:
            raise ValueError(f"InvalidCharacter {{ character: {letter!r}, index: {index} }}")
        number = number * 58 + _VALUES[letter]
    zeros = len(text) - len(text.lstrip("1"))
    return b"\0" * zeros + number.to_bytes((number.bit_length() + 7) // 8, "big")
