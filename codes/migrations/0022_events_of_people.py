import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

ACTORS = ("user", "client")


def drop_indexes(apps, schema_editor):
    """Not by altering the columns: SQLite would make the table anew and lose its triggers."""
    model = apps.get_model("codes", "CodeEvent")
    for actor in ACTORS:
        for name in schema_editor._constraint_names(model, [f"{actor}_id"], index=True):
            schema_editor.execute(schema_editor._delete_index_sql(model, name))


def create_indexes(apps, schema_editor):
    model = apps.get_model("codes", "CodeEvent")
    for actor in ACTORS:
        for statement in schema_editor._field_indexes_sql(model, model._meta.get_field(actor)):
            schema_editor.execute(statement)


def actor(to, text):
    return models.ForeignKey(
        blank=True,
        db_index=False,
        null=True,
        on_delete=django.db.models.deletion.PROTECT,
        related_name="+",
        to=to,
        verbose_name=text,
    )


class Migration(migrations.Migration):
    """Most events are an import's, by nobody: those by somebody alone are indexed by who it was."""

    dependencies = [
        ("api", "0002_counts_and_answers"),
        ("codes", "0021_refused_because"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]
    operations = [
        migrations.RunPython(drop_indexes, create_indexes),
        migrations.SeparateDatabaseAndState(
            state_operations=[
                migrations.AlterField("codeevent", "client", actor("api.apiclient", "API client")),
                migrations.AlterField("codeevent", "user", actor(settings.AUTH_USER_MODEL, "person")),
            ]
        ),
        migrations.AddIndex(
            "codeevent", models.Index(fields=["user"], condition=models.Q(user__isnull=False), name="event_of_user")
        ),
        migrations.AddIndex(
            "codeevent",
            models.Index(fields=["client"], condition=models.Q(client__isnull=False), name="event_of_client"),
        ),
    ]
