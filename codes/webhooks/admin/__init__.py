"""Webhooks on the desk: supervisors keep endpoints, agents read the log and redeliver. codes/webhooks decides."""

from codes.webhooks.admin import deliveries, endpoints

__all__ = ["deliveries", "endpoints"]
