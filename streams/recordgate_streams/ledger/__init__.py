"""The ledger database: rows, statements and the transaction that keeps them true."""
