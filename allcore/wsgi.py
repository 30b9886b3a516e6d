"""The web process's entry."""

import os
from importlib import import_module

from allcore import memory

memory.begin()

from django.conf import settings  # noqa: E402 see above
from django.core.wsgi import get_wsgi_application  # noqa: E402

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "allcore.settings")
application = get_wsgi_application()
import_module(settings.ROOT_URLCONF)  # every page and call there is: otherwise the first request would wait for them
memory.settle()
