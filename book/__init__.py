"""What turns the chapters into pages: execution, rendering, and the checks of both."""

import sys

# nbformat asks jsonschema, and that would make a grammar of all addresses, which takes a second
# each time and which nobody asks for. None stands for a module that is not installed.
sys.modules.setdefault("rfc3987_syntax", None)
