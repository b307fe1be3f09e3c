#!/bin/sh
# Makes the namespace and the search attributes that Tenure's workflows have. May be repeated. Needs TEMPORAL_ADDRESS and TEMPORAL_NAMESPACE.
set -eu

temporal operator namespace describe --namespace "$TEMPORAL_NAMESPACE" >/dev/null 2>&1 ||
  temporal operator namespace create --namespace "$TEMPORAL_NAMESPACE" --retention 72h

# The server takes some seconds to see a namespace that is new.
tries=0
until known=$(temporal operator search-attribute list --namespace "$TEMPORAL_NAMESPACE"); do
  tries=$((tries + 1))
  [ "$tries" -lt 30 ] || exit 1
  sleep 1
done
for name in TenureTenant TenureTenantUid TenureOperationKind TenureOperationId TenureRegion TenurePlan; do
  case $known in
    *"$name "*) ;;
    *) temporal operator search-attribute create --namespace "$TEMPORAL_NAMESPACE" --name "$name" --type Keyword ;;
  esac
done
