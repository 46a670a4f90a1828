from django.db import migrations

from codes.roles import ROLES, grant

NAMES = ("view_bulkrun",)


def give(apps, schema_editor):
    grant(apps, "codes")


def take_back(apps, schema_editor):
    Group, Permission = apps.get_model("auth", "Group"), apps.get_model("auth", "Permission")
    permissions = Permission.objects.filter(content_type__app_label="codes", codename__in=NAMES)
    for group in Group.objects.filter(name__in=ROLES):
        group.permissions.remove(*permissions)


class Migration(migrations.Migration):
    dependencies = [
        ("codes", "0016_bulk_runs"),
        ("auth", "0012_alter_user_first_name_max_length"),
        ("contenttypes", "0002_remove_content_type_name"),
    ]
    operations = [migrations.RunPython(give, take_back)]
