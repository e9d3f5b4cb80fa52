"""Output without a screen: tables, JSON, YAML, zone files, exit statuses."""
