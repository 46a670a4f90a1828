from django.db import migrations, models


class Migration(migrations.Migration):
    """One index finds a text as a whole and by its start, in whatever order the database sorts texts."""

    dependencies = [("servers", "0014_fewer_indexes")]
    operations = [
        migrations.RemoveConstraint("server", "server_instance_id_once"),
        migrations.AddConstraint(
            "server",
            models.UniqueConstraint(
                fields=("instance_id",), name="server_instance_id_once", opclasses=["varchar_pattern_ops"]
            ),
        ),
        migrations.RemoveIndex("ipaddress", "ip_by_address"),
        migrations.AddIndex(
            "ipaddress", models.Index(fields=["address"], name="ip_by_address", opclasses=["varchar_pattern_ops"])
        ),
        migrations.AddIndex(
            "account", models.Index(fields=["name"], name="account_by_name", opclasses=["varchar_pattern_ops"])
        ),
    ]
