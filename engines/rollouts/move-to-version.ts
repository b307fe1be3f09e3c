import { canonicallyEqual } from '../../contracts/canonical-json.ts';
import type { DeclaredTenantSpec } from '../../contracts/manifests/tenant.ts';
import type { RolloutPreview } from '../../contracts/rollout.ts';
import { jsonDifference } from '../../domain/json-difference.ts';
import { planTenantChange } from '../../domain/tenant-change.ts';
import { effectiveConfig } from '../../domain/tenant-template.ts';
import type { TemplateVersion } from '../../domain/tenant-template.ts';
import { TenureError } from '../../domain/tenure-error.ts';
import type { TenantDocument } from '../../store/documents.ts';
import type { Declaration } from '../../store/resources.ts';
import { policyRefusal } from '../admission/admission.ts';
import type { Admit } from '../admission/admission.ts';
import type { Caller } from '../requests/caller.ts';
import type { Templates } from './templates.ts';

/** The current tenant with another version of its template; its services follow from the version. */
export function declaredAt(
  { labels, annotations, spec }: Pick<TenantDocument, 'labels' | 'annotations' | 'spec'>,
  { name, version }: TemplateVersion,
): Declaration<DeclaredTenantSpec> {
  const { services: _services, ...rest } = spec;
  return { labels, annotations, spec: { ...rest, template: { name, version } } };
}

/** What would change in a tenant, and whether that is allowed. Changes nothing. */
export async function previewMove(
  { templates, admit }: { readonly templates: Templates; readonly admit: Admit },
  caller: Caller,
  tenant: TenantDocument,
  to: TemplateVersion,
): Promise<RolloutPreview> {
  const { _id: uid, name, lifecycle, placement, deletion, spec: before } = tenant;
  const from = await templates.of(before);
  const base = { tenant: { name, uid, version: before.template?.version ?? to.version } };
  try {
    const { spec } = planTenantChange(declaredAt(tenant, to).spec, tenant, canonicallyEqual, {
      force: true,
      templates: { declared: to, current: from },
    });
    const changes = jsonDifference(
      { services: before.services, config: effectiveConfig(from, before.config) },
      { services: spec.services, config: effectiveConfig(to, spec.config) },
    );
    const { verdict } = await admit({
      action: 'tenant.update',
      actor: caller.actor,
      tenant: { name, uid, lifecycle, spec },
      placement,
      deletion,
    });
    return { ...base, changes, ...(verdict.allow ? {} : { refused: refusal(policyRefusal(verdict)) }) };
  } catch (error) {
    if (!(error instanceof TenureError)) throw error;
    return { ...base, changes: [], refused: refusal(error) };
  }
}

function refusal({ code, message, errors }: TenureError): NonNullable<RolloutPreview['refused']> {
  return { code, message, ...(errors.length === 0 ? {} : { errors: [...errors] }) };
}
