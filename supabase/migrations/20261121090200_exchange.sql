-- The chain's mirror: what the exchange holds now. Written by the indexer (service_role) only.
-- `slot` is the slot of the newest change a row reflects; an older change never overwrites it.

create table markets (
  index smallint primary key check (index >= 0),
  address text not null unique,
  symbol text not null unique check (symbol ~ '^[A-Z0-9]{1,10}-PERP$'),
  status market_status not null default 'active',
  params jsonb not null default '{}',
  slot bigint not null default 0,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now()
);

create table accounts (
  address text primary key,
  user_id uuid references users (id) on delete set null,
  owner text not null,
  sub_account_id integer not null check (sub_account_id between 0 and 65535),
  name text not null default '',
  max_leverage integer not null default 20,
  claims_e6 bigint not null default 0,
  sequence bigint not null default 0,
  slot bigint not null default 0,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  unique (owner, sub_account_id)
);
create index accounts_user_id on accounts (user_id);

-- The wallet of the caller, and the accounts that wallet owns: the one place that says what "mine" means.
create function private.my_accounts() returns text[]
language sql stable security definer set search_path = '' as $$
  select coalesce(array_agg(a.address), '{}')
  from public.users u join public.accounts a on a.owner = u.wallet_address
  where u.id = (select auth.uid())
$$;
revoke all on function private.my_accounts() from public;
grant execute on function private.my_accounts() to authenticated;

create table user_balances (
  account text not null,
  vault_index smallint not null check (vault_index between 0 and 7),
  mint text not null,
  balance_native bigint not null,
  slot bigint not null,
  updated_at timestamptz not null default now(),
  primary key (account, vault_index)
);

create table positions (
  account text not null,
  market_index smallint not null,
  size_e9 bigint not null,
  entry_e6 bigint not null,
  funding_index numeric(39, 0) not null default 0,
  realized_pnl_e6 bigint not null default 0,
  funding_paid_e6 bigint not null default 0,
  fees_paid_e6 bigint not null default 0,
  slot bigint not null,
  updated_at timestamptz not null default now(),
  primary key (account, market_index)
);
create index positions_market_index on positions (market_index) where size_e9 <> 0;

-- client_order_id and prices come unchecked from any signer: they span all of u64, hence numeric.
create table orders (
  address text primary key,
  account text not null,
  owner text not null,
  market_index smallint not null,
  client_order_id numeric(20, 0) not null check (client_order_id >= 0),
  kind order_kind not null,
  size_e9 bigint not null check (size_e9 <> 0),
  limit_price_e6 numeric(20, 0) not null check (limit_price_e6 >= 0),
  trigger_price_e6 numeric(20, 0) not null default 0 check (trigger_price_e6 >= 0),
  reduce_only boolean not null default false,
  status order_status not null default 'open',
  reason cancel_reason,
  filled_size_e9 bigint not null default 0,
  intent_id uuid,
  placed_signature text not null,
  closed_signature text,
  placed_at timestamptz not null,
  expires_at timestamptz,
  closed_at timestamptz,
  slot bigint not null,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  unique (account, client_order_id),
  check ((status = 'cancelled') = (reason is not null))
);
create index orders_account_placed_at on orders (account, placed_at desc);
create index orders_open_by_market on orders (market_index) where status = 'open';
create index orders_intent_id on orders (intent_id) where intent_id is not null;

alter table markets enable row level security;
alter table markets force row level security;
alter table accounts enable row level security;
alter table accounts force row level security;
alter table user_balances enable row level security;
alter table user_balances force row level security;
alter table positions enable row level security;
alter table positions force row level security;
alter table orders enable row level security;
alter table orders force row level security;

revoke all on markets, accounts, user_balances, positions, orders
  from public, anon, authenticated, service_role;
grant select, insert, update, delete on markets, accounts, user_balances, positions, orders to service_role;
grant select on markets to anon, authenticated;
grant select on accounts, user_balances, positions, orders to authenticated;

create policy markets_read_all on markets for select to anon, authenticated using (true);
create policy accounts_read_own on accounts for select to authenticated
  using (address = any ((select private.my_accounts())::text[]));
create policy user_balances_read_own on user_balances for select to authenticated
  using (account = any ((select private.my_accounts())::text[]));
create policy positions_read_own on positions for select to authenticated
  using (account = any ((select private.my_accounts())::text[]));
create policy orders_read_own on orders for select to authenticated
  using (account = any ((select private.my_accounts())::text[]));
