from django.db import migrations, models


class Migration(migrations.Migration):
    """Refusals are few among events: one condition is looked for in them, and not in everything that happened."""

    dependencies = [("codes", "0019_by_account")]
    operations = [
        migrations.AddIndex(
            "codeevent",
            models.Index(fields=["id"], condition=models.Q(type="generation_refused"), name="event_refusals"),
        ),
    ]
