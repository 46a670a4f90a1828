from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("api", "0002_counts_and_answers")]

    operations = [
        migrations.AlterModelOptions(
            name="callcount",
            options={"default_permissions": (), "verbose_name": "calls of an API client"},
        ),
        migrations.AlterModelOptions(
            name="keptanswer",
            options={"default_permissions": (), "verbose_name": "answer kept for an API client"},
        ),
    ]
