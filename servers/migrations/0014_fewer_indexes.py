from django.db import migrations, models


def drop_indexes(apps, schema_editor):
    """Not by altering the column: Django would drop the constraint on the same column with them."""
    model = apps.get_model("servers", "IPAddress")
    for name in schema_editor._constraint_names(model, ["address"], index=True, exclude={"ip_one_live_holder"}):
        schema_editor.execute(schema_editor._delete_index_sql(model, name))


def create_indexes(apps, schema_editor):
    model = apps.get_model("servers", "IPAddress")
    for statement in schema_editor._field_indexes_sql(model, model._meta.get_field("address")):
        schema_editor.execute(statement)


class Migration(migrations.Migration):
    """PostgreSQL keeps a second index beside that of each indexed text, for how it begins: one is enough everywhere."""

    dependencies = [("servers", "0013_by_account")]
    operations = [
        migrations.RunPython(drop_indexes, create_indexes),
        migrations.SeparateDatabaseAndState(
            state_operations=[
                migrations.AlterField("ipaddress", "address", models.CharField(max_length=45, verbose_name="address"))
            ]
        ),
        migrations.AlterField("server", "instance_id", models.CharField(max_length=64, verbose_name="instance ID")),
        migrations.AlterField("server", "name", models.CharField(blank=True, max_length=200, verbose_name="name")),
        migrations.AddIndex("ipaddress", models.Index(fields=["address"], name="ip_by_address")),
        migrations.AddIndex(
            "server", models.Index(fields=["name"], name="server_by_name", opclasses=["varchar_pattern_ops"])
        ),
        migrations.AddConstraint(
            "server", models.UniqueConstraint(fields=("instance_id",), name="server_instance_id_once")
        ),
    ]
