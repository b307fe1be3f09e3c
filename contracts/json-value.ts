import { z } from 'zod';

/** Any JSON value. One schema, so that what is made of it has one name for it. */
export const jsonValueSchema = z.json().register(z.globalRegistry, { title: 'JsonValue', description: 'Any JSON.' });
