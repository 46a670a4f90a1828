"""manage.py clear_kept_answers: forget the answers to Idempotency-Keys whose 24 hours are over."""

from typing import Any

from django.core.management.base import BaseCommand
from django.utils import timezone

from icpportal.api.idempotency import KEPT_FOR
from icpportal.api.models import KeptAnswer


class Command(BaseCommand):
    help = "Delete answers kept under Idempotency-Keys for more than 24 hours; run it daily."

    def handle(self, *args: Any, **options: Any) -> None:
        gone, _ = KeptAnswer.objects.filter(created_at__lte=timezone.now() - KEPT_FOR).delete()
        self.stdout.write(f"{gone} deleted.")
