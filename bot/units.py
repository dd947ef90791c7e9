"""Units of measure: which are of one kind, and how many of a kind's first unit one of them is."""

from typing import NamedTuple


class Unit(NamedTuple):
    """A unit of a dimension: a quantity of `factor` times its number plus `offset` in the dimension's first unit."""

    dimension: str
    factor: float
    offset: float = 0.0


# Spellings of each unit, the longest first where one begins with another. Factors: SI Brochure (2019), NIST SP 811.
# A plain "ton" may be metric, long or short; `CLOSE` of the dimension takes that in.
_SPELLINGS: dict[str, tuple[str, Unit]] = {
    "km/h": (r"kilomet(?:er|re)s?[ -](?:per|an)[ -]hour|km/h|kmh|kph", Unit("speed", 1)),
    "mph": (r"miles?[ -](?:per|an)[ -]hour|mph", Unit("speed", 1.609344)),
    "knot": (r"knots?", Unit("speed", 1.852)),
    "m/s": (r"met(?:er|re)s?[ -](?:per|a)[ -]second|m/s", Unit("speed", 3.6)),
    "km2": (r"square[ -]kilomet(?:er|re)s?|sq\.? km|km²", Unit("area", 1e6)),
    "mi2": (r"square[ -]miles?|sq\.? mi", Unit("area", 2.589988e6)),
    "m2": (r"square[ -]met(?:er|re)s?|m²", Unit("area", 1)),
    "ft2": (r"square[ -](?:feet|foot)|sq\.? ft", Unit("area", 0.09290304)),
    "ha": (r"hectares?", Unit("area", 1e4)),
    "acre": (r"acres?", Unit("area", 4046.856)),
    "km": (r"kilomet(?:er|re)s?|km", Unit("length", 1000)),
    "mi": (r"miles?", Unit("length", 1609.344)),
    "cm": (r"centimet(?:er|re)s?|cm", Unit("length", 0.01)),
    "m": (r"met(?:er|re)s?", Unit("length", 1)),
    "ft": (r"feet|foot|ft", Unit("length", 0.3048)),
    "in": (r"inch(?:es)?", Unit("length", 0.0254)),
    "yd": (r"yards?", Unit("length", 0.9144)),
    "C": (r"degrees?[ -](?:celsius|centigrade)|° ?c", Unit("temperature", 1)),
    "F": (r"degrees?[ -]fahrenheit|° ?f", Unit("temperature", 5 / 9, -160 / 9)),
    "t": (r"metric tons?|tonnes?|tons?", Unit("mass", 1000)),
    "kg": (r"kilograms?|kilos?|kg", Unit("mass", 1)),
    "lb": (r"lbs?", Unit("mass", 0.45359237)),
    "l": (r"lit(?:er|re)s?", Unit("volume", 1)),
    "gal": (r"gallons?", Unit("volume", 3.785412)),
    "y": (r"years?(?!s?[ -]old)", Unit("time", 365.25)),
    "mo": (r"months?(?!s?[ -]old)", Unit("time", 30.4375)),
    "w": (r"weeks?(?!s?[ -]old)", Unit("time", 7)),
    "d": (r"days?(?!s?[ -]old)", Unit("time", 1)),
    "h": (r"hours?", Unit("time", 1 / 24)),
    "min": (r"minutes?", Unit("time", 1 / 1440)),
}
UNITS = {name: unit for name, (_, unit) in _SPELLINGS.items()}
PATTERN = "|".join(f"(?P<u{at}>{spelling})" for at, (spelling, _) in enumerate(_SPELLINGS.values()))
_NAMES = list(_SPELLINGS)

# How far a converted quantity may be from the exact one: people round "120 km/h" to "about 75 mph".
CLOSE = 0.03
CLOSE_DEGREES = 0.6


def unit_of(groups: dict[str, str | None]) -> str:
    """The unit that a match of PATTERN found, by the groups of the match; empty when it found none."""
    return next((name for at, name in enumerate(_NAMES) if groups.get(f"u{at}") is not None), "")


def converted(one: float, unit: str, other: float, other_unit: str) -> bool:
    """Whether two quantities in different units of one dimension are the same but for rounding."""
    mine, theirs = UNITS[unit], UNITS[other_unit]
    if mine.dimension != theirs.dimension:
        return False
    here, there = (number * of.factor + of.offset for number, of in ((one, mine), (other, theirs)))
    return abs(here - there) <= (CLOSE_DEGREES if mine.dimension == "temperature" else CLOSE * abs(there))
