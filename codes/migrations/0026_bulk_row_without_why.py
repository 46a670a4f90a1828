from django.db import migrations


class Migration(migrations.Migration):
    """`whys` says it in every language."""

    dependencies = [("codes", "0025_bulk_row_whys_told")]
    operations = [migrations.RemoveField(model_name="bulkrow", name="why")]
