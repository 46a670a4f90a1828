from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("codes", "0014_events_by_type")]
    operations = [
        migrations.AddIndex(
            "filing",
            models.Index(
                fields=["began_at"], condition=models.Q(state__in=("active", "rejected")), name="filing_holds"
            ),
        ),
    ]
