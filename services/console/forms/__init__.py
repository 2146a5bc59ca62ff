"""Forms out of JSON schemas: a payload as the fields of an HTML form, and what is submitted as a payload."""
