#!/usr/bin/env python
"""Django's command line, for the desk."""

import os
import sys

from allcore import memory

if __name__ == "__main__":
    memory.begin()
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "allcore.settings")
    from django.core.management import execute_from_command_line

    execute_from_command_line(sys.argv)
