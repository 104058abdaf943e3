"""PostgreSQL: connections that heal, migrations, wake-ups, and the server that the product runs itself."""
