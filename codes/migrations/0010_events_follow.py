from django.db import migrations, models

from codes import append_only


def take_off(apps, schema_editor):
    append_only.remove(schema_editor.connection)


def put_back(apps, schema_editor):
    append_only.install(schema_editor.connection)


def follow(apps, schema_editor):
    append_only.install(schema_editor.connection)
    append_only.install_chain(schema_editor.connection)


def follow_no_more(apps, schema_editor):
    append_only.remove_chain(schema_editor.connection)
    append_only.remove(schema_editor.connection)


class Migration(migrations.Migration):
    """Both columns for every event. SQLite makes the table anew for it, without its triggers."""

    dependencies = [("codes", "0009_chain_events")]
    operations = [
        migrations.RunPython(take_off, put_back),
        migrations.AlterField("codeevent", "place", models.BigIntegerField(editable=False)),
        migrations.AlterField("codeevent", "mac", models.BinaryField(max_length=32)),
        migrations.RunPython(follow, follow_no_more),
    ]
