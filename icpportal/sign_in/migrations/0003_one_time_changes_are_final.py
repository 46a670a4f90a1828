from django.db import migrations

from icpportal import final_rows


def install(apps, schema_editor):
    final_rows.install(schema_editor.connection, "sign_in_onetimechange")


def remove(apps, schema_editor):
    final_rows.remove(schema_editor.connection, "sign_in_onetimechange")


class Migration(migrations.Migration):
    dependencies = [("sign_in", "0002_one_time_codes")]
    operations = [migrations.RunPython(install, remove)]
