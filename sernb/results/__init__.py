"""The stored reference runs: tables, sentences, cost."""
