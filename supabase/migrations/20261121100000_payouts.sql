-- What the exchange pays beside fills: claims, settled profit, rewards, forced closes for the pool's
-- sake, and the pool's own shares. Written by the indexer (service_role) only.

alter type cancel_reason add value 'other_leg';

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

revoke all on cash_flows, pool_shares, pool_transfers from public, anon, authenticated, service_role;
grant select, insert, update, delete on cash_flows, pool_shares, pool_transfers to service_role;
grant select on cash_flows, pool_shares, pool_transfers to authenticated;

create policy cash_flows_read_own on cash_flows for select to authenticated
  using (account = any ((select private.my_accounts())::text[]));
create policy pool_shares_read_own on pool_shares for select to authenticated
  using (owner = (select private.my_wallet()));
create policy pool_transfers_read_own on pool_transfers for select to authenticated
  using (owner = (select private.my_wallet()));
