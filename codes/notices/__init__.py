"""Notices: daily mails to the members of an account about codes that expire and filings that have stalled.

`manage.py send_notices` finds what is due (due.py) for each member (letters.py), writes one mail of it (mail.py), hands
it over and only then notes what it said (sending.py). A notice is one code, one threshold and one expiry time (or one
begun filing) for one member: renewing the server starts it anew. Members choose for themselves (members.py): off
altogether, by a link in every mail too, or off for an account. A mail holds no code value.
"""
