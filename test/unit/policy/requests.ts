import * as fc from 'fast-check';
import { isolationModes, lifecycleStates, serviceStrategies } from '../../../contracts/lifecycle.ts';
import type { IsolationMode } from '../../../contracts/lifecycle.ts';
import { jsonSchemaDocument } from '../../../contracts/manifests/json-schema-document.ts';
import { admissionActions, policyActions } from '../../../contracts/policy.ts';
import type { AdmissionRequest, AuthorizationRequest, PolicyActor } from '../../../contracts/policy.ts';

/** One value much more often than the others, so that the requested value often is the existing one. */
function mostly<T>(usual: T, ...others: readonly T[]): fc.Arbitrary<T> {
  return fc.oneof(
    { weight: 6 * others.length, arbitrary: fc.constant(usual) },
    ...others.map((other) => fc.constant(other)),
  );
}

const regionName = mostly('eu-west', 'eu-north', 'us-east', 'nowhere');
const regionNames = fc.array(regionName, { minLength: 1, maxLength: 4 });
const jurisdiction = mostly('EU', 'US', 'CH');
const planName = mostly('team', 'enterprise');
const mode = mostly<IsolationMode>('dedicated', ...isolationModes);
const text = fc.string({ unit: 'binary', minLength: 1, maxLength: 24 });

function present<T>(arbitrary: fc.Arbitrary<T>): fc.Arbitrary<T | undefined> {
  return fc.option(arbitrary, { nil: undefined });
}

/** Drops `undefined`, which JSON does not have. */
function asJson<T>(arbitrary: fc.Arbitrary<unknown>): fc.Arbitrary<T> {
  return arbitrary.map((value) => JSON.parse(JSON.stringify(value)) as T);
}

export const knownRoles = ['admin', 'auditor', 'operator', 'service', 'tenant-admin', 'viewer'] as const;
export const unknownRole = text.filter((role) => !(knownRoles as readonly string[]).includes(role));

export const uid: fc.Arbitrary<string> = fc.constantFrom(
  '01hzzzzzzzzzzzzzzzzzzzzza1',
  '01hzzzzzzzzzzzzzzzzzzzzzb2',
  '01hzzzzzzzzzzzzzzzzzzzzzc3',
);

const aYear = {
  min: new Date('2026-01-01T00:00:00.000Z'),
  max: new Date('2026-12-31T23:59:59.999Z'),
  noInvalidDate: true,
};
/** Two times are often equal or adjacent. */
const time = fc.oneof(
  fc.date(aYear).map((date) => date.toISOString()),
  fc.constantFrom(
    '2026-11-21T09:59:59.999Z',
    '2026-11-21T10:00:00.000Z',
    '2026-11-21T10:00:00.001Z',
    '0001-01-01T00:00:00.000Z',
    '9999-12-31T23:59:59.999Z',
  ),
);

/** Actors with any roles, confined or not. */
export const actors = asJson<PolicyActor>(
  fc.record({
    subject: text,
    roles: fc.array(fc.oneof({ weight: 4, arbitrary: fc.constantFrom(...knownRoles) }, unknownRole), { maxLength: 3 }),
    tenants: present(fc.array(uid, { maxLength: 3 })),
  }),
);

/** Any valid authorization request. */
export const authorizationRequests = asJson<AuthorizationRequest>(
  fc.record({
    v: fc.constant(1),
    now: time,
    action: fc.constantFrom(...policyActions),
    actor: actors,
    target: fc.record({
      kind: fc.constantFrom('Tenant', 'Plan', 'Region', 'Operation', 'Caller'),
      name: present(fc.constant('acme')),
      tenant: present(uid),
    }),
  }),
);

const indexes = fc.array(fc.constant({ keys: [{ field: 'at', order: 1 }] }), { maxLength: 4 });
const jsonSchema = fc
  .record({
    description: text,
    properties: fc.array(fc.jsonValue({ stringUnit: 'binary', maxDepth: 3 }), { maxLength: 3 }),
  })
  .filter((document) => jsonSchemaDocument.safeParse(document).success);

const services = fc
  .array(
    fc.record({
      strategy: fc.constantFrom(...serviceStrategies),
      collections: fc.array(fc.record({ jsonSchema: present(jsonSchema), indexes }), { minLength: 1, maxLength: 4 }),
    }),
    { minLength: 1, maxLength: 3 },
  )
  .map((list) =>
    list.map((service, s) => ({
      ...service,
      name: `service${s}`,
      collections: service.collections.map((collection, c) => ({ ...collection, name: `collection${s}_${c}` })),
    })),
  );

const spec = fc.record({
  displayName: present(text),
  plan: planName,
  residency: present(
    fc.record({
      allowedRegions: present(regionNames),
      jurisdictions: present(fc.array(jurisdiction, { minLength: 1, maxLength: 2 })),
    }),
  ),
  placement: present(fc.record({ mode: present(mode), preferredRegion: present(regionName) })),
  hold: fc.option(fc.record({ reason: text }), { nil: undefined, freq: 2 }),
  services,
});

const wrappingKey = mostly('2026-01', '2026-07', 'schlüssel-🔑');

const regions = fc.uniqueArray(
  fc.record({
    name: fc.oneof(
      { weight: 3, arbitrary: fc.constantFrom('eu-west', 'eu-north', 'us-east') },
      fc.stringMatching(/^[a-z][a-z0-9]{0,7}$/),
    ),
    spec: fc.record({
      displayName: present(text),
      jurisdiction,
      cells: fc.constant([
        { name: 'a', tableBudget: 10 },
        { name: 'b', tableBudget: 20 },
      ]),
      acceptsTenants: mostly(true, false),
    }),
  }),
  { selector: (region) => region.name, minLength: 3, maxLength: 12 },
);

/** Any valid admission request. */
export const admissionRequests = asJson<AdmissionRequest>(
  fc.record({
    v: fc.constant(1),
    now: time,
    action: fc.constantFrom(...admissionActions),
    actor: actors,
    tenant: fc.record({
      name: fc.constant('acme'),
      uid: present(uid),
      lifecycle: fc.constantFrom(...lifecycleStates),
      spec,
    }),
    plan: fc.option(
      fc.record({
        name: planName,
        spec: fc.record({
          isolationModes: fc.uniqueArray(mode, { minLength: 1 }),
          allowedRegions: present(regionNames),
          quotas: fc.record({ tables: fc.integer({ min: 1, max: 90 }) }),
          encryption: present(fc.record({ wrappingKeys: fc.array(wrappingKey, { minLength: 1, maxLength: 3 }) })),
        }),
      }),
      { nil: undefined, freq: 12 },
    ),
    regions,
    placement: present(fc.record({ region: regionName, cell: mostly('a', 'b', 'c'), mode })),
    deletion: present(fc.record({ deleteTime: time, purgeTime: time })),
    dataKey: present(fc.record({ wrappedBy: wrappingKey })),
    wrappingKeys: present(fc.array(wrappingKey, { maxLength: 3 })),
    early: fc.option(fc.constant(true), { nil: undefined, freq: 2 }),
  }),
);
