-- SPDX-License-Identifier: BSD-2-Clause
-- What hosts share (postseal-share(8)): an admin of the database installs it once, with
-- rights to make roles and a schema:
--
--     psql -d postseal -f postseal-share.sql
--
-- Installed again it changes nothing. Only plain SQL is used by the hosts themselves; the
-- triggers below keep out what a host must not write, whatever program it runs.

begin;

do $$
begin
    if not exists (select from pg_roles where rolname = 'postseal_mx') then
        create role postseal_mx nologin;
    end if;
    if not exists (select from pg_roles where rolname = 'postseal_admin') then
        create role postseal_admin nologin in role postseal_mx;
    end if;
end $$;

create schema if not exists postseal;

-- One row. Who publishes raises n and holds the row until its transaction ends: so the order
-- of n is the order of commits, and who has read up to n has missed nothing. (A sequence is
-- not so: a number taken earlier may be committed later.)
create table if not exists postseal.fleet (
    one boolean primary key default true check (one),
    epoch uuid not null default gen_random_uuid(), -- another one: this is another database
    n bigint not null default 0
);
insert into postseal.fleet default values on conflict do nothing;

-- Which batch got which n. The nonce tells a reader that a backup was restored: then what it
-- knows as n has another nonce here, or none.
create table if not exists postseal.batch (
    n bigint primary key,
    nonce bytea not null check (length(nonce) = 16),
    origin text not null check (length(origin) between 1 and 64),
    at timestamptz not null default now()
);

-- What was seen: histories of domains and hosts. The record is the ledger's, as
-- core/record/record.h has it; what the triggers go by stands beside it.
create table if not exists postseal.fact (
    kind text collate "C" not null check (kind in ('domain', 'host')),
    key text collate "C" not null check (length(key) between 1 and 511),
    schema int not null,
    record bytea not null check (length(record) < 65536),
    first_tls bigint not null,
    last_tls bigint not null,
    latest bigint not null,
    rev bigint not null,
    n bigint not null,
    origin text not null check (length(origin) between 1 and 64),
    login text not null default session_user, -- who wrote it, whatever it says of itself
    primary key (kind, key)
);
create index if not exists fact_n on postseal.fact (n, kind, key);

-- What admins did, and what was forgotten.
create table if not exists postseal.act (
    kind text collate "C" not null
        check (kind in ('forgotten', 'override', 'pin', 'alias', 'exception')),
    key text collate "C" not null check (length(key) between 1 and 511),
    schema int not null,
    record bytea not null check (length(record) < 65536),
    stamp bigint not null,
    rev bigint not null,
    n bigint not null,
    origin text not null check (length(origin) between 1 and 64),
    login text not null default session_user, -- who wrote it, whatever it says of itself
    primary key (kind, key)
);
create index if not exists act_n on postseal.act (n, kind, key);

-- Who shares, and how far each has read. A name belongs to the login that came with it.
create table if not exists postseal.member (
    name text primary key check (length(name) between 1 and 64),
    instance bytea not null check (length(instance) = 16),
    login text not null default session_user,
    n bigint not null,
    acts boolean not null default false,
    version text not null check (length(version) <= 31),
    seen timestamptz not null default clock_timestamp()
);
-- What it has, and what it still has to tell. Null: its postseal does not say.
alter table postseal.member
    add column if not exists domains bigint check (domains >= 0),
    add column if not exists hosts bigint check (hosts >= 0),
    add column if not exists waiting bigint check (waiting >= 0);

-- A second pair of eyes (core/fleet/fleet_sighting.h): a member saw a host that had TLS without
-- it, and asks two others to look, ...
create table if not exists postseal.sighting (
    host text collate "C" not null check (length(host) between 1 and 511),
    observer text not null check (length(observer) between 1 and 64),
    seen bigint not null,
    eye1 text not null check (length(eye1) <= 64),
    eye2 text not null check (length(eye2) <= 64),
    opened timestamptz not null default clock_timestamp(),
    login text not null default session_user,
    primary key (host, observer)
);
create index if not exists sighting_opened on postseal.sighting (opened);
create index if not exists sighting_login on postseal.sighting (login, opened);

