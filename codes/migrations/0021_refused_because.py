from django.db import migrations

_ADD = """
CREATE INDEX event_refused_because ON codes_codeevent USING gin (failed jsonb_path_ops)
WHERE type = 'generation_refused'
"""


def add(apps, schema_editor):
    if schema_editor.connection.vendor == "postgresql":
        schema_editor.execute(_ADD)


def drop(apps, schema_editor):
    if schema_editor.connection.vendor == "postgresql":
        schema_editor.execute("DROP INDEX event_refused_because")


class Migration(migrations.Migration):
    """Where a condition was hardly ever the reason for a refusal, reading them all takes a third of a second.

    PostgreSQL alone finds what lists hold by index; SQLite's models know none, so it stands in no model.
    """

    dependencies = [("codes", "0020_refusals")]
    operations = [migrations.RunPython(add, drop)]
