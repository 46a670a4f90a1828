from django.db import migrations, models


class Migration(migrations.Migration):
    """The label alone."""

    dependencies = [("notices", "0001_initial")]
    operations = [
        migrations.AlterField(
            "noticesent",
            "kind",
            models.CharField(
                choices=[("expiry", "A code expires"), ("stalled", "A filing has stalled")],
                max_length=10,
                verbose_name="kind",
            ),
        ),
    ]