-- ... what these saw, ...
create table if not exists postseal.vote (
    host text collate "C" not null check (length(host) between 1 and 511),
    observer text not null check (length(observer) between 1 and 64),
    voter text not null check (length(voter) between 1 and 64),
    seen bigint not null,
    saw text not null check (saw in ('tls', 'plain', 'nothing')),
    login text not null default session_user,
    primary key (host, observer, voter)
);
create index if not exists vote_login on postseal.vote (login, seen);

-- ... and who tells that it lost TLS, for all.
create table if not exists postseal.telling (
    host text collate "C" primary key check (length(host) between 1 and 511),
    teller text not null check (length(teller) between 1 and 64),
    seen bigint not null,
    login text not null default session_user
);
create index if not exists telling_login on postseal.telling (login, seen);

-- The functions below look for names where PostgreSQL keeps its own and nowhere else: a host
-- may have a clock_timestamp(), or a ">", of its own, and a search_path that leads there.

-- A batch's rows have the number that n was raised to in this very transaction: else readers may
-- have passed by them already, or never come to them. (xmin: who wrote the row that is seen here.)
-- Once for all rows of a statement: a look-up for each row took half of the time to write it.
create or replace function postseal.keep_numbered() returns trigger language plpgsql
set search_path = pg_catalog, pg_temp as $$
declare
    own bigint := (select f.n from postseal.fleet f
                   where f.xmin::text = (txid_current() % 4294967296)::text);
    stray record;
begin
    select kind, key into stray from fresh
        where own is null or n <> own or origin !~ '^[A-Za-z0-9._-]+$' limit 1;
    if found then
        raise exception 'postseal: % % is of no batch of a host''s', stray.kind, stray.key
            using errcode = 'check_violation';
    end if;
    return null;
end $$;

-- A row's first rev is 1, or it might soon have its last. (After an insert: before one it is not
-- known yet whether "on conflict" makes an update of it.)
create or replace function postseal.keep_first() returns trigger language plpgsql
set search_path = pg_catalog, pg_temp as $$
begin
    raise exception 'postseal: % % begins with 1', new.kind, new.key
        using errcode = 'check_violation';
end $$;

-- 300 s: ACTS_AHEAD of core/record/acts.h.
create or replace function postseal.keep_fact() returns trigger language plpgsql
set search_path = pg_catalog, pg_temp as $$
begin
    if new.latest > extract(epoch from clock_timestamp()) + 300 then
        raise exception 'postseal: % % is dated ahead', new.kind, new.key
            using errcode = 'check_violation';
    end if;
    if new.first_tls < 0 or new.last_tls < new.first_tls or new.latest < new.last_tls or
       (new.first_tls = 0) <> (new.last_tls = 0) then
        raise exception 'postseal: % % has dates that are none', new.kind, new.key
            using errcode = 'check_violation';
    end if;
    new.login := session_user;
    if tg_op = 'UPDATE' then
        if new.kind <> old.kind or new.key <> old.key or new.rev <> old.rev + 1 or
           new.n <= old.n or new.schema < old.schema then
            raise exception 'postseal: % % is not what comes next', old.kind, old.key
                using errcode = 'check_violation';
        end if;
        -- A floor never sinks, nor begins later than it did.
        if new.last_tls < old.last_tls or
           (old.first_tls > 0 and (new.first_tls = 0 or new.first_tls > old.first_tls)) then
            raise exception 'postseal: the floor of % % would sink', old.kind, old.key
                using errcode = 'check_violation';
        end if;
    end if;
    return new;
end $$;

create or replace function postseal.keep_act() returns trigger language plpgsql
set search_path = pg_catalog, pg_temp as $$
begin
    if new.stamp > extract(epoch from clock_timestamp()) + 300 then
        raise exception 'postseal: % % is dated ahead', new.kind, new.key
            using errcode = 'check_violation';
    end if;
    new.login := session_user;
    if tg_op = 'UPDATE' and
       (new.kind <> old.kind or new.key <> old.key or new.rev <> old.rev + 1 or
        new.n <= old.n or new.schema < old.schema or new.stamp < old.stamp) then
        raise exception 'postseal: % % is not what comes next', old.kind, old.key
            using errcode = 'check_violation';
    end if;
    return new;
end $$;

