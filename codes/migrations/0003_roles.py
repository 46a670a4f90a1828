from django.apps import apps as installed
from django.contrib.auth.management import create_permissions
from django.db import migrations

from codes.roles import ROLES


def create(apps, schema_editor):
    Group = apps.get_model("auth", "Group")
    Permission = apps.get_model("auth", "Permission")
    for label in ("servers", "codes", "api"):
        # Permissions are otherwise made after the last migration, too late for groups that hold them.
        create_permissions(installed.get_app_config(label), verbosity=0, apps=installed)
    for role, names in ROLES.items():
        group, _ = Group.objects.get_or_create(name=role)
        for name in names:
            app_label, codename = name.split(".")
            group.permissions.add(Permission.objects.get(content_type__app_label=app_label, codename=codename))


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
