"""Is this a reason? What a person wrote to let something pass must say something. Pure."""

import re

LEAST_CHARACTERS, LEAST_LETTERS, LEAST_WORDS = 20, 8, 4
EXPECTED = (
    f"a sentence of at least {LEAST_CHARACTERS} characters that another lead would understand in a year"
)


def lacks_substance(text: str) -> str | None:
    """Say what is wrong with a reason, None if it can stand.

    It cannot tell a good reason from a bad one, only words from keys that were hit: too short, hardly any
    different letters, or one word again and again. Scripts that write without spaces have no words to count.
    """
    said = " ".join(text.split())
    letters = {letter for letter in said.casefold() if letter.isalpha()}
    words = re.findall(r"\w+", said.casefold())
    if not said:
        return "An override needs its reason."
    spaced = any(letter.lower() != letter.upper() for letter in letters)
    if len(said) < LEAST_CHARACTERS and spaced:
        return "This is too short to be a reason."
    if len(letters) < LEAST_LETTERS or (spaced and len(set(words)) < LEAST_WORDS):
        return "This says nothing: why may it ship all the same, and what is done about it?"
    return None
