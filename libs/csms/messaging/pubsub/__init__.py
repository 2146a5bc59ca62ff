"""The bus on Google Cloud Pub/Sub. Only this package knows Pub/Sub."""
