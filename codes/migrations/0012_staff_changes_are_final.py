from django.db import migrations

from icpportal import final_rows


def install(apps, schema_editor):
    final_rows.install(schema_editor.connection, "codes_staffchange")


def remove(apps, schema_editor):
    final_rows.remove(schema_editor.connection, "codes_staffchange")


class Migration(migrations.Migration):
    dependencies = [("codes", "0011_staff")]
    operations = [migrations.RunPython(install, remove)]
