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
const maxCached = 500;

export function createTemplates({ resources, revisions }: Pick<Store, 'resources' | 'revisions'>): Templates {
  const cache = new Map<string, TemplateVersion>();

  function cached(template: TemplateVersion): TemplateVersion {
    const [oldest] = cache.keys();
    if (cache.size >= maxCached && oldest !== undefined) cache.delete(oldest);
    cache.set(`${template.name}@${template.version}`, template);
    return template;
  }

  async function version(name: string, wanted?: number): Promise<TemplateVersion> {
    const known = wanted === undefined ? undefined : cache.get(`${name}@${wanted}`);
    if (known !== undefined) return known;
    const latest = await resources.find('TenantTemplate', name);
    if (latest === undefined) {
      const others = await resources.names('TenantTemplate', 50);
      throw new TenureError('template_not_available', `template "${name}" does not exist`, {
        errors: [{ pointer: '/spec/template/name', message: `"${name}" does not exist`, allowed: others }],
      });
    }
    if (wanted === undefined || wanted === latest.generation)
      return cached({ name, version: latest.generation, spec: latest.spec });
    const revision = wanted > latest.generation ? undefined : await revisions.ofTemplate(latest._id, wanted);
    if (revision === undefined) {
      throw new TenureError('template_not_available', `template "${name}" has no version ${wanted}`, {
        errors: [{ pointer: '/spec/template/version', message: `the versions are 1 to ${latest.generation}` }],
      });
    }
    return cached({ name, version: wanted, spec: revision.spec });
  }

  return {
    version,
    of: async ({ template }) => (template === undefined ? undefined : version(template.name, template.version)),
  };
}
