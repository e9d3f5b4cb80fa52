"""Names as the plugin reads and writes them, and the zones that they fall under."""
