-- Nothing is seeded: markets, accounts and balances come from the chain, candles from the price feed.
select 1;
