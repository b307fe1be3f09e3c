import type { TenantSpec } from '../../contracts/manifests/tenant.ts';
import type { TemplateVersion } from '../../domain/tenant-template.ts';
import { TenureError } from '../../domain/tenure-error.ts';
import type { Store } from '../../store/store.ts';

/** The templates of the registry, version by version. */
export interface Templates {
  /** The latest version if none is named. @throws TenureError template_not_available */
  version(name: string, version?: number): Promise<TemplateVersion>;
  /** The template version that a tenant's spec is based on. */
  of(spec: Pick<TenantSpec, 'template'>): Promise<TemplateVersion | undefined>;
}

/** How many versions to cache: a version never changes, and its number is not reused after its template is removed. */
const maxKept = 500;

export function createTemplates({ resources, revisions }: Pick<Store, 'resources' | 'revisions'>): Templates {
  const kept = new Map<string, TemplateVersion>();

  function keep(template: TemplateVersion): TemplateVersion {
    const [oldest] = kept.keys();
    if (kept.size >= maxKept && oldest !== undefined) kept.delete(oldest);
    kept.set(`${template.name}@${template.version}`, template);
    return template;
  }

  async function version(name: string, wanted?: number): Promise<TemplateVersion> {
    const known = wanted === undefined ? undefined : kept.get(`${name}@${wanted}`);
    if (known !== undefined) return known;
    const latest = await resources.find('TenantTemplate', name);
    if (latest === undefined) {
      const others = await resources.names('TenantTemplate', 50);
      throw new TenureError('template_not_available', `template "${name}" does not exist`, {
        errors: [{ pointer: '/spec/template/name', message: `"${name}" does not exist`, allowed: others }],
      });
    }
    if (wanted === undefined || wanted === latest.generation)
      return keep({ name, version: latest.generation, spec: latest.spec });
    const revision = wanted > latest.generation ? undefined : await revisions.ofTemplate(latest._id, wanted);
    if (revision === undefined) {
      throw new TenureError('template_not_available', `template "${name}" has no version ${wanted}`, {
        errors: [{ pointer: '/spec/template/version', message: `the versions are 1 to ${latest.generation}` }],
      });
    }
    return keep({ name, version: wanted, spec: revision.spec });
  }

  return {
    version,
    of: async ({ template }) => (template === undefined ? undefined : version(template.name, template.version)),
  };
}
