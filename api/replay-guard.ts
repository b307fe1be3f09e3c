import { z } from 'zod';
import type { Caller } from '../engines/requests/caller.ts';
import type { AnswerSubject } from '../store/kept-answers.ts';
import { tenantTarget } from './authorization.ts';
import type { Authorize } from './authorization.ts';

/**
 * Allows a stored answer to be sent again only if the caller may still see its subject, because the caller's roles and
 * tenants may have changed.
 * @throws TenureError not_found, forbidden
 */
export type GuardReplay = (caller: Caller, params: unknown, about: AnswerSubject | undefined) => Promise<void>;

const namedParams = z.object({ name: z.string() });

export function createReplayGuard({ authorize }: { readonly authorize: Authorize }): GuardReplay {
  return async (caller, params, about) => {
    if (about?.tenant !== undefined)
      await authorize(caller, 'tenant.get', tenantTarget(about.tenant.name, { _id: about.tenant.uid }));
    // Stored by an earlier build, without its subject: a confined caller may not see it, as it could be about another
    // tenant.
    if (about === undefined)
      await authorize(caller, 'tenant.get', tenantTarget(namedParams.safeParse(params).data?.name ?? '', undefined));
  };
}
