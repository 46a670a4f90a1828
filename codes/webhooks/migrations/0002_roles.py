from django.db import migrations

from codes.roles import grant


def create(apps, schema_editor):
    grant(apps, "webhooks")


def delete(apps, schema_editor):
    Permission = apps.get_model("auth", "Permission")
    for group in apps.get_model("auth", "Group").objects.all():
        group.permissions.remove(*Permission.objects.filter(content_type__app_label="webhooks", group=group))


class Migration(migrations.Migration):
    dependencies = [("webhooks", "0001_initial"), ("codes", "0003_roles")]
    operations = [migrations.RunPython(create, delete)]
