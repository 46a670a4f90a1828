"""What the filing platform knows of its filings against what is known here, after a restore that lost the latest.

The platform's list names codes by number, never by value; a beginning that was lost is judged as of the moment at which
it happened, with the value that is sealed here.
"""
