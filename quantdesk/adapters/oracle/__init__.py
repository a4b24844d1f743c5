"""The oracle network: who publishes the prices that everything is decided on."""
