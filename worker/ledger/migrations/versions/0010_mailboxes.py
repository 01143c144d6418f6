"""Add mailboxes that are read over IMAP: their readers, their cursors, and the result of each UID."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

Number = sa.BigInteger().with_variant(sa.Integer, "sqlite")


def upgrade() -> None:
    op.add_column("inbound", sa.Column("duplicate_of", Number, nullable=True))
    op.create_table(
        "mailboxes",
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("mailbox", sa.Text(), nullable=False),
        sa.Column("watched", sa.Boolean(), nullable=False),
        sa.Column("silent_after", sa.Float(), nullable=False),
        sa.Column("since", sa.BigInteger(), nullable=False),
        sa.Column("owner", sa.Text(), nullable=True),
        sa.Column("lease_until", sa.BigInteger(), nullable=True),
        sa.Column("polled_at", sa.BigInteger(), nullable=True),
        sa.Column("error", sa.Text(), nullable=True),
        sa.Column("login_error", sa.Text(), nullable=True),
        sa.Column("token_ends_at", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("source", "mailbox", name="pk_mailboxes"),
    )
    op.create_table(
        "folders",
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("mailbox", sa.Text(), nullable=False),
        sa.Column("folder", sa.Text(), nullable=False),
        sa.Column("uidvalidity", sa.BigInteger(), nullable=False),
        sa.Column("first_uid", sa.BigInteger(), nullable=False),
        sa.Column("last_uid", sa.BigInteger(), nullable=False),
        sa.Column("since", sa.BigInteger(), nullable=True),
        sa.Column("reconciled_at", sa.BigInteger(), nullable=True),
        sa.Column("unaccounted", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("source", "mailbox", "folder", name="pk_folders"),
    )
    op.create_table(
        "mailbox_uids",
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("mailbox", sa.Text(), nullable=False),
        sa.Column("folder", sa.Text(), nullable=False),
        sa.Column("uidvalidity", sa.BigInteger(), nullable=False, autoincrement=False),
        sa.Column("uid", sa.BigInteger(), nullable=False, autoincrement=False),
        sa.Column("inbound_id", Number, nullable=True),
        sa.Column("outcome", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("owed", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("source", "mailbox", "folder", "uidvalidity", "uid", name="pk_mailbox_uids"),
    )
