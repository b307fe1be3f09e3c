import { z } from 'zod';
import { eventCatalogue, eventTypes } from './event-types.ts';
import { nameSchema, timeSchema, uidSchema } from './identifiers.ts';
import { jsonValueSchema } from './json-value.ts';
import { stateReferenceSchema } from './ledger-entry.ts';

/** Digits of a sequence: as many as the largest 64-bit number has, so that it sorts as text. */
const sequenceDigits = 20;

export function formatSequence(sequence: number): string {
  return String(sequence).padStart(sequenceDigits, '0');
}

/** The states that every event shows beside the data of its type. */
const states = {
  previous: stateReferenceSchema.optional().meta({ description: 'The state before, if there was one.' }),
  next: stateReferenceSchema.optional().meta({ description: 'The state after, if there is one.' }),
};

/** The schema of `data` for a type of event. */
export function eventDataSchema(type: (typeof eventTypes)[number]): z.ZodObject {
  return eventCatalogue[type].data.extend(states);
}

/** An event in the JSON format of CloudEvents 1.0, in structured mode. */
export const eventSchema = z
  .strictObject({
    specversion: z.literal('1.0'),
    id: uidSchema.meta({ description: 'Id of the ledger entry. The same event always has the same id.' }),
    source: z.string().meta({ description: 'The installation: `/installations/NAME`.' }),
    type: z.enum(eventTypes),
    subject: z.string().meta({ description: 'What the event is about, such as `tenant/acme`.' }),
    time: timeSchema,
    datacontenttype: z.literal('application/json'),
    dataschema: z.string().meta({ description: 'Path of the schema of `data`.' }),
    tenantid: uidSchema.optional().meta({ description: 'Uid of the tenant. Absent if it concerns no single tenant.' }),
    sequence: z
      .string()
      .regex(new RegExp(`^\\d{${sequenceDigits}}$`))
      .meta({
        description:
          'Number of the event among those of its tenant, or among those that concern no single tenant: 1, 2, 3 and so on without gaps, with leading zeros so that it sorts as text.',
      }),
    requestid: z.string(),
    correlationid: z.string(),
    operationid: uidSchema.optional(),
    data: z.record(z.string(), jsonValueSchema).meta({
      description: 'Depends on the type: see `GET /v1/event-types`.',
    }),
  })
  .meta({ title: 'Event' });

/** A type of event, with the schema of its data. */
export const eventTypeSchema = z
  .strictObject({
    type: z.enum(eventTypes),
    summary: z.string(),
    dataSchema: z.record(z.string(), jsonValueSchema).meta({ description: 'JSON Schema 2020-12 of `data`.' }),
  })
  .meta({ title: 'EventType' });

/** Up to this many types and patterns in one filter. */
const maxTypes = 2_048;

/** Which events are read. */
export const eventFilter = {
  tenant: z
    .union([nameSchema, uidSchema])
    .optional()
    .meta({ description: 'Only events of this tenant: its name, or its uid, which also finds it after its purge' }),
  types: z.string().max(maxTypes).optional().meta({
    description: 'Only these types, separated by commas; `tenant.*` stands for all that begin so',
  }),
};

/** Where reading begins. Without any of these, at the first event there is. */
export const eventStart = {
  since: timeSchema.optional().meta({ description: 'Begin with the first event of this time or later' }),
  afterSequence: z.coerce.number<number>().int().nonnegative().max(Number.MAX_SAFE_INTEGER).optional().meta({
    description: 'Begin after this sequence of the tenant; only together with `tenant`',
  }),
};

/** A page of events, oldest first, in the order in which they were committed. */
export const eventPageSchema = z
  .strictObject({
    items: z.array(eventSchema),
    cursor: z.string().meta({ description: 'Send it as `after` to continue. It stays valid.' }),
    more: z.boolean().meta({ description: 'Whether there are later events already, which may not match the filter.' }),
  })
  .meta({ title: 'EventPage' });

export type Event = z.infer<typeof eventSchema>;
export type EventTypeInfo = z.infer<typeof eventTypeSchema>;
