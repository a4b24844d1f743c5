-- Closed sets, and the rule every later table starts from: nobody may do anything.

alter default privileges in schema public revoke all on tables from public, anon, authenticated, service_role;
alter default privileges in schema public revoke all on sequences from public, anon, authenticated, service_role;
alter default privileges revoke execute on functions from public;
alter default privileges in schema public revoke all on functions from public, anon, authenticated, service_role;

create schema if not exists private;
revoke all on schema private from public;
grant usage on schema private to authenticated, service_role;

create type user_role as enum ('trader', 'admin');
create type intent_kind as enum (
  'create_account', 'deposit', 'withdraw', 'place_order', 'cancel_order', 'faucet'
);
create type intent_state as enum (
  'prepared', 'signed', 'sent', 'processed', 'confirmed', 'finalized', 'rejected', 'expired', 'unknown'
);
create type market_status as enum ('active', 'reduce_only', 'paused');
create type order_kind as enum (
  'market', 'limit', 'stop_market', 'stop_limit', 'take_profit', 'trailing_stop'
);
create type order_status as enum ('open', 'filled', 'cancelled');
create type cancel_reason as enum (
  'user', 'expired', 'slippage', 'margin', 'open_interest', 'pool_reserve', 'reduce_only', 'liquidation'
);
create type transfer_kind as enum ('deposit', 'withdrawal');
create type event_severity as enum ('info', 'warning', 'critical');
