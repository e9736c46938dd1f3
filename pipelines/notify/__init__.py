"""Messages about late reports, new editions and failures. A message is written to the outbox first and sent afterwards."""
