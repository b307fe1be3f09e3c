import type { Rollout } from '../../contracts/rollout.ts';
import { rolloutWorkflowId } from '../../platform/workflow-starters.ts';
import { TenureError } from '../../domain/tenure-error.ts';
import type { Admit } from '../../engines/admission/admission.ts';
import type { Caller } from '../../engines/requests/caller.ts';
import { previewMove } from '../../engines/rollouts/move-to-version.ts';
import type { Templates } from '../../engines/rollouts/templates.ts';
import {
  canTurn,
  findRollout,
  startRollout,
  stateAfter,
  tenantsOf,
  transitionRollout,
} from '../../engines/rollouts/transition-rollout.ts';
import type { RolloutCommand } from '../../engines/rollouts/transition-rollout.ts';
import type { WorkflowStarters } from '../../platform/workflow-starters.ts';
import type { Transaction } from '../../store/commit.ts';
import type { RolloutDocument, TenantTemplateDocument } from '../../store/documents.ts';
import type { MemberCounts } from '../../store/rollouts.ts';
import type { Store } from '../../store/store.ts';
import { absent } from '../authorization.ts';
import type { Authorize } from '../authorization.ts';
import type { StartOrDefer } from '../../platform/start-or-defer.ts';
import type { PageTokens } from '../page-token.ts';
import type { Allowed, RouteHandlers } from '../reply.ts';
import type { Keep } from '../answers.ts';
import { listPage } from './list-page.ts';

export interface RolloutHandlerDependencies {
  readonly store: Store;
  readonly authorize: Authorize;
  readonly admit: Admit;
  readonly templates: Templates;
  readonly pageTokens: PageTokens;
  readonly start: WorkflowStarters['startRollout'];
  /** @throws TenureError temporal_unavailable */
  readonly requireTemporal: () => Promise<void>;
  readonly startOrDefer: StartOrDefer;
}

type RolloutHandlers = Pick<
  RouteHandlers,
  'previewRollout' | 'startRollout' | 'listRollouts' | 'getRollout' | 'pauseRollout' | 'resumeRollout' | 'cancelRollout'
>;

interface VerbRequest extends RolloutCommand {
  readonly failed?: 'changing' | 'skipped';
  readonly keep?: Keep;
}

interface VerbReply {
  readonly status: 200;
  readonly body: Rollout;
}

/** Enough attempts even if many requests change the same roll-out at once. */
const maxAttempts = 20;
const shownFailures = 20;
const noCounts: MemberCounts = { changing: 0, changed: 0, failed: 0, skipped: 0 };

function rolloutBody(rollout: RolloutDocument, counts: MemberCounts, failures: Rollout['failures']): Rollout {
  const {
    _id: id,
    template,
    version,
    labelSelector,
    waves,
    maxFailures,
    state,
    reason,
    wave,
    tenants,
    createTime,
    endTime,
  } = rollout;
  return {
    id,
    template: template.name,
    version,
    ...(labelSelector === null ? {} : { labelSelector }),
    waves,
    maxFailures,
    state,
    ...(reason === null ? {} : { reason }),
    wave: wave + 1,
    tenants,
    counts,
    failures,
    workflowId: rolloutWorkflowId(id),
    createTime: createTime.toISOString(),
    ...(endTime === null ? {} : { endTime: endTime.toISOString() }),
  };
}

