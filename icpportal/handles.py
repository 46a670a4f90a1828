"""How the handles of others and our own numbers are written: regular expressions for paths, filters and bodies."""

import re

NAME = r"[A-Za-z0-9._-]{1,64}"  # an instance ID, an order number, a request id
UID = r"[A-Za-z0-9._-]{1,32}"  # an account's
NUMBER = r"[1-9][0-9]{0,17}"  # a primary key as it stands in JSON: no sign, no leading zero, within 63 bits


def is_number(text: str) -> bool:
    """Whether it can be the number of a row: what cannot must not reach the database."""
    return re.fullmatch(NUMBER, text) is not None
