"""What all endpoints of the API share. How an endpoint is written with it:

    class ServerDetail(Endpoint):
        scopes = {"GET": READERS, "PUT": {Scope.INVENTORY_WRITE}}   # any of; READERS: all but filings:write
        bodies = {"PUT": ServerInput}                               # an InputSerializer: strict, unknown fields refused

        @describe(summary="…", response=ServerOutput, refusals=("stale_version",))
        def put(self, call: Call, instance_id: str) -> HttpResponse:
            server, created = apply(instance_id, call.data, actor=call.client, now=call.now)
            return answer(server_payload(server), status=201 if created else 200)

    class ServerList(Endpoint):
        scopes = {"GET": READERS}
        filterset = ServerFilterSet      # a StrictFilterSet: unknown names and bad or empty values are 400
        paged = True                     # cursor, limit, count

        def get(self, call: Call) -> HttpResponse:
            servers = call.own(Server.objects.all(), "account")      # what an account-limited client sees
            rows = call.filtered(servers).values_list("pk", "name")  # led by the primary key
            return page(call, rows, payloads)                        # newest first; payloads makes dicts of rows

`Endpoint` checks in one order (401, 405, 403, 415, 413, 400, 429), gives POST its Idempotency-Key, and turns
whatever is raised into problem+json. Raise `not_found()`, `invalid("account", "unknown", _("…"))` or `Problem(code)`;
for a domain error register a translation with `@problem_of.register` in the app's api/problems.py, and `declare` its
code there, so that the documentation knows it. Mount in the app's api/urls.py, with the converters of
icpportal/api/converters.py in paths; icpportal/urls.py mounts those.
"""