create or replace function postseal.keep_fleet() returns trigger language plpgsql
set search_path = pg_catalog, pg_temp as $$
begin
    -- The database's admin may change the epoch: then each host reads all and tells all anew.
    if new.n <> old.n + 1 and (new.n <> old.n or new.epoch = old.epoch) then
        raise exception 'postseal: n goes up by one' using errcode = 'check_violation';
    end if;
    return new;
end $$;

-- Nobody takes a number that is not the one it was given.
create or replace function postseal.keep_batch() returns trigger language plpgsql
set search_path = pg_catalog, pg_temp as $$
begin
    if new.n <> (select n from postseal.fleet) then
        raise exception 'postseal: batch % is not what comes next', new.n
            using errcode = 'check_violation';
    end if;
    new.at := clock_timestamp();
    return new;
end $$;

drop trigger if exists keep on postseal.batch;
create trigger keep before insert on postseal.batch
    for each row execute function postseal.keep_batch();

create or replace function postseal.keep_member() returns trigger language plpgsql
set search_path = pg_catalog, pg_temp as $$
begin
    if tg_op = 'UPDATE' and (new.name <> old.name or old.login <> session_user) then
        raise exception 'postseal: the name % is that of %', old.name, old.login
            using errcode = 'check_violation';
    end if;
    -- Each host looks at no more than 256 members: who has broken into one of them must not be all.
    if tg_op = 'INSERT' and not exists (select from postseal.member where name = new.name) and
       (select count(*) from postseal.member where login = session_user) >= 64 then
        raise exception 'postseal: the login % has 64 names already', session_user
            using errcode = 'check_violation';
    end if;
    new.login := session_user;
    new.acts := has_table_privilege(session_user, 'postseal.act', 'insert');
    new.seen := clock_timestamp();
    return new;
end $$;

-- Of the second pair of eyes each speaks for itself: the argument is the column with its name.
create or replace function postseal.keep_voice() returns trigger language plpgsql
set search_path = pg_catalog, pg_temp as $$
declare
    speaker text := to_jsonb(new) ->> tg_argv[0];
begin
    if not exists (select from postseal.member
                   where name = speaker and login = session_user) then
        raise exception 'postseal: % is not this login''s name', speaker
            using errcode = 'check_violation';
    end if;
    if new.seen > extract(epoch from clock_timestamp()) + 300 then
        raise exception 'postseal: what was seen of % is dated ahead', new.host
            using errcode = 'check_violation';
    end if;
    if tg_op = 'UPDATE' and (new.host <> old.host or
       (tg_table_name = 'telling' and new.seen < old.seen) or
       (tg_table_name <> 'telling' and
        to_jsonb(new) ->> 'observer' <> to_jsonb(old) ->> 'observer') or
       (tg_table_name = 'vote' and to_jsonb(new) ->> 'voter' <> to_jsonb(old) ->> 'voter')) then
        raise exception 'postseal: this of % is another''s', old.host
            using errcode = 'check_violation';
    end if;
    new.login := session_user;
    if tg_table_name = 'sighting' then
        new.opened := clock_timestamp();
    end if;
    return new;
end $$;

-- What nobody waits for any more goes with the next word of the same login: after an hour what was
-- seen and asked, of which each host waits for two minutes; after 30 days who told a loss, which
-- by then all have read. So what a login may say at a time has an end, and no host reaches it: it
-- asks of 64 hosts in three minutes. (As the owner of the tables, since no host may delete.)
create or replace function postseal.tidy_voices() returns trigger language plpgsql
security definer set search_path = pg_catalog, pg_temp as $$
declare
    time bigint := extract(epoch from clock_timestamp());
    many bigint;
begin
    case tg_table_name
    when 'sighting' then
        delete from postseal.sighting
            where login = session_user and opened < clock_timestamp() - interval '1 hour';
        select count(*) into many from postseal.sighting where login = session_user;
    when 'vote' then
        delete from postseal.vote where login = session_user and seen < time - 3600;
        select count(*) into many from postseal.vote where login = session_user;
    when 'telling' then
        delete from postseal.telling where login = session_user and seen < time - 30 * 86400;
        select count(*) into many from postseal.telling where login = session_user;
    end case;
    if many > 10000 then
        raise exception 'postseal: the login % has said enough for now', session_user
            using errcode = 'check_violation';
    end if;
    return null;
end $$;