/** Previews, starts, shows and controls roll-outs. */
export function rolloutHandlers({
  store,
  authorize,
  admit,
  templates,
  pageTokens,
  start,
  requireTemporal,
  startOrDefer,
}: RolloutHandlerDependencies): RolloutHandlers {
  async function templateOf(
    name: string,
    caller: Caller,
    action: 'rollout.get' | 'template.roll_out',
  ): Promise<{ template: TenantTemplateDocument } & Allowed> {
    const allowed = await authorize(caller, action, { kind: 'TenantTemplate', name });
    const template = await store.resources.find('TenantTemplate', name);
    if (template === undefined) throw absent({ kind: 'TenantTemplate', name });
    return { template, ...allowed };
  }

  async function bodyOf(rollout: RolloutDocument, tx?: Transaction): Promise<Rollout> {
    // Sequential, because a transaction runs one command at a time.
    const counts = await store.rollouts.counts(rollout._id, tx);
    const failed = await store.rollouts.members(rollout._id, 'failed', shownFailures, tx);
    return rolloutBody(
      rollout,
      counts,
      failed.map(({ name, error }) => ({
        tenant: name,
        code: error?.code ?? 'internal',
        message: error?.message ?? '',
      })),
    );
  }

  const begin = ({ _id: id, template, version }: RolloutDocument): Promise<void> =>
    startOrDefer('the workflow of a roll-out', { rollout: id }, start({ id, template: template.name, version }));

  /** Reads the result in the same transaction, so that a dry run shows it too. */
  function changeState(
    id: string,
    verb: 'pause' | 'resume' | 'cancel',
    { caller, policy, failed, keep }: VerbRequest,
  ): Promise<{ readonly rollout: RolloutDocument; readonly reply: VerbReply }> {
    return transitionRollout(store, id, verb, caller, {
      policy,
      ...(failed === undefined ? {} : { failed }),
      async alsoCommit(tx, rollout) {
        const reply = { status: 200, body: await bodyOf(rollout, tx) } as const;
        await keep?.(tx, reply);
        return { rollout, reply };
      },
    });
  }

  /** Idempotent: a roll-out that is already in the requested state stays unchanged. */
  async function stop(id: string, verb: 'pause' | 'cancel', caller: Caller): Promise<VerbReply> {
    const { policy } = await authorize(caller, 'template.roll_out', { kind: 'TenantTemplate' });
    for (let attempt = 1; ; attempt += 1) {
      const rollout = await findRollout(store, id);
      if (rollout.state === stateAfter(verb)) return { status: 200, body: await bodyOf(rollout) };
      try {
        return (await changeState(id, verb, { caller, policy })).reply;
      } catch (error) {
        // Another request, possibly an earlier one of this caller whose response was lost, has done it; a majority read
        // may not see it yet.
        const isSuperseded =
          error instanceof TenureError && error.code === 'rollout_not_possible' && canTurn(rollout.state, verb);
        if (!isSuperseded || attempt === maxAttempts) throw error;
      }
    }
  }

  return {
    async previewRollout({ params: { name }, query: { version, labelSelector, pageSize, pageToken }, caller }) {
      await templateOf(name, caller, 'template.roll_out');
      const to = await templates.version(name, version);
      const filter = tenantsOf(name, labelSelector);
      const bound = { filter, version: to.version };
      const after = pageToken === undefined ? undefined : pageTokens.read('roll-out-preview', bound, pageToken);
      const { tenants, searchedTo } = await store.tenantSearch.search(filter, {
        limit: pageSize,
        ...(after === undefined ? {} : { after }),
      });
      const items = [];
      for (const tenant of tenants)
        if (tenant.spec.template?.version !== to.version)
          items.push(await previewMove({ templates, admit }, caller, tenant, to));
      const position = searchedTo ?? (tenants.length === pageSize ? tenants.at(-1)?.name : undefined);
      return {
        status: 200,
        body: {
          items,
          ...(position === undefined ? {} : { nextPageToken: pageTokens.make('roll-out-preview', bound, position) }),
        },
      };
    },
    async startRollout({ params: { name }, body: { version: wanted, ...request }, caller, keep }) {
      const { template, policy } = await templateOf(name, caller, 'template.roll_out');
      const { version } = await templates.version(name, wanted);
      await requireTemporal();
      const reply = (created: RolloutDocument) =>
        ({
          status: 202,
          body: rolloutBody(created, noCounts, []),
          headers: { location: `/v1/rollouts/${created._id}` },
        }) as const;
      const rollout = await startRollout(
        store,
        { caller, policy },
        { uid: template._id, name, version },
        request,
        (tx, created) => keep(tx, reply(created)),
      );
      await begin(rollout);
      return reply(rollout);
    },
    async listRollouts({ params: { name }, query, caller }) {
      const { template } = await templateOf(name, caller, 'rollout.get');
      const body = await listPage(
        pageTokens,
        'rollouts',
        query,
        { template: template._id },
        {
          read: (before, limit) => ({
            documents: store.rollouts.scan(template._id, { limit, ...(before === undefined ? {} : { before }) }),
          }),
          positionOf: ({ _id }) => _id,
          show: (rollout) => bodyOf(rollout),
        },
      );
      return { status: 200, body };
    },
    async getRollout({ params: { id }, caller }) {
      await authorize(caller, 'rollout.get', { kind: 'TenantTemplate' });
      return { status: 200, body: await bodyOf(await findRollout(store, id)) };
    },
    pauseRollout: ({ params: { id }, caller }) => stop(id, 'pause', caller),
    async resumeRollout({ params: { id }, body, caller, keep }) {
      const { policy } = await authorize(caller, 'template.roll_out', { kind: 'TenantTemplate' });
      await findRollout(store, id);
      const { rollout, reply } = await changeState(id, 'resume', {
        caller,
        policy,
        failed: body?.skipFailed === true ? 'skipped' : 'changing',
        keep,
      });
      await begin(rollout);
      return reply;
    },
    cancelRollout: ({ params: { id }, caller }) => stop(id, 'cancel', caller),
  };
}
