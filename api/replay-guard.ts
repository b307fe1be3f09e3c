import { z } from 'zod';
import type { Caller } from '../engines/requests/caller.ts';
import type { AnswerSubject } from '../store/kept-answers.ts';
import { tenantTarget } from './authorization.ts';
import type { Authorize } from './authorization.ts';

/**
 * Lets a kept answer be sent again to who may still see what it is about: the caller's roles and tenants may be others than when it was made.
 * @throws TenureError not_found, forbidden
 */
export type GuardReplay = (caller: Caller, params: unknown, about: AnswerSubject | undefined) => Promise<void>;

const named = z.object({ name: z.string() });

export function createReplayGuard({ authorize }: { readonly authorize: Authorize }): GuardReplay {
  return async (caller, params, about) => {
    if (about?.tenant !== undefined)
      await authorize(caller, 'tenant.get', tenantTarget(about.tenant.name, { _id: about.tenant.uid }));
    // Kept by an earlier build: who is confined to tenants may not see what could be another's.
    if (about === undefined)
      await authorize(caller, 'tenant.get', tenantTarget(named.safeParse(params).data?.name ?? '', undefined));
  };
}
