"""Create an endpoint; its secret is printed alone as the last line, so that a script can take it."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from codes.choices import EventType
from codes.webhooks.addresses import AddressRefused
from codes.webhooks.services import EndpointRefused, create_endpoint
from icpportal.api.models import ApiClient


class Command(BaseCommand):
    help = "Create a webhook endpoint of an API client and print its secret, which is not shown again."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("client", metavar="CLIENT", help="the API client's name")
        parser.add_argument("url", metavar="URL", help="where events are posted; https")
        parser.add_argument(
            "--event",
            action="append",
            required=True,
            choices=EventType.values,
            metavar="TYPE",
            help=f"an event type to send; may be repeated: {', '.join(EventType.values)}",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        """Raises CommandError for an unknown client and for an address that may not be called."""
        try:
            client = ApiClient.objects.get(name=options["client"])
            endpoint, secret = create_endpoint(
                client, url=options["url"], event_types=options["event"], now=timezone.now()
            )
        except ApiClient.DoesNotExist as error:
            raise CommandError(f"No API client is named {options['client']!r}.") from error
        except (AddressRefused, EndpointRefused) as refused:
            raise CommandError(str(refused.reason)) from refused
        self.stdout.write(f"Endpoint {endpoint.pk} gets {', '.join(endpoint.event_types)} from now on.")
        self.stdout.write("Its secret, shown this once:")
        self.stdout.write(secret)
