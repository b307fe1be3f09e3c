import type { ProblemCode } from '../../contracts/problems.ts';
import type { On } from './request.ts';
import type { ModelTenant, World } from './world.ts';

/** An answer that the model allows in one world, and the world after it. */
export type Allowed =
  | { readonly refused: ProblemCode }
  | {
      readonly status: 200 | 201 | 202;
      /** The operation in the answer: an existing one, a new one, or none. */
      readonly operation: { readonly id: string } | 'new' | 'none';
      /** Whether the request commits anything. */
      readonly changes: boolean;
      /** Takes the id of the new operation, if there is one, and the ids of the operations that follow it. */
      readonly after: (operationId: string, following: readonly string[]) => World;
    };

export const refusals = (...codes: ProblemCode[]): Allowed[] => [...new Set(codes)].map((refused) => ({ refused }));

export function unchanged(world: World, status: 200 | 202 = 200): Allowed[] {
  const operation = world.tenant?.operation ?? null;
  return [
    {
      status: operation === null ? status : 202,
      operation: operation === null ? 'none' : { id: operation.id },
      changes: false,
      after: () => world,
    },
  ];
}

export function settled(world: World, tenant: ModelTenant, status: 200 | 201 = 200): Allowed[] {
  return [{ status, operation: 'none', changes: true, after: () => ({ ...world, tenant, moved: true }) }];
}

export const isStale = (on: On | 'absent', { moved }: World): boolean => on === 'stale' || (on === 'current' && moved);
