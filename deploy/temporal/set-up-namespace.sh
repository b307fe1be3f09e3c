#!/bin/sh
# Makes the namespace and the search attributes that Tenure's workflows have. May be repeated. Needs TEMPORAL_ADDRESS and TEMPORAL_NAMESPACE.
set -eu

temporal operator namespace describe --namespace "$TEMPORAL_NAMESPACE" >/dev/null 2>&1 ||
  temporal operator namespace create --namespace "$TEMPORAL_NAMESPACE" --retention 72h

known=$(temporal operator search-attribute list --namespace "$TEMPORAL_NAMESPACE")
for name in TenureTenant TenureTenantUid TenureOperationKind TenureOperationId TenureRegion TenurePlan; do
  case $known in
    *"$name "*) ;;
    *) temporal operator search-attribute create --namespace "$TEMPORAL_NAMESPACE" --name "$name" --type Keyword ;;
  esac
done
