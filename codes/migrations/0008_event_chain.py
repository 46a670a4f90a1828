import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("codes", "0007_saved_view_roles"),
        ("servers", "0004_feed_run_roles"),
    ]
    operations = [
        migrations.CreateModel(
            name="EventHead",
            fields=[
                (
                    "server",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT,
                        primary_key=True,
                        related_name="+",
                        serialize=False,
                        to="servers.server",
                    ),
                ),
                ("place", models.BigIntegerField()),
                ("mac", models.BinaryField(max_length=32)),
            ],
            options={"default_permissions": ()},
        ),
        migrations.AddField("codeevent", "place", models.BigIntegerField(editable=False, null=True)),
        migrations.AddField("codeevent", "mac", models.BinaryField(max_length=32, null=True)),
    ]
