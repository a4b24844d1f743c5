-- What a forced close paid the pool for moving the skew away from balance, beside the penalty.

alter table liquidations add column impact_e6 bigint not null default 0 check (impact_e6 >= 0);
-- Rows from before had none; each new one must say it.
alter table liquidations alter column impact_e6 drop default;
