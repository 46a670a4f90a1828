from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("webhooks", "0002_roles")]
    operations = [
        migrations.AddIndex(
            "webhookdelivery",
            models.Index(fields=["id"], condition=models.Q(state="given_up"), name="webhook_given_up"),
        ),
    ]
