"""SQL by noun: text on asyncpg connections, values in, records out. Transactions belong to the callers."""
