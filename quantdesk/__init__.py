"""QuantDesk: a command centre for perpetual futures on Solana."""
