import type { ModelRequest, TenantKey } from './request.ts';
import type { Step } from './step.ts';

const send = (request: ModelRequest): Step => ({ step: 'send', request });

/** The way from nothing to a purge, one request for each state. */
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

/** It is cancelled with as much of it done as can be undone. */
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

/** A whole life. Each path is cancelled before it is taken; in each state everything that is refused there is tried, held and not. */
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
