from django.db import migrations

from codes.roles import ROLES, grant


def create(apps, schema_editor):
    grant(apps, "servers", "codes", "api")


def delete(apps, schema_editor):
    apps.get_model("auth", "Group").objects.filter(name__in=ROLES).delete()


class Migration(migrations.Migration):
    dependencies = [
        ("codes", "0002_append_only_events"),
        ("servers", "0001_initial"),
        ("api", "0001_initial"),
        ("auth", "0012_alter_user_first_name_max_length"),
        ("contenttypes", "0002_remove_content_type_name"),
    ]
    operations = [migrations.RunPython(create, delete)]
