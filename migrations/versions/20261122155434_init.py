"""init

Revision ID: 20261122155434
Revises: base
Create Date: 2026-11-22 15:54:34+00:00
"""

from alembic import op
import sqlalchemy as sa

revision = '20261122155434'
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('level',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('slug', sa.String(length=100), nullable=False, comment='Name in URLs and seeds'),
    sa.Column('name', sa.String(length=100), nullable=False, comment='Name that people read'),
    sa.Column('position', sa.Integer(), nullable=False, comment='Order among the levels, lowest first'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_level')),
    sa.UniqueConstraint('slug', name=op.f('uq_level_slug')),
    comment='A level of proficiency: Beginner, Intermediate, Advanced.'
    )
    op.create_table('user',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('email', sa.String(length=254), nullable=False, comment='Address for signing in and for mail'),
    sa.Column('username', sa.String(length=50), nullable=False, comment='Public name'),
    sa.Column('password_hash', sa.String(length=255), nullable=False, comment='Salted hash (scrypt, Argon2), never the password'),
    sa.Column('is_active', sa.Boolean(), nullable=False, comment='May sign in'),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False, comment='UTC'),
    sa.Column('updated_at', sa.DateTime(timezone=True), nullable=False, comment='UTC'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_user')),
    sa.UniqueConstraint('email', name=op.f('uq_user_email')),
    sa.UniqueConstraint('username', name=op.f('uq_user_username')),
    comment='Somebody who learns.'
    )
    op.create_table('aggregate_score',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('user_id', sa.Integer(), nullable=False),
    sa.Column('period', sa.Enum('daily', 'weekly', 'monthly', 'overall', name='scoreperiod'), nullable=False),
    sa.Column('period_start', sa.Date(), nullable=False, comment='First day of the period; for overall, the day of the first score'),
    sa.Column('score', sa.Float(), nullable=False, comment='0 to 100'),
    sa.Column('units_done', sa.Integer(), nullable=False, comment='Units completed in the period'),
    sa.CheckConstraint('score BETWEEN 0 AND 100', name=op.f('ck_aggregate_score_score')),
    sa.ForeignKeyConstraint(['user_id'], ['user.id'], name=op.f('fk_aggregate_score_user_id_user'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_aggregate_score')),
    sa.UniqueConstraint('user_id', 'period', 'period_start', name=op.f('uq_aggregate_score_user_id_period_period_start')),
    comment="A user's score over a day, a week, a month, or all time."
    )
    op.create_index(op.f('ix_aggregate_score_user_id'), 'aggregate_score', ['user_id'], unique=False)
    op.create_table('daily_plan',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('user_id', sa.Integer(), nullable=False),
    sa.Column('day', sa.Date(), nullable=False, comment="In the user's own time zone"),
    sa.ForeignKeyConstraint(['user_id'], ['user.id'], name=op.f('fk_daily_plan_user_id_user'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_daily_plan')),
    sa.UniqueConstraint('user_id', 'day', name=op.f('uq_daily_plan_user_id_day')),
    comment='What a user means to learn on one day.'
    )
    op.create_index(op.f('ix_daily_plan_user_id'), 'daily_plan', ['user_id'], unique=False)
    op.create_table('story',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('level_id', sa.Integer(), nullable=False),
    sa.Column('slug', sa.String(length=100), nullable=False, comment='Name in URLs and seeds'),
    sa.Column('title', sa.String(length=200), nullable=False),
    sa.Column('description', sa.String(length=2000), nullable=True),
    sa.Column('position', sa.Integer(), nullable=False, comment='Order within the level, lowest first'),
    sa.ForeignKeyConstraint(['level_id'], ['level.id'], name=op.f('fk_story_level_id_level'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_story')),
    sa.UniqueConstraint('slug', name=op.f('uq_story_slug')),
    comment='A learning context within a level.'
    )
    op.create_index(op.f('ix_story_level_id'), 'story', ['level_id'], unique=False)
    op.create_table('unit',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('story_id', sa.Integer(), nullable=False),
    sa.Column('slug', sa.String(length=100), nullable=False, comment='Name in URLs and seeds'),
    sa.Column('title', sa.String(length=200), nullable=False),
    sa.Column('description', sa.String(length=2000), nullable=True),
    sa.Column('position', sa.Integer(), nullable=False, comment='Order within the story, lowest first'),
    sa.ForeignKeyConstraint(['story_id'], ['story.id'], name=op.f('fk_unit_story_id_story'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_unit')),
    sa.UniqueConstraint('slug', name=op.f('uq_unit_slug')),
    comment='A learning module within a story.'
    )
    op.create_index(op.f('ix_unit_story_id'), 'unit', ['story_id'], unique=False)
    op.create_table('daily_plan_entry',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('plan_id', sa.Integer(), nullable=False),
    sa.Column('unit_id', sa.Integer(), nullable=False),
    sa.Column('position', sa.Integer(), nullable=False, comment='Order within the plan, lowest first'),
    sa.Column('is_done', sa.Boolean(), nullable=False),
    sa.ForeignKeyConstraint(['plan_id'], ['daily_plan.id'], name=op.f('fk_daily_plan_entry_plan_id_daily_plan'), ondelete='CASCADE'),
    sa.ForeignKeyConstraint(['unit_id'], ['unit.id'], name=op.f('fk_daily_plan_entry_unit_id_unit'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_daily_plan_entry')),
    sa.UniqueConstraint('plan_id', 'position', name=op.f('uq_daily_plan_entry_plan_id_position')),
    comment='A unit in a daily plan, in order.'
    )
    op.create_index(op.f('ix_daily_plan_entry_plan_id'), 'daily_plan_entry', ['plan_id'], unique=False)
    op.create_index(op.f('ix_daily_plan_entry_unit_id'), 'daily_plan_entry', ['unit_id'], unique=False)
    op.create_table('pronunciation_attempt',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('user_id', sa.Integer(), nullable=False),
    sa.Column('unit_id', sa.Integer(), nullable=False),
    sa.Column('object_key', sa.String(length=500), nullable=False, comment='Key of the recording in its MinIO bucket'),
    sa.Column('score', sa.Float(), nullable=True, comment='0 to 100; empty until judged'),
    sa.Column('feedback', sa.String(length=2000), nullable=True),
    sa.Column('recorded_at', sa.DateTime(timezone=True), nullable=False, comment='UTC'),
    sa.CheckConstraint('score BETWEEN 0 AND 100', name=op.f('ck_pronunciation_attempt_score')),
    sa.ForeignKeyConstraint(['unit_id'], ['unit.id'], name=op.f('fk_pronunciation_attempt_unit_id_unit'), ondelete='CASCADE'),
    sa.ForeignKeyConstraint(['user_id'], ['user.id'], name=op.f('fk_pronunciation_attempt_user_id_user'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_pronunciation_attempt')),
    sa.UniqueConstraint('user_id', 'unit_id', 'recorded_at', name=op.f('uq_pronunciation_attempt_user_id_unit_id_recorded_at')),
    comment="A recording of a user who speaks a unit's phrase, and how well it went."
    )
    op.create_index(op.f('ix_pronunciation_attempt_unit_id'), 'pronunciation_attempt', ['unit_id'], unique=False)
    op.create_index(op.f('ix_pronunciation_attempt_user_id'), 'pronunciation_attempt', ['user_id'], unique=False)
    op.create_table('unit_asset',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('unit_id', sa.Integer(), nullable=False),
    sa.Column('kind', sa.Enum('video', 'audio', 'subtitle', 'screenshot', 'metadata', name='assetkind'), nullable=False),
    sa.Column('object_key', sa.String(length=500), nullable=False, comment='Key of the object in its MinIO bucket'),
    sa.Column('media_type', sa.String(length=100), nullable=False, comment='Such as video/mp4'),
    sa.Column('language', sa.String(length=10), nullable=True, comment='BCP 47 tag, where there is speech or text'),
    sa.Column('size_bytes', sa.Integer(), nullable=True),
    sa.CheckConstraint('size_bytes >= 0', name=op.f('ck_unit_asset_size_bytes')),
    sa.ForeignKeyConstraint(['unit_id'], ['unit.id'], name=op.f('fk_unit_asset_unit_id_unit'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_unit_asset')),
    sa.UniqueConstraint('object_key', name=op.f('uq_unit_asset_object_key')),
    comment='A media file of a unit, kept in MinIO.'
    )
    op.create_index(op.f('ix_unit_asset_unit_id'), 'unit_asset', ['unit_id'], unique=False)
    op.create_table('user_progress',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('user_id', sa.Integer(), nullable=False),
    sa.Column('unit_id', sa.Integer(), nullable=False),
    sa.Column('status', sa.Enum('not_started', 'in_progress', 'done', name='progressstatus'), nullable=False),
    sa.Column('score', sa.Float(), nullable=True, comment='Best score so far, 0 to 100'),
    sa.Column('attempts', sa.Integer(), nullable=False),
    sa.Column('completed_at', sa.DateTime(timezone=True), nullable=True, comment='UTC; empty until done'),
    sa.CheckConstraint('attempts >= 0', name=op.f('ck_user_progress_attempts')),
    sa.CheckConstraint('score BETWEEN 0 AND 100', name=op.f('ck_user_progress_score')),
    sa.ForeignKeyConstraint(['unit_id'], ['unit.id'], name=op.f('fk_user_progress_unit_id_unit'), ondelete='CASCADE'),
    sa.ForeignKeyConstraint(['user_id'], ['user.id'], name=op.f('fk_user_progress_user_id_user'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_user_progress')),
    sa.UniqueConstraint('user_id', 'unit_id', name=op.f('uq_user_progress_user_id_unit_id')),
    comment='How far a user is with a unit.'
    )
    op.create_index(op.f('ix_user_progress_unit_id'), 'user_progress', ['unit_id'], unique=False)
    op.create_index(op.f('ix_user_progress_user_id'), 'user_progress', ['user_id'], unique=False)


def downgrade() -> None:
    op.drop_table('user_progress')
    sa.Enum(name='progressstatus').drop(op.get_bind(), checkfirst=False)
    op.drop_table('unit_asset')
    sa.Enum(name='assetkind').drop(op.get_bind(), checkfirst=False)
    op.drop_table('pronunciation_attempt')
    op.drop_table('daily_plan_entry')
    op.drop_table('unit')
    op.drop_table('story')
    op.drop_table('daily_plan')
    op.drop_table('aggregate_score')
    sa.Enum(name='scoreperiod').drop(op.get_bind(), checkfirst=False)
    op.drop_table('user')
    op.drop_table('level')
