-- What happened on chain, event by event. (signature, log_index) names an event once and for ever,
-- so writing it again changes nothing. Written by the indexer (service_role) only.

create table chain_transactions (
  signature text primary key,
  slot bigint not null,
  index_in_slot integer not null default 0,
  error jsonb,
  block_time timestamptz,
  created_at timestamptz not null default now()
);
create index chain_transactions_slot on chain_transactions (slot, index_in_slot);

create table chain_cursor (
  name text primary key,
  slot bigint not null,
  signature text,
  updated_at timestamptz not null default now()
);

create table receipts (
  signature text not null,
  log_index integer not null,
  slot bigint not null,
  event text not null,
  account text,
  sequence bigint,
  payload jsonb not null,
  at timestamptz not null,
  created_at timestamptz not null default now(),
  primary key (signature, log_index)
);
create index receipts_account_slot on receipts (account, slot desc, log_index desc);
create index receipts_event_slot on receipts (event, slot desc);

create table trades (
  signature text not null,
  log_index integer not null,
  slot bigint not null,
  account text not null,
  market_index smallint not null,
  order_address text not null,
  client_order_id numeric(20, 0) not null,
  kind order_kind not null,
  size_e9 bigint not null,
  cost_e6 bigint not null,
  fee_e6 bigint not null,
  keeper_reward_e6 bigint not null default 0,
  insurance_fee_e6 bigint not null default 0,
  realized_pnl_e6 bigint not null,
  funding_e6 bigint not null,
  oracle_price_e6 bigint not null,
  oracle_conf_e6 bigint not null default 0,
  publish_time timestamptz,
  size_after_e9 bigint not null,
  entry_after_e6 bigint not null,
  balance_after_e6 bigint not null,
  keeper text,
  executed_at timestamptz not null,
  primary key (signature, log_index)
);
create index trades_account_executed_at on trades (account, executed_at desc);
create index trades_market_executed_at on trades (market_index, executed_at desc);
create index trades_order_address on trades (order_address);

create table transfers (
  signature text not null,
  log_index integer not null,
  slot bigint not null,
  account text not null,
  owner text not null,
  kind transfer_kind not null,
  mint text not null,
  vault_index smallint not null,
  amount_native bigint not null check (amount_native > 0),
  balance_after_native bigint not null,
  at timestamptz not null,
  primary key (signature, log_index)
);
create index transfers_account_at on transfers (account, at desc);

create table funding_payments (
  signature text not null,
  log_index integer not null,
  slot bigint not null,
  account text not null,
  market_index smallint not null,
  funding_e6 bigint not null,
  balance_after_e6 bigint,
  index_after numeric(39, 0),
  at timestamptz not null,
  primary key (signature, log_index)
);
create index funding_payments_account_at on funding_payments (account, at desc);

create table liquidations (
  signature text not null,
  log_index integer not null,
  slot bigint not null,
  account text not null,
  market_index smallint not null,
  size_e9 bigint not null,
  cost_e6 bigint not null,
  oracle_price_e6 bigint not null,
  realized_pnl_e6 bigint not null,
  funding_e6 bigint not null,
  penalty_e6 bigint not null,
  liquidator_reward_e6 bigint not null default 0,
  insurance_fee_e6 bigint not null default 0,
  insurance_paid_e6 bigint not null default 0,
  pool_loss_e6 bigint not null default 0,
  claims_e6 bigint not null default 0,
  size_after_e9 bigint not null,
  entry_after_e6 bigint not null,
  balance_after_e6 bigint not null,
  liquidator text,
  at timestamptz not null,
  primary key (signature, log_index)
);
create index liquidations_account_at on liquidations (account, at desc);
create index liquidations_at on liquidations (at desc);

alter table chain_transactions enable row level security;
alter table chain_transactions force row level security;
alter table chain_cursor enable row level security;
alter table chain_cursor force row level security;
alter table receipts enable row level security;
alter table receipts force row level security;
alter table trades enable row level security;
alter table trades force row level security;
alter table transfers enable row level security;
alter table transfers force row level security;
alter table funding_payments enable row level security;
alter table funding_payments force row level security;
alter table liquidations enable row level security;
alter table liquidations force row level security;

revoke all on chain_transactions, chain_cursor, receipts, trades, transfers, funding_payments, liquidations
  from public, anon, authenticated, service_role;
grant select, insert, update, delete
  on chain_transactions, chain_cursor, receipts, trades, transfers, funding_payments, liquidations
  to service_role;
grant select on receipts, trades, transfers, funding_payments, liquidations to authenticated;
-- Guests see that liquidations happen, not whose.
grant select (slot, market_index, size_e9, cost_e6, oracle_price_e6, penalty_e6, at) on liquidations to anon;

create policy receipts_read_own on receipts for select to authenticated
  using (account = any ((select private.my_accounts())::text[]));
create policy trades_read_own on trades for select to authenticated
  using (account = any ((select private.my_accounts())::text[]));
create policy transfers_read_own on transfers for select to authenticated
  using (account = any ((select private.my_accounts())::text[]));
create policy funding_payments_read_own on funding_payments for select to authenticated
  using (account = any ((select private.my_accounts())::text[]));
create policy liquidations_read_own on liquidations for select to authenticated
  using (account = any ((select private.my_accounts())::text[]));
create policy liquidations_read_public on liquidations for select to anon using (true);
