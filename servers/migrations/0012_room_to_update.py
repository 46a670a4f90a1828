from django.db import migrations


def leave_room(apps, schema_editor):
    if schema_editor.connection.vendor == "postgresql":
        schema_editor.execute("ALTER TABLE servers_server SET (fillfactor = 50)")


def fill(apps, schema_editor):
    if schema_editor.connection.vendor == "postgresql":
        schema_editor.execute("ALTER TABLE servers_server RESET (fillfactor)")


class Migration(migrations.Migration):
    """Every import writes `facts_at` of every server: with room on its page, none of the eight indexes changes."""

    dependencies = [("servers", "0011_server_file_roles")]
    operations = [migrations.RunPython(leave_room, fill)]
