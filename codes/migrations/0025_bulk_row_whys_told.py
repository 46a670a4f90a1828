from django.db import migrations

LANGUAGES = ("en", "zh-hans")


def tell(apps, schema_editor):
    rows = apps.get_model("codes", "BulkRow").objects
    for row in rows.exclude(why="").only("why").iterator():
        rows.filter(pk=row.pk).update(whys=dict.fromkeys(LANGUAGES, row.why))


def forget(apps, schema_editor):
    rows = apps.get_model("codes", "BulkRow").objects
    for row in rows.exclude(whys={}).only("whys").iterator():
        rows.filter(pk=row.pk).update(why=row.whys["en"])


class Migration(migrations.Migration):
    """What was told in one language is told in it in both: nobody knows the other any more."""

    dependencies = [("codes", "0024_bulk_row_whys")]
    operations = [migrations.RunPython(tell, forget)]
