from django.db import migrations, models


class Migration(migrations.Migration):
    """Those without an expiry time are many: sorting them by number too wants both in the index."""

    dependencies = [("servers", "0005_sync_runs")]
    operations = [
        migrations.AlterField(
            "server", "expires_at", models.DateTimeField(blank=True, null=True, verbose_name="expiry time")
        ),
        migrations.AddIndex("server", models.Index(fields=["expires_at", "id"], name="server_by_expiry")),
    ]
