from django.db import migrations

from codes import final_rows


def install(apps, schema_editor):
    final_rows.install(schema_editor.connection, final_rows.STAFF_CHANGES)


def remove(apps, schema_editor):
    final_rows.remove(schema_editor.connection, final_rows.STAFF_CHANGES)


class Migration(migrations.Migration):
    dependencies = [("codes", "0011_staff")]
    operations = [migrations.RunPython(install, remove)]
