"""PostgreSQL keeps two promises of the books: what was written stays, and money comes from somewhere.

Truncating is left alone (tests with real transactions empty tables); the audit chain guards against it.
"""

from django.db import migrations

FORWARD = """
CREATE FUNCTION ledger_is_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% is append-only: % refused', TG_TABLE_NAME, TG_OP USING ERRCODE = 'integrity_constraint_violation';
END $$;

CREATE TRIGGER ledger_entry_is_append_only BEFORE UPDATE OR DELETE ON ledger_entry
    FOR EACH ROW EXECUTE FUNCTION ledger_is_append_only();
CREATE TRIGGER order_event_is_append_only BEFORE UPDATE OR DELETE ON order_event
    FOR EACH ROW EXECUTE FUNCTION ledger_is_append_only();
CREATE TRIGGER book_event_is_append_only BEFORE UPDATE OR DELETE ON book_event
    FOR EACH ROW EXECUTE FUNCTION ledger_is_append_only();
CREATE TRIGGER execution_is_never_deleted BEFORE DELETE ON execution
    FOR EACH ROW EXECUTE FUNCTION ledger_is_append_only();
CREATE TRIGGER execution_changes_in_status_alone BEFORE UPDATE ON execution
    FOR EACH ROW WHEN (to_jsonb(OLD) - 'status' IS DISTINCT FROM to_jsonb(NEW) - 'status')
    EXECUTE FUNCTION ledger_is_append_only();

CREATE FUNCTION ledger_transaction_sums_to_zero() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    total numeric;
BEGIN
    SELECT sum(amount) INTO total FROM ledger_entry WHERE transaction_id = NEW.transaction_id;
    IF total <> 0 THEN
        RAISE EXCEPTION 'ledger transaction % sums to %, not zero', NEW.transaction_id, total
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NULL;
END $$;

CREATE CONSTRAINT TRIGGER ledger_transaction_sums_to_zero AFTER INSERT ON ledger_entry
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION ledger_transaction_sums_to_zero();
"""

BACK = """
DROP TRIGGER ledger_transaction_sums_to_zero ON ledger_entry;
DROP FUNCTION ledger_transaction_sums_to_zero();
DROP TRIGGER execution_changes_in_status_alone ON execution;
DROP TRIGGER execution_is_never_deleted ON execution;
DROP TRIGGER book_event_is_append_only ON book_event;
DROP TRIGGER order_event_is_append_only ON order_event;
DROP TRIGGER ledger_entry_is_append_only ON ledger_entry;
DROP FUNCTION ledger_is_append_only();
"""


class Migration(migrations.Migration):
    dependencies = [("trading", "0001_initial")]

    operations = [migrations.RunSQL(FORWARD, BACK)]
