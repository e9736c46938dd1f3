"""`GET /api/…`: what the pages show as read-only JSON, with an OpenAPI document, for the roles that see it on the pages."""
