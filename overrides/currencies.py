"""Currencies and the digits of their minor units.

The list is ISO 4217's: table A.1 (as amended by 176) and, of table A.3, the currencies withdrawn
since 1999 that old books of loans still name. Codes that have no minor unit are not in it.
"""

from collections.abc import Mapping

_CODES: Mapping[int, str] = {
    0: "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF BEF ESP ITL LUF PTE",
    2: (
        "AED AFN ALL AMD ANG AOA ARS AUD AWG AZN BAM BBD BDT BGN BMD BND BOB BOV BRL BSD BTN "
        "BWP BYN BZD CAD CDF CHE CHF CHW CNY COP COU CRC CUP CVE CZK DKK DOP DZD EGP ERN ETB "
        "EUR FJD FKP GBP GEL GHS GIP GMD GTQ GYD HKD HNL HTG HUF IDR ILS INR IRR JMD KES KGS "
        "KHR KPW KYD KZT LAK LBP LKR LRD LSL MAD MDL MGA MKD MMK MNT MOP MRU MUR MVR MWK MXN "
        "MXV MYR MZN NAD NGN NIO NOK NPR NZD PAB PEN PGK PHP PKR PLN QAR RON RSD RUB SAR SBD "
        "SCR SDG SEK SGD SHP SLE SOS SRD SSP STN SVC SYP SZL THB TJS TMT TOP TRY TTD TWD TZS "
        "UAH USD USN UYU UZS VED VES WST XCD XCG YER ZAR ZMW ZWG ATS CUC CYP DEM EEK FIM FRF "
        "GRD HRK IEP LTL LVL MTL NLG SIT SKK SLL ZWL"
    ),
    3: "BHD IQD JOD KWD LYD OMR TND",
    4: "CLF UYW",
}
MINOR_DIGITS: Mapping[str, int] = {
    code: digits for digits, codes in _CODES.items() for code in codes.split()
}
HUNDREDTHS = 2


def digits_shown(currency: str) -> int:
    """Decimals of an amount on record; of a currency that ISO 4217 does not list, two."""
    return MINOR_DIGITS.get(currency, HUNDREDTHS)
