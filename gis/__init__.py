"""Pure geometry: nothing here knows the server, the web or the database."""
