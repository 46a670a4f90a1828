from django.db import migrations, models


class Migration(migrations.Migration):
    """Why a row of a bulk run was not done, by language."""

    dependencies = [("codes", "0023_one_event_at_a_time")]
    operations = [
        migrations.AddField(
            model_name="bulkrow",
            name="whys",
            field=models.JSONField(blank=True, default=dict, verbose_name="why"),
        ),
    ]
