from django.db import migrations, models


class Migration(migrations.Migration):
    """Few IPs have an expiry of their own."""

    dependencies = [("servers", "0007_stale_messages")]
    operations = [
        migrations.AddIndex(
            "ipaddress",
            models.Index(fields=["expires_at"], condition=models.Q(expires_at__isnull=False), name="ip_by_expiry"),
        ),
    ]
