"""Django in front of a cluster: views are plain functions on threads, and the node has a thread of its own.

python django_front.py runserver 8000    # then: curl http://127.0.0.1:8000/prices/bolt
"""

import atexit
import sys
from functools import cache

from django.conf import settings
from django.core.management import execute_from_command_line
from django.core.wsgi import get_wsgi_application
from django.http import HttpRequest, JsonResponse
from django.urls import path
from prices import GetPrice, Prices

from peerbus.actors import DeadlineExceeded, MailboxFull, NoRoute, RemoteError, Role, SendError
from peerbus.node import Node

settings.configure(ALLOWED_HOSTS=["127.0.0.1"], ROOT_URLCONF=__name__, SECRET_KEY="read it from a file")
STATUS: dict[type[SendError], int] = {NoRoute: 503, MailboxFull: 503, DeadlineExceeded: 504}


@cache
def node() -> Node:
    """Made by the first request, so in the process that serves: a server that forks does so before."""
    started = Node("web", network="shop", peers=["tcp://127.0.0.1:7400"], channels=[Prices.channel]).start()
    atexit.register(started.stop)
    return started


def price(_: HttpRequest, item: str) -> JsonResponse:
    try:
        cents = node().ask(Role("prices") / Prices, GetPrice(item), timeout=1, wait_for_peer=True).get()
    except RemoteError as error:
        return JsonResponse({"detail": str(error)}, status=404 if error.code == "unknown_item" else 500)
    except SendError as error:
        return JsonResponse({"detail": str(error)}, status=STATUS.get(type(error), 502))
    return JsonResponse({"cents": cents})


urlpatterns = [path("prices/<str:item>", price)]
application = get_wsgi_application()

if __name__ == "__main__":
    execute_from_command_line(sys.argv)
