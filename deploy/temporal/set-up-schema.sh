#!/bin/sh
# Makes and updates the two databases of a Temporal server on PostgreSQL, with the tool that Temporal ships. May be repeated:
# each of the three leaves alone what is there already.
set -eu

SQL_PASSWORD=$(cat /run/secrets/temporal-db-password)
export SQL_PASSWORD

set_up() { # database, folder of its schema
  temporal-sql-tool --plugin postgres12 --ep "$SQL_HOST" -p 5432 -u "$SQL_USER" --db "$1" create
  temporal-sql-tool --plugin postgres12 --ep "$SQL_HOST" -p 5432 -u "$SQL_USER" --db "$1" setup-schema -v 0.0
  temporal-sql-tool --plugin postgres12 --ep "$SQL_HOST" -p 5432 -u "$SQL_USER" --db "$1" update-schema -d "/etc/temporal/schema/postgresql/v12/$2/versioned"
}

set_up temporal temporal
set_up temporal_visibility visibility
