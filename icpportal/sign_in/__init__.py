"""Signing in: by name or address, throttled, by password that a mail resets, with a list of one's own sign-ins.

Sessions lie in the database (store.py), each with its person, so that a person sees them and ends them. Failures are
counted there too (throttle.py). Nothing here answers differently for a name or an address that nobody has.
"""
