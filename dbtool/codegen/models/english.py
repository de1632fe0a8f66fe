"""One and many, as English forms them: a table of `companies` is a class `Company`."""

from __future__ import annotations

import re

_MANY = {
    "person": "people",
    "child": "children",
    "man": "men",
    "woman": "women",
    "mouse": "mice",
    "foot": "feet",
    "tooth": "teeth",
    "criterion": "criteria",
    "index": "indices",
    "matrix": "matrices",
    "vertex": "vertices",
    "leaf": "leaves",
    "knife": "knives",
    "life": "lives",
    "shelf": "shelves",
    "half": "halves",
    "wife": "wives",
    "alias": "aliases",
    "gas": "gases",
    "atlas": "atlases",
    "canvas": "canvases",
    "quiz": "quizzes",
    "movie": "movies",
    "cookie": "cookies",
    "calorie": "calories",
    "tie": "ties",
    "menu": "menus",
    "shoe": "shoes",
    "toe": "toes",
    "cache": "caches",
    "niche": "niches",
    "axe": "axes",
    "hero": "heroes",
    "potato": "potatoes",
    "tomato": "tomatoes",
    "analysis": "analyses",
    "basis": "bases",
    "crisis": "crises",
    "thesis": "theses",
    "diagnosis": "diagnoses",
}
_ONE = {many: one for one, many in _MANY.items()}
_SAME = {"series", "species", "news", "data", "metadata", "media", "staff", "equipment", "information", "lens", "sms"}
_SINGULAR = (
    (r"(sses|shes|ches|xes|zes)$", -2),
    (r"([^aeiou]|qu)ies$", -3),
    (r"[bntrlp]uses$", -2),  # buses, bonuses, statuses, viruses, pluses
    (r"[^aeiou]oes$", -2),
    (r"(ss|us|is)$", 0),
    (r"s$", -1),
)


def singular(word: str) -> str:
    """Return the singular of a word in lower case; one that is none of English's plurals stays as it is."""
    if word in _SAME or word in _MANY:
        return word
    if word in _ONE:
        return _ONE[word]
    for pattern, cut in _SINGULAR:
        if re.search(pattern, word) and len(word) > 3:
            return word[:-3] + "y" if cut == -3 else word[:cut] if cut else word
    return word


def plural(word: str) -> str:
    """Return the plural of a word in lower case."""
    if word in _SAME or word in _ONE:
        return word
    if word in _MANY:
        return _MANY[word]
    if re.search(r"([^aeiou]|qu)y$", word):
        return f"{word[:-1]}ies"
    return f"{word}es" if re.search(r"(s|x|z|ch|sh)$", word) else f"{word}s"
