"""How gunicorn serves the desk; it reads this file in the folder where it is started. The command line wins over it."""

import gc
import os

workers = int(os.environ.get("WEB_CONCURRENCY", "2"))  # one or two a core
threads = 4
worker_class = "icpportal.workers.EvenThreadWorker"  # connections spread over the processes
preload_app = True  # workers share what is loaded; a start that is refused ends at once
keepalive = 30  # seconds that a proxy may keep a connection unused
timeout = 60  # seconds without a sign of life after which a worker is replaced
graceful_timeout = 30  # seconds for what is under way, after SIGTERM
limit_request_line = 8190  # bytes, the most there is
control_socket_disable = True
logger_class = "icpportal.gunicorn_log.ServerLogger"  # lines as all others, and nothing of what was refused


def post_worker_init(worker):
    """Refusals of gunicorn's own are problems like all others."""
    from icpportal.serving import refuse_with_problems

    refuse_with_problems()


def pre_fork(server, worker):
    """What is loaded is shared until somebody writes to it, as the collector would; a connection never is."""
    from django.db import connections

    from icpportal.workers import processor_for

    others = [getattr(each, "processor", None) for each in server.WORKERS.values()]
    worker.processor = processor_for(others, processes=server.num_workers)
    connections.close_all()
    gc.freeze()
