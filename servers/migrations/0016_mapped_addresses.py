from ipaddress import ip_address

from django.db import IntegrityError, migrations, transaction


def write_as_ipv4(apps, schema_editor):
    """An address such as ::ffff:203.0.113.7 is written 203.0.113.7, unless that is held or claimed beside it."""
    for name in ("IPAddress", "IPClaim"):
        rows = apps.get_model("servers", name).objects
        written = rows.filter(address__startswith="::ffff:").order_by("pk")
        for pk, address in written.values_list("pk", "address"):
            mapped = ip_address(address).ipv4_mapped
            if mapped is None:
                continue
            try:
                with transaction.atomic():
                    rows.filter(pk=pk).update(address=str(mapped))
            except IntegrityError:  # the next message about either server decides
                pass


class Migration(migrations.Migration):
    dependencies = [("servers", "0015_found_by_their_start")]
    operations = [migrations.RunPython(write_as_ipv4, migrations.RunPython.noop)]
