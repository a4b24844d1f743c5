-- What people asked for. Recorded before any bytes leave the server; its outcome may be unknown, never lost.

create table intents (
  id uuid primary key default gen_random_uuid(),
  user_id uuid not null references users (id),
  account text not null,
  kind intent_kind not null,
  client_order_id numeric(20, 0) check (client_order_id >= 0),
  request jsonb not null default '{}',
  message_bytes bytea not null check (length(message_bytes) <= 1232),
  signed_transaction bytea check (length(signed_transaction) <= 1232),
  state intent_state not null default 'prepared',
  signature text unique,
  last_valid_block_height bigint not null,
  error jsonb,
  created_at timestamptz not null default now(),
  signed_at timestamptz,
  sent_at timestamptz,
  resolved_at timestamptz,
  updated_at timestamptz not null default now(),
  check (kind <> 'place_order' or client_order_id is not null),
  check (state in ('prepared', 'expired', 'rejected') or signature is not null)
);
create index intents_user_id_created_at on intents (user_id, created_at desc);
-- The sender's queue: everything that may still land.
create index intents_unresolved on intents (updated_at)
  where state in ('signed', 'sent', 'processed', 'confirmed', 'unknown');
create index intents_prepared on intents (created_at) where state = 'prepared';
-- One live order per client order id; an id is free again when its transaction can no longer land.
create unique index intents_client_order_id on intents (account, client_order_id)
  where kind = 'place_order' and state not in ('rejected', 'expired');

alter table intents enable row level security;
alter table intents force row level security;

revoke all on intents from public, anon, authenticated, service_role;
grant select, insert, update, delete on intents to service_role;
grant select on intents to authenticated;
grant insert (id, user_id, account, kind, client_order_id, request, message_bytes, last_valid_block_height)
  on intents to authenticated;

create policy intents_read_own on intents for select to authenticated
  using (user_id = (select auth.uid()));
create policy intents_insert_own on intents for insert to authenticated
  with check (user_id = (select auth.uid()));
