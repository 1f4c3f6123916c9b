"""Names of files and labels as messages show them: they may hold anything."""

LONGEST = 120  # characters


def in_one_line(name: object) -> str:
    r"""Return a name with what is not printable escaped, cut short where it is long.

    >>> in_one_line("a\nb\x1b[2J.png")
    'a\\nb\\x1b[2J.png'
    """
    text = "".join(
        letter if letter.isprintable() else ascii(letter)[1:-1] for letter in str(name)
    )
    return text if len(text) <= LONGEST else f"{text[: LONGEST - 3]}..."
