-- Prices and funding over time, public to read. The time column is part of every key, so that a table can
-- become range-partitioned by it without changing a writer or a reader.

create table candles_1m (
  market_index smallint not null,
  open_at timestamptz not null,
  open_e6 bigint not null check (open_e6 > 0),
  high_e6 bigint not null,
  low_e6 bigint not null check (low_e6 > 0),
  close_e6 bigint not null check (close_e6 > 0),
  volume float8 not null default 0,
  primary key (market_index, open_at),
  check (low_e6 <= least(open_e6, close_e6) and high_e6 >= greatest(open_e6, close_e6))
);
create index candles_1m_open_at on candles_1m using brin (open_at);

create table funding_rates (
  market_index smallint not null,
  at timestamptz not null,
  signature text not null,
  log_index integer not null,
  slot bigint not null,
  rate_e6 bigint not null,
  index_after numeric(39, 0) not null,
  oracle_price_e6 bigint not null,
  long_e9 bigint not null,
  short_e9 bigint not null,
  primary key (market_index, at, signature, log_index)
);

create table system_events (
  id uuid primary key default gen_random_uuid(),
  source text not null,
  severity event_severity not null default 'info',
  event text not null,
  detail jsonb not null default '{}',
  created_at timestamptz not null default now()
);
create index system_events_created_at on system_events (created_at desc);

alter table candles_1m enable row level security;
alter table candles_1m force row level security;
alter table funding_rates enable row level security;
alter table funding_rates force row level security;
alter table system_events enable row level security;
alter table system_events force row level security;

revoke all on candles_1m, funding_rates, system_events from public, anon, authenticated, service_role;
grant select, insert, update, delete on candles_1m, funding_rates, system_events to service_role;
grant select on candles_1m, funding_rates to anon, authenticated;

create policy candles_1m_read_all on candles_1m for select to anon, authenticated using (true);
create policy funding_rates_read_all on funding_rates for select to anon, authenticated using (true);
