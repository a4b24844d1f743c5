-- Test funds that were sent, so that a wallet's money is explained from its first unit on.

create table faucet_grants (
  id uuid primary key default gen_random_uuid(),
  wallet_address text not null,
  lamports bigint not null check (lamports >= 0),
  usdc_e6 bigint not null check (usdc_e6 >= 0),
  signatures text[] not null,
  created_at timestamptz not null default now()
);
create index faucet_grants_wallet_address on faucet_grants (wallet_address, created_at desc);

alter table faucet_grants enable row level security;
alter table faucet_grants force row level security;

revoke all on faucet_grants from public, anon, authenticated, service_role;
grant select, insert, update, delete on faucet_grants to service_role;
grant select on faucet_grants to authenticated;

create policy faucet_grants_read_own on faucet_grants for select to authenticated
  using (wallet_address = (select private.my_wallet()));
