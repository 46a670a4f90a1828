"""The closed vocabularies of server facts; values are the API's words, labels are docs/domain.md's."""

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _


class BillingMode(TextChoices):
    """How a server is paid. Only prepaid may generate (FAQ 4.1)."""

    PREPAID = "prepaid", _("Prepaid (monthly subscription)")
    PAY_AS_YOU_GO = "pay_as_you_go", _("Pay-as-you-go")
    SPOT = "spot", _("Spot")
    DEDICATED_HOST = "dedicated_host", _("Dedicated host")
    DEDICATED_CLUSTER = "dedicated_cluster", _("Dedicated cluster")


class ServerState(TextChoices):
    """Running and stopped are fine, isolated recovers on renewal, terminated is final (decision 6)."""

    RUNNING = "running", _("Running")
    STOPPED = "stopped", _("Stopped")
    ISOLATED = "isolated", _("Isolated")
    TERMINATED = "terminated", _("Terminated")


class IPKind(TextChoices):
    """What an address is: only an ordinary public IP generates (decision 5); a CLB IP never does (FAQ 4.4)."""

    PUBLIC = "public", _("ordinary public IP")
    ELASTIC = "elastic", _("Elastic IP")
    CLB = "clb", _("CLB IP")


class Jurisdiction(TextChoices):
    """Where a region is, for the filing law (decision 8)."""

    MAINLAND = "mainland", _("mainland China")
    HONG_KONG = "hong_kong", _("Hong Kong, China")
    MACAO = "macao", _("Macao, China")
    TAIWAN = "taiwan", _("Taiwan, China")
    OVERSEAS = "overseas", _("overseas")
    UNCLASSIFIED = "unclassified", _("not classified yet")


class FeedKind(TextChoices):
    """By which way server facts came in."""

    PUT = "put", _("Servers one by one (PUT)")
    INVENTORY = "inventory", _("Inventory through the API")
    IMPORT = "import", _("Import of files")
    SYNC = "sync", _("Live sync with the provider")