drop trigger if exists tidy on postseal.sighting;
create trigger tidy after insert on postseal.sighting
    for each statement execute function postseal.tidy_voices();
drop trigger if exists tidy on postseal.vote;
create trigger tidy after insert on postseal.vote
    for each statement execute function postseal.tidy_voices();
drop trigger if exists tidy on postseal.telling;
create trigger tidy after insert on postseal.telling
    for each statement execute function postseal.tidy_voices();
drop trigger if exists keep on postseal.sighting;
create trigger keep before insert or update on postseal.sighting
    for each row execute function postseal.keep_voice('observer');
drop trigger if exists keep on postseal.vote;
create trigger keep before insert or update on postseal.vote
    for each row execute function postseal.keep_voice('voter');
drop trigger if exists keep on postseal.telling;
create trigger keep before insert or update on postseal.telling
    for each row execute function postseal.keep_voice('teller');
drop trigger if exists keep on postseal.member;
create trigger keep before insert or update on postseal.member
    for each row execute function postseal.keep_member();
drop trigger if exists keep on postseal.fact;
create trigger keep before insert or update on postseal.fact
    for each row execute function postseal.keep_fact();
drop trigger if exists first on postseal.fact;
create trigger first after insert on postseal.fact
    for each row when (new.rev <> 1) execute function postseal.keep_first();
drop trigger if exists numbered on postseal.fact;
create trigger numbered after insert on postseal.fact referencing new table as fresh
    for each statement execute function postseal.keep_numbered();
drop trigger if exists numbered_anew on postseal.fact;
create trigger numbered_anew after update on postseal.fact referencing new table as fresh
    for each statement execute function postseal.keep_numbered();
drop trigger if exists keep on postseal.act;
create trigger keep before insert or update on postseal.act
    for each row execute function postseal.keep_act();
drop trigger if exists first on postseal.act;
create trigger first after insert on postseal.act
    for each row when (new.rev <> 1) execute function postseal.keep_first();
drop trigger if exists numbered on postseal.act;
create trigger numbered after insert on postseal.act referencing new table as fresh
    for each statement execute function postseal.keep_numbered();
drop trigger if exists numbered_anew on postseal.act;
create trigger numbered_anew after update on postseal.act referencing new table as fresh
    for each statement execute function postseal.keep_numbered();
drop trigger if exists keep on postseal.fleet;
create trigger keep before update on postseal.fleet
    for each row execute function postseal.keep_fleet();

drop function if exists postseal.is_own_batch(bigint); -- of an older postseal

-- What the admin of the database may take away at any time, with `select postseal.tidy()`: how much
-- it was. Of batches stay those that a member was still at, and the latest that each has told:
-- who misses one of these takes this for a backup, and reads all anew.
create or replace function postseal.tidy() returns bigint language sql
set search_path = pg_catalog, pg_temp as $$
    with members as (
        delete from postseal.member where seen < now() - interval '400 days' returning 1
    ), batches as (
        delete from postseal.batch b where at < now() - interval '30 days'
            and n < (select min(m.n) from postseal.member m
                     where m.seen >= now() - interval '400 days')
            and n < (select max(l.n) from postseal.batch l where l.origin = b.origin)
            returning 1
    ), sightings as (
        delete from postseal.sighting where opened < now() - interval '1 day' returning 1
    ), votes as (
        delete from postseal.vote where seen < extract(epoch from now()) - 86400 returning 1
    ), tellings as (
        delete from postseal.telling where seen < extract(epoch from now()) - 30 * 86400 returning 1
    )
    select (select count(*) from members) + (select count(*) from batches)
        + (select count(*) from sightings) + (select count(*) from votes)
        + (select count(*) from tellings)
$$;
revoke all on function postseal.tidy() from public;

-- Nobody deletes.
revoke all on all tables in schema postseal from public, postseal_mx, postseal_admin;
grant usage on schema postseal to postseal_mx;
grant select on all tables in schema postseal to postseal_mx;
grant update (n) on postseal.fleet to postseal_mx;
grant insert on postseal.batch to postseal_mx;
grant insert, update on postseal.fact to postseal_mx;
grant insert, update on postseal.member to postseal_mx;
grant insert, update on postseal.sighting, postseal.vote, postseal.telling to postseal_mx;
grant insert, update on postseal.act to postseal_admin;

commit;
