import django.db.models.deletion
from django.db import migrations, models

# Django's indexes of the columns, which those that lead with the same column make needless. Dropped by name: altering
# the fields would make SQLite build the table anew, without its triggers.
_NEEDLESS = {
    "account": "codes_codeevent_account_id_36100b32",
    "server": "codes_codeevent_server_id_452b060e",
    "code": "codes_codeevent_code_id_1dc8c283",
}
_MODELS = {"account": "servers.account", "server": "servers.server", "code": "codes.authorizationcode"}


def _without_index(name, to):
    is_code = {"null": True, "blank": True} if name == "code" else {}
    return migrations.AlterField(
        "codeevent",
        name,
        models.ForeignKey(
            on_delete=django.db.models.deletion.PROTECT,
            related_name="events",
            to=to,
            verbose_name=name,
            db_index=False,
            **is_code,
        ),
    )


class Migration(migrations.Migration):
    dependencies = [("codes", "0013_staff_roles")]
    operations = [
        migrations.SeparateDatabaseAndState(
            state_operations=[_without_index(name, to) for name, to in _MODELS.items()],
            database_operations=[
                migrations.RunSQL(
                    f"DROP INDEX IF EXISTS {index}",
                    f"CREATE INDEX IF NOT EXISTS {index} ON codes_codeevent ({column}_id)",
                )
                for column, index in _NEEDLESS.items()
            ],
        ),
        migrations.AddIndex("codeevent", models.Index(fields=["type", "id"], name="event_of_type")),
        migrations.AddIndex(
            "codeevent",
            models.Index(
                fields=["channel", "id"],
                condition=models.Q(channel__in=("admin", "self_service")),
                name="event_by_people",
            ),
        ),
    ]
