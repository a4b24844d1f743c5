-- What the exchange pays beside fills: claims, settled profit, rewards, forced closes for the pool's
-- sake, and the pool's own shares; brackets, mandates and the vaults that hold collateral. Written by
-- the indexer (service_role) only.

alter type cancel_reason add value 'oco';
alter type cancel_reason add value 'mandate';
alter type cancel_reason add value 'orphan';

create type order_role as enum ('plain', 'parent', 'leg_asleep', 'leg_awake');
alter table orders add column role order_role not null default 'plain';
-- The client order id of the order that opens what a leg closes.
alter table orders add column parent_id numeric(20, 0) check (parent_id >= 0);

create type close_cause as enum ('liquidation', 'deleveraging');
alter table liquidations add column cause close_cause not null default 'liquidation';
grant select (cause) on liquidations to anon;

create type cash_kind as enum ('reward', 'settled_pnl', 'claims', 'conversion');

-- US dollars that an account received (negative: paid) outside fills, funding and transfers.
create table cash_flows (
  signature text not null,
  log_index integer not null,
  account text not null,
  slot bigint not null,
  kind cash_kind not null,
  market_index smallint,
  amount_e6 bigint not null,
  at timestamptz not null,
  primary key (signature, log_index, account)
);
create index cash_flows_account_at on cash_flows (account, at desc);

-- Shares belong to a wallet, not to a trading account.
create table pool_shares (
  owner text primary key,
  shares bigint not null default 0,
  pending_shares bigint not null default 0,
  unlock_at timestamptz,
  slot bigint not null,
  updated_at timestamptz not null default now()
);

create table pool_transfers (
  signature text not null,
  log_index integer not null,
  slot bigint not null,
  owner text not null,
  kind transfer_kind not null,
  amount_e6 bigint not null check (amount_e6 > 0),
  shares bigint not null check (shares > 0),
  pool_shares_after bigint not null,
  pool_equity_e6 bigint not null,
  at timestamptz not null,
  primary key (signature, log_index)
);
create index pool_transfers_owner_at on pool_transfers (owner, at desc);

-- Caps on what a delegate may do; they span all of u64, hence numeric.
create table mandates (
  account text not null,
  delegate text not null,
  order_cap_e6 numeric(20, 0) not null,
  notional_cap_e6 numeric(20, 0) not null,
  max_leverage integer not null,
  daily_loss_e6 numeric(20, 0) not null,
  markets numeric(20, 0) not null,
  expires_at timestamptz,
  is_live boolean not null default true,
  slot bigint not null,
  updated_at timestamptz not null default now(),
  primary key (account, delegate)
);

create table vaults (
  index smallint primary key check (index >= 0),
  address text not null,
  mint text not null,
  slot bigint not null,
  updated_at timestamptz not null default now()
);

-- The wallet of the caller; null for a guest.
create function private.my_wallet() returns text
language sql stable security definer set search_path = '' as $$
  select u.wallet_address from public.users u where u.id = (select auth.uid())
$$;
revoke all on function private.my_wallet() from public;
grant execute on function private.my_wallet() to authenticated;

alter table cash_flows enable row level security;
alter table cash_flows force row level security;
alter table pool_shares enable row level security;
alter table pool_shares force row level security;
alter table pool_transfers enable row level security;
alter table pool_transfers force row level security;
alter table mandates enable row level security;
alter table mandates force row level security;
alter table vaults enable row level security;
alter table vaults force row level security;

revoke all on cash_flows, pool_shares, pool_transfers, mandates, vaults
  from public, anon, authenticated, service_role;
grant select, insert, update, delete on cash_flows, pool_shares, pool_transfers, mandates, vaults
  to service_role;
grant select on cash_flows, pool_shares, pool_transfers, mandates to authenticated;
grant select on vaults to anon, authenticated;

create policy cash_flows_read_own on cash_flows for select to authenticated
  using (account = any ((select private.my_accounts())::text[]));
create policy pool_shares_read_own on pool_shares for select to authenticated
  using (owner = (select private.my_wallet()));
create policy mandates_read_own on mandates for select to authenticated
  using (account = any ((select private.my_accounts())::text[]));
create policy vaults_read_all on vaults for select to anon, authenticated using (true);
create policy pool_transfers_read_own on pool_transfers for select to authenticated
  using (owner = (select private.my_wallet()));
