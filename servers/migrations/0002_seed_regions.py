from django.db import migrations

from servers.regions import REGIONS


def seed(apps, schema_editor):
    Region = apps.get_model("servers", "Region")
    for code, (jurisdiction, name_en, name_zh) in REGIONS.items():
        Region.objects.get_or_create(
            code=code, defaults={"jurisdiction": jurisdiction, "name_en": name_en, "name_zh": name_zh}
        )


class Migration(migrations.Migration):
    dependencies = [("servers", "0001_initial")]
    operations = [migrations.RunPython(seed, migrations.RunPython.noop)]
