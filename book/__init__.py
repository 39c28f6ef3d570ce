"""What turns the chapters into pages: execution, rendering, and the checks of both."""
