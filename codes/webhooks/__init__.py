"""Signed webhooks (Standard Webhooks): what happens to codes, posted to endpoints of API clients.

The event itself is the outbox. It is written in the transaction of its change, and the feed of events has no gaps
(codes/append_only.py), so each endpoint keeps the number of the last event that it was given: a change costs nothing
more, and nothing can be forgotten. `manage.py deliver_webhooks` turns new final events into deliveries (fan_out.py)
and sends what is due (delivering.py).

Delivered at least once, with the same `webhook-id` each time; in order for each code, and for each server where an
event has no code: a later one waits until the earlier is delivered or given up. Retried with growing waits for three
days, and not before a receiver's Retry-After is over (schedule.py). An endpoint at which nothing succeeded for three
days, or that answers 410, is disabled; enabled again, it goes on where it stopped. Several deliverers may run at once;
one that is killed leaves a lease that ends.
"""
