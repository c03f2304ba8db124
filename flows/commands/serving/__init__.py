"""Commands around Prefect: its local server, and deployments."""
