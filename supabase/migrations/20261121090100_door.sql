-- Who may come in: wallets, sign-in nonces, sessions. Written by the door (service_role) only.

create table users (
  id uuid primary key default gen_random_uuid(),
  wallet_address text not null unique check (wallet_address ~ '^[1-9A-HJ-NP-Za-km-z]{32,44}$'),
  role user_role not null default 'trader',
  metadata jsonb not null default '{}',
  created_at timestamptz not null default now()
);

create table sessions (
  token_hash bytea primary key check (length(token_hash) = 32),
  user_id uuid not null references users (id) on delete cascade,
  created_at timestamptz not null default now(),
  expires_at timestamptz not null,
  revoked_at timestamptz,
  user_agent text check (length(user_agent) <= 400),
  check (expires_at > created_at)
);
create index sessions_user_id on sessions (user_id);
create index sessions_expires_at on sessions (expires_at);

create table sign_in_nonces (
  nonce text primary key check (nonce ~ '^[A-Za-z0-9]{22,64}$'),
  wallet_address text not null,
  browser_hash bytea not null check (length(browser_hash) = 32),
  message text not null check (octet_length(message) <= 2048),
  issued_at timestamptz not null,
  expires_at timestamptz not null,
  used_at timestamptz,
  check (expires_at > issued_at and expires_at <= issued_at + interval '5 minutes')
);
create index sign_in_nonces_expires_at on sign_in_nonces (expires_at);

alter table users enable row level security;
alter table users force row level security;
alter table sessions enable row level security;
alter table sessions force row level security;
alter table sign_in_nonces enable row level security;
alter table sign_in_nonces force row level security;

revoke all on users, sessions, sign_in_nonces from public, anon, authenticated, service_role;
grant select, insert, update, delete on users, sessions, sign_in_nonces to service_role;
grant select (id, wallet_address, role, created_at) on users to authenticated;

create policy users_read_own on users for select to authenticated
  using (id = (select auth.uid()));
