"""Words of arrest about who isn't wanted are refused by the database too.

Revision ID: 0033
Revises: 0032
"""

from alembic import op

revision = "0033"
down_revision = "0032"
branch_labels = None
depends_on = None

# As `gridserver.bulletins.wording` had them; a test holds the two together.
CHINESE = "逮捕|拘捕|拘留|拘传|抓捕|抓获|捉拿|缉拿|缉捕|追捕|通缉|布控|羁押|扣押|扣留|押解|押送|上铐|戴手铐|归案|在逃|逃犯|嫌疑人|嫌犯"
ENGLISH = "arrest|detain|detention|apprehend|apprehension|handcuff|imprison|incarcerate|fugitive|manhunt|take into custody|taken into custody|use force"
ENDING = "(s|ed|ing|ee|ment|d|able)?"
# Blanks of any script, signs without width, and what may stand between the signs of a word.
FILLING = (
    r"[\s\u0085\u00a0\u1680\u2000-\u200d\u2028\u2029\u202f\u205f\u2060\u3000\ufeff·.,、。*_-]+"
)

_HAS = rf"""
    CREATE FUNCTION has_words_of_arrest(said text) RETURNS boolean LANGUAGE sql IMMUTABLE AS $$
        SELECT said ~* '{CHINESE}|(^|[^A-Za-z])({ENGLISH}){ENDING}($|[^A-Za-z])'
            OR regexp_replace(said, '{FILLING}', '', 'g') ~ '{CHINESE}'
    $$
"""
_REFUSE = """
    CREATE FUNCTION refuse_words_of_arrest() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        IF EXISTS (
            SELECT FROM bulletin b JOIN bulletin_contents c ON c.bulletin_id = b.id,
            LATERAL unnest(ARRAY[c.fact, c.opinion, c.to_do, c.last_seen_place]) AS said
            WHERE b.id = CAST(to_jsonb(NEW) ->> TG_ARGV[0] AS bigint) AND b.role <> 'wanted'
              AND has_words_of_arrest(said)
        ) THEN
            RAISE EXCEPTION 'words of arrest about somebody who is not wanted'
                USING ERRCODE = 'check_violation', CONSTRAINT = 'words_of_arrest',
                      TABLE = 'bulletin_contents';
        END IF;
        RETURN NULL;
    END $$
"""
# At the end of the transaction: a draft's role and its words may change in it, one after the other.
_TRIGGERS = {
    "bulletin": ("UPDATE OF role", "id"),
    "bulletin_contents": ("INSERT OR UPDATE", "bulletin_id"),
}


def upgrade() -> None:
    op.execute(_HAS)
    op.execute(_REFUSE)
    for table, (event, column) in _TRIGGERS.items():
        op.execute(
            f"CREATE CONSTRAINT TRIGGER {table}_words AFTER {event} ON {table} "
            "DEFERRABLE INITIALLY DEFERRED FOR EACH ROW "
            f"EXECUTE FUNCTION refuse_words_of_arrest('{column}')"
        )


def downgrade() -> None:
    for table in _TRIGGERS:
        op.execute(f"DROP TRIGGER {table}_words ON {table}")
    op.execute("DROP FUNCTION refuse_words_of_arrest()")
    op.execute("DROP FUNCTION has_words_of_arrest(text)")
