"""The chain of hashes: linked by a deferred trigger at commit, and closed to every change."""

from django.db import migrations

# audit_text is what is hashed: one JSON array, so that no two entries have the same text. jsonb prints canonically.
# The lock is taken at commit, by the deferred trigger, and held until the transaction is visible to the next.
FORWARDS = """
CREATE FUNCTION audit_text(prev_hash text, seq bigint, e audit_entry) RETURNS text
LANGUAGE sql STABLE AS $$
    SELECT jsonb_build_array(
        prev_hash, seq, to_char(e.at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'),
        e.actor, e.action, e.subject, e.account, e.trace_id, e.payload
    )::text
$$;

CREATE FUNCTION audit_link_entry() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    last audit_link;
    next_seq bigint;
    previous text;
BEGIN
    PERFORM pg_advisory_xact_lock(7305804402);
    SELECT * INTO last FROM audit_link ORDER BY seq DESC LIMIT 1;
    next_seq := coalesce(last.seq, 0) + 1;
    previous := coalesce(last.hash, repeat('0', 64));
    INSERT INTO audit_link (seq, entry_id, prev_hash, hash)
    VALUES (
        next_seq, NEW.id, previous,
        encode(sha256(convert_to(audit_text(previous, next_seq, NEW), 'UTF8')), 'hex')
    );
    RETURN NULL;
END
$$;

CREATE CONSTRAINT TRIGGER audit_chain AFTER INSERT ON audit_entry
DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION audit_link_entry();

CREATE FUNCTION audit_is_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'The audit trail is append-only: % on % is refused.', TG_OP, TG_TABLE_NAME
        USING ERRCODE = 'restrict_violation';
END
$$;

CREATE TRIGGER audit_entry_no_change BEFORE UPDATE OR DELETE ON audit_entry
FOR EACH ROW EXECUTE FUNCTION audit_is_append_only();
CREATE TRIGGER audit_link_no_change BEFORE UPDATE OR DELETE ON audit_link
FOR EACH ROW EXECUTE FUNCTION audit_is_append_only();
CREATE TRIGGER audit_entry_no_truncate BEFORE TRUNCATE ON audit_entry
FOR EACH STATEMENT EXECUTE FUNCTION audit_is_append_only();
CREATE TRIGGER audit_link_no_truncate BEFORE TRUNCATE ON audit_link
FOR EACH STATEMENT EXECUTE FUNCTION audit_is_append_only();
"""

BACKWARDS = """
DROP TRIGGER audit_link_no_truncate ON audit_link;
DROP TRIGGER audit_entry_no_truncate ON audit_entry;
DROP TRIGGER audit_link_no_change ON audit_link;
DROP TRIGGER audit_entry_no_change ON audit_entry;
DROP FUNCTION audit_is_append_only();
DROP TRIGGER audit_chain ON audit_entry;
DROP FUNCTION audit_link_entry();
DROP FUNCTION audit_text(text, bigint, audit_entry);
"""


class Migration(migrations.Migration):
    dependencies = [("audit", "0001_initial")]

    operations = [migrations.RunSQL(FORWARDS, BACKWARDS)]
