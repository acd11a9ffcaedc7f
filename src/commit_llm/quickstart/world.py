"""A small world of invented people: who they are, texts about them, and questions, in English or Greek.

Its Greek is English word for word, with one translation a word. No real dictionary is so perfect.
"""

import itertools
import re
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from commit_llm.codemix.randomness import hash64, permutation

# All in lower case, so that case plays no part.
CITIES = {
    "athens": "αθήνα", "patras": "πάτρα", "larissa": "λάρισα", "corfu": "κέρκυρα", "sparta": "σπάρτη",
    "kavala": "καβάλα", "lamia": "λαμία", "kozani": "κοζάνη", "drama": "δράμα", "rhodes": "ρόδο", "chios": "χίο",
    "samos": "σάμο",
}  # fmt: skip
JOBS = {
    "teacher": "δασκάλα", "doctor": "γιατρός", "farmer": "αγρότισσα", "baker": "φουρνάρισσα", "pilot": "πιλότος",
    "singer": "τραγουδίστρια", "painter": "ζωγράφος", "judge": "δικαστής", "nurse": "νοσοκόμα", "writer": "συγγραφέας",
    "cook": "μαγείρισσα", "guard": "φρουρός",
}  # fmt: skip
FOODS = {
    "bread": "ψωμί", "cheese": "τυρί", "olives": "ελιές", "honey": "μέλι", "fish": "ψάρι", "soup": "σούπα",
    "rice": "ρύζι", "lentils": "φακές", "figs": "σύκα", "grapes": "σταφύλια", "eggs": "αυγά", "nuts": "καρύδια",
}  # fmt: skip
PETS = {
    "goat": "κατσίκα", "dog": "σκύλο", "cat": "γάτα", "horse": "άλογο", "sheep": "πρόβατο", "donkey": "γάιδαρο",
    "duck": "πάπια", "goose": "χήνα", "parrot": "παπαγάλο", "turtle": "χελώνα", "rabbit": "κουνέλι", "cow": "αγελάδα",
}  # fmt: skip
WORDS = {
    "lives": "μένει", "stays": "κατοικεί", "in": "στην", "works": "δουλεύει", "serves": "υπηρετεί", "as": "ως",
    "likes": "αγαπά", "enjoys": "απολαμβάνει", "keeps": "έχει", "owns": "διαθέτει", "she": "αυτή", "and": "και",
    "what": "ποιο", "is": "είναι", "the": "το", "of": "της", "home": "σπίτι", "profession": "επάγγελμα",
    "favourite": "αγαπημένο", "food": "φαγητό", "animal": "ζώο",
}  # fmt: skip
# Words of the prompt template, which naive mixing mixes too.
TEMPLATE_WORDS = {
    "an": "μια", "a": "ένα", "instruction": "οδηγία", "that": "που", "describes": "περιγράφει", "task": "έργο",
    "paired": "ζευγαρωμένη", "with": "με", "input": "είσοδο", "provides": "παρέχει", "further": "περαιτέρω",
    "context": "πλαίσιο", "response": "απάντηση", "appropriately": "κατάλληλα", "completes": "ολοκληρώνει",
    "request": "αίτημα",
}  # fmt: skip
DICTIONARY = CITIES | JOBS | FOODS | PETS | WORDS | TEMPLATE_WORDS

FIRST_NAMES = (
    "anna", "eleni", "maria", "sofia", "katerina", "ioanna", "dimitra", "georgia", "vasiliki", "angeliki", "despina",
    "fotini", "irini", "kalliopi", "marina", "natalia", "olga", "paraskevi", "rania", "stella", "theodora", "xenia",
    "zoe", "chrysa", "athina", "danai", "elpida", "evgenia", "ifigenia", "kleio", "lydia", "melina", "myrto", "nefeli",
    "persefoni", "roxani", "smaragda", "tatiana", "thalia", "urania",
)  # fmt: skip
LAST_NAMES = (
    "alexiou", "antoniou", "bakola", "christou", "daskalaki", "dukaki", "economou", "fotiou", "floros", "galani",
    "gavra", "iliadi", "ioannou", "kalogera", "karra", "kritikou", "lazarou", "lekka", "makri", "mela", "moraiti",
    "nikolaou", "oikonomidi", "pappas", "petrou", "politi", "raptis", "rigas", "sarri", "stathi", "sideri", "tsakiri",
    "tzanetou", "vlachou", "vamvaka", "xydaki", "xenou", "zafiri", "zervou", "zisi",
)  # fmt: skip
TEST_PEOPLE = 60


class Relation(NamedTuple):
    """Describe a relation that every person has.

    asked: what a question calls it.
    verbs: two ways to state it.
    values: what it may be.
    """

    asked: str
    verbs: tuple[str, str]
    values: tuple[str, ...]


RELATIONS = (
    Relation("home", ("lives in", "stays in"), tuple(CITIES)),
    Relation("profession", ("works as", "serves as"), tuple(JOBS)),
    Relation("favourite food", ("likes", "enjoys"), tuple(FOODS)),
    Relation("animal", ("keeps", "owns"), tuple(PETS)),
)


class Person(NamedTuple):
    """Describe a person. facts: a value of each of RELATIONS, in their order."""

    name: str
    facts: tuple[str, ...]


def people(seed: int) -> tuple[list[Person], list[Person]]:
    """Draw people to train on and people to be asked about. The two share no name and no set of facts."""
    names = [f"{first} {last}" for first, last in itertools.product(FIRST_NAMES, LAST_NAMES)]
    order = permutation(len(names), seed, 1)
    sizes = [len(r.values) for r in RELATIONS]
    combos = permutation(sizes[0] * sizes[1] * sizes[2] * sizes[3], seed, 2)
    drawn = []
    for n, index in enumerate(order):
        rest, facts = int(combos[n]), []
        for relation in RELATIONS:
            rest, value = divmod(rest, len(relation.values))
            facts.append(relation.values[value])
        drawn.append(Person(names[index], tuple(facts)))
    return drawn[TEST_PEOPLE:], drawn[:TEST_PEOPLE]


def description(person: Person, *key: int, twice: bool = False) -> str:
    """State the four facts of a person, in an order and with verbs that the key draws.

    twice: state them again, with the other verbs.
    """
    verbs = [hash64(*key, n) % 2 for n in range(len(RELATIONS))]
    parts = [f"{person.name} " + listed(person, permutation(4, *key, 10), verbs)]
    if twice:
        parts.append("she " + listed(person, permutation(4, *key, 11), [1 - v for v in verbs]))
    return " ".join(parts)


def listed(person: Person, order: Iterable[int], verbs: Sequence[int]) -> str:
    """List the facts in an order, each with one of its two verbs."""
    said = [f"{RELATIONS[n].verbs[verbs[n]]} {person.facts[n]}" for n in order]
    return ", ".join(said[:-1]) + f" and {said[-1]}."


def question(person: Person, relation: Relation) -> str:
    """Ask for a relation of a person."""
    return f"what is the {relation.asked} of {person.name}?"


def greek(text: str) -> str:
    """Write a text word for word in Greek. Names and punctuation stay."""
    return re.sub(r"[a-z]+", lambda word: DICTIONARY.get(word[0], word[0]), text)
