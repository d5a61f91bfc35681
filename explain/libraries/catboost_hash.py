"""The number that CatBoost knows a category by: the lower half of CityHash64 of its text.

CityHash 1.0 (https://github.com/google/cityhash, city.cc), which is not what later releases of it
give. Numbers are signed in files, as they are here.
"""

LENGTH_MAX = 64
"""Longer texts are mixed in another way, and no level of a contract is longer."""

_K0, _K1 = 0xC3A5C85C97CB3127, 0xB492B66FBE98F273
_K2, _K3 = 0x9AE16A3B2F90404F, 0xC949D7C7509E6557
_MASK = 2**64 - 1
_WORD, _HALF_WORD = 8, 4


def category_hash(text: str) -> int:
    """The number of a category; ValueError for text of more than ``LENGTH_MAX`` bytes."""
    told = text.encode()
    if len(told) > LENGTH_MAX:
        msg = f"a category of {len(told)} bytes is too long"
        raise ValueError(msg)
    low = _city(told) & 0xFFFFFFFF
    return low - 2**32 if low >= 2**31 else low


def _city(told: bytes) -> int:
    """CityHash64 of up to 64 bytes."""
    for most, mixed in ((16, _up_to_16), (32, _up_to_32), (64, _up_to_64)):
        if len(told) <= most:
            return mixed(told) & _MASK
    raise AssertionError


def _word(told: bytes, place: int, size: int = 8) -> int:
    """A number out of so many bytes; places below zero count from the end."""
    first = place if place >= 0 else len(told) + place
    return int.from_bytes(told[first : first + size], "little")


def _turned(value: int, bits: int) -> int:
    """Bits that leave on the right come in again on the left."""
    value &= _MASK
    return (value >> bits | value << (64 - bits)) & _MASK


def _shifted(value: int) -> int:
    value &= _MASK
    return value ^ value >> 47


def _joined(low: int, high: int) -> int:
    """128 bits mixed into 64."""
    factor = 0x9DDFEA08EB382D69
    first = _shifted((low ^ high) * factor)
    return _shifted((high ^ first) * factor) * factor & _MASK


def _up_to_16(told: bytes) -> int:
    size = len(told)
    if size > _WORD:
        first, last = _word(told, 0), _word(told, -8)
        return _joined(first, _turned(last + size, size)) ^ last
    if size >= _HALF_WORD:
        return _joined(size + (_word(told, 0, 4) << 3), _word(told, -4, 4))
    if size:
        low = told[0] + (told[size >> 1] << 8)
        return _shifted(low * _K2 ^ (size + (told[-1] << 2)) * _K3) * _K2
    return _K2


def _up_to_32(told: bytes) -> int:
    size = len(told)
    a, b = _word(told, 0) * _K1, _word(told, 8)
    c, d = _word(told, -8) * _K2, _word(told, -16) * _K0
    return _joined(
        _turned(a - b, 43) + _turned(c, 30) + d & _MASK,
        a + _turned(b ^ _K3, 20) - c + size & _MASK,
    )


def _up_to_64(told: bytes) -> int:
    size = len(told)
    first = _word(told, 0) + (size + _word(told, -16)) * _K0
    front = _half(told, first, 0, _word(told, 24))
    back = _half(told, _word(told, 16) + _word(told, -32), size - 32, _word(told, -8))
    mixed = _shifted((front[0] + back[1]) * _K2 + (back[0] + front[1]) * _K0)
    return _shifted(mixed * _K0 + front[1]) * _K2


def _half(told: bytes, start: int, place: int, last: int) -> tuple[int, int]:
    """One half of the longer texts."""
    b = _turned(start + last, 52)
    c = _turned(start, 37)
    start += _word(told, place + 8)
    c += _turned(start, 7)
    start += _word(told, place + 16)
    return start + last, b + _turned(start, 31) + c
