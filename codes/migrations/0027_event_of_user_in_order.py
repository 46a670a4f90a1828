from django.db import migrations, models


class Migration(migrations.Migration):
    """What somebody did is listed by index, the newest first."""

    dependencies = [("codes", "0026_bulk_row_without_why")]
    operations = [
        migrations.RemoveIndex(model_name="codeevent", name="event_of_user"),
        migrations.AddIndex(
            model_name="codeevent",
            index=models.Index(
                condition=models.Q(("user__isnull", False)), fields=["user", "id"], name="event_of_user"
            ),
        ),
    ]
