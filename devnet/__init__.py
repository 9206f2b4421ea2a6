"""The development network: real PostgreSQL, Valkey and Anvil where no URL names one, and the processes on top."""
