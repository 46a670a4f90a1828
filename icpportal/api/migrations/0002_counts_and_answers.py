import django.db.models.deletion
from django.db import migrations, models


def unlog(apps, schema_editor):
    if schema_editor.connection.vendor == "postgresql":
        schema_editor.execute("ALTER TABLE api_callcount SET UNLOGGED")


class Migration(migrations.Migration):
    dependencies = [("api", "0001_initial")]

    operations = [
        migrations.CreateModel(
            name="CallCount",
            fields=[
                (
                    "client",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        primary_key=True,
                        related_name="+",
                        serialize=False,
                        to="api.apiclient",
                    ),
                ),
                ("minute", models.BigIntegerField()),
                ("calls", models.PositiveIntegerField()),
                ("unknown_codes", models.PositiveIntegerField()),
            ],
        ),
        migrations.CreateModel(
            name="KeptAnswer",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("key", models.CharField(max_length=255)),
                ("fingerprint", models.BinaryField(max_length=32)),
                ("status", models.PositiveSmallIntegerField(default=0)),
                ("sealed", models.BinaryField(default=b"")),
                ("created_at", models.DateTimeField(db_index=True)),
                (
                    "client",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="+", to="api.apiclient"
                    ),
                ),
            ],
            options={
                "constraints": [models.UniqueConstraint(fields=("client", "key"), name="answer_once_per_key")],
            },
        ),
        migrations.RunPython(unlog, migrations.RunPython.noop),
    ]
