import type { ModelRequest, TenantKey } from './request.ts';
import type { Step } from './step.ts';

const send = (request: ModelRequest): Step => ({ step: 'send', request });

/** The requests from creation to purge, one for each state. */
export function wayThroughLife(tenant: TenantKey): readonly ModelRequest[] {
  return [
    { do: 'create', tenant, plan: 'basic' },
    ...(['activate', 'suspend', 'archive', 'delete'] as const).map((path): ModelRequest => ({
      do: 'verb',
      tenant,
      path,
      on: 'any',
    })),
    { do: 'purge', tenant, early: true, on: 'any' },
  ];
}

/** Cancels the operation of the request as late as it can still be undone. */
function cancelledFirst(request: ModelRequest): Step[] {
  const { tenant } = request;
  if (request.do === 'create') return [];
  const hasSteps = request.do === 'verb' && request.path !== 'delete';
  return [
    {
      step: 'while',
      request,
      at: hasSteps ? 'last-step-but-one.after-checkpoint' : 'begin.after-commit',
      others: [{ do: 'cancel', tenant, which: 'running' }],
    },
  ];
}

/**
 * A whole life. Each path is cancelled once before it is completed. In each state, every request that is refused there
 * is tried, with and without a hold.
 */
export function wholeLife(tenant: TenantKey): readonly Step[] {
  const everywhere: readonly Step[] = [
    { step: 'refusals', tenant },
    send({ do: 'hold', tenant, reason: 'a case' }),
    { step: 'refusals', tenant },
    send({ do: 'release', tenant }),
  ];
  return wayThroughLife(tenant).flatMap((request): Step[] => [
    ...cancelledFirst(request),
    send(request),
    { step: 'write', tenant },
    ...everywhere,
  ]);
}
