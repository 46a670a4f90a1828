from django.db import migrations
from django.db.models import BooleanField
from django.db.models.expressions import RawSQL

from codes import append_only, chain

BATCH = 5_000
_UPDATE = {
    "postgresql": "UPDATE codes_codeevent SET place = told.place, mac = told.mac FROM "
    "(SELECT unnest(%s::bigint[]) AS id, unnest(%s::bigint[]) AS place, unnest(%s::bytea[]) AS mac) AS told "
    "WHERE codes_codeevent.id = told.id",
    "sqlite": "UPDATE codes_codeevent SET place = %s, mac = %s WHERE id = %s",
}
_HEADS = """
INSERT INTO codes_eventhead (server_id, place, mac)
SELECT server_id, place, mac FROM codes_codeevent AS event
WHERE NOT EXISTS (SELECT 1 FROM codes_codeevent AS later WHERE later.server_id = event.server_id AND later.id > event.id)
"""


def chain_events(apps, schema_editor):
    """Give the events of each server their places and MACs, in the order of their numbers."""
    connection = schema_editor.connection
    append_only.remove(connection)
    server_id, (place, before) = 0, chain.BEGINNING
    key = chain.keys()[0]
    for rows in _batches(apps.get_model("codes", "CodeEvent")):
        told = []
        for row in rows:
            if row["server_id"] != server_id:
                server_id, (place, before) = row["server_id"], chain.BEGINNING
            place += 1
            row["place"] = place
            # Columns that a later migration adds stand at what they hold when they say nothing.
            before = chain.mac(key, before, [row.get(name, empty) for name, empty in chain.COLUMNS.items()])
            told.append((place, before, row["id"]))
        _write(connection, told)
    with connection.cursor() as cursor:
        cursor.execute(_HEADS)
    append_only.install(connection)


def _batches(CodeEvent):
    after = (0, 0)
    while True:
        later = RawSQL("(server_id, id) > (%s, %s)", after, output_field=BooleanField())
        rows = list(CodeEvent.objects.filter(later).order_by("server_id", "id").values()[:BATCH])
        if not rows:
            return
        yield rows
        after = (rows[-1]["server_id"], rows[-1]["id"])


def _write(connection, told):
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            places, macs, pks = (list(column) for column in zip(*told, strict=True))
            cursor.execute(_UPDATE["postgresql"], [pks, places, macs])
        else:
            cursor.executemany(_UPDATE["sqlite"], told)


def forget(apps, schema_editor):
    with schema_editor.connection.cursor() as cursor:
        cursor.execute("DELETE FROM codes_eventhead")


class Migration(migrations.Migration):
    dependencies = [("codes", "0008_event_chain")]
    operations = [migrations.RunPython(chain_events, forget)]
