import winston from 'winston';
import { TenureError } from '../domain/tenure-error.ts';
import { currentLogContext } from './log-context.ts';
import { openLogOutput } from './log-output.ts';
import { redact } from './redaction.ts';

/** The only fields that a log line can have. All others are dropped, so that an object cannot leak a secret. */
export const loggedFields = [
  'service',
  'requestId',
  'correlationId',
  'tenant',
  'operationId',
  'rollout',
  'step',
  'attempt',
  'method',
  'route',
  'status',
  'durationMs',
  'subject',
  'code',
  'cell',
  'reachable',
  'region',
  'port',
  'address',
  'workflowId',
  'runId',
  'taskQueue',
  'activityType',
  'signal',
  'count',
  'bundle',
  'error',
  'cause',
  'stack',
  'sdkComponent',
  'namespace',
  'version',
] as const;
export type LoggedField = (typeof loggedFields)[number];
export type LogFields = Partial<Record<LoggedField, string | number | boolean | undefined>>;

export interface Logger {
  debug(message: string, fields?: LogFields): void;
  info(message: string, fields?: LogFields): void;
  warn(message: string, fields?: LogFields): void;
  error(message: string, fields?: LogFields): void;
}

export const logLevels = ['error', 'warn', 'info', 'debug'] as const;
export type LogLevel = (typeof logLevels)[number];

const allowed = new Set<string>(loggedFields);

/** One line of JSON with only the allowed fields, redacted. */
export function formatLine(
  level: string,
  message: string,
  fields: Readonly<Record<string, unknown>>,
  time: Date,
): string {
  const line: Record<string, unknown> = { time: time.toISOString(), level, message: redact(message) };
  for (const [key, value] of Object.entries(fields)) {
    if (!allowed.has(key)) continue;
    if (typeof value === 'string') line[key] = redact(value);
    else if (typeof value === 'number' || typeof value === 'boolean') line[key] = value;
  }
  return JSON.stringify(line);
}

/** The log fields of an error: its code and message, and its cause. Objects attached to it are never logged. */
export function errorFields(error: unknown): LogFields {
  if (!(error instanceof Error))
    return { error: typeof error === 'string' ? error : 'a thrown value that is not an Error' };
  const { cause } = error;
  return {
    error: error.message,
    ...(error instanceof TenureError ? { code: error.code } : { stack: error.stack ?? '' }),
    ...(cause instanceof Error ? { cause: `${cause.name}: ${cause.message}` } : {}),
  };
}

/**
 * Logs JSON lines to stderr, each with the ids of its unit of work. A line that cannot be written is dropped without an
 * error.
 */
export function createLogger({ service, level }: { readonly service: string; readonly level: LogLevel }): Logger {
  const logger = winston.createLogger({
    level,
    format: winston.format.printf(({ level: lineLevel, message, ...fields }) =>
      formatLine(lineLevel, String(message), fields, new Date()),
    ),
    transports: [new winston.transports.Stream({ stream: openLogOutput(), eol: '\n' })],
  });
  const at =
    (lineLevel: LogLevel) =>
    (message: string, fields: LogFields = {}) => {
      if (!logger.isLevelEnabled(lineLevel)) return;
      logger.log(lineLevel, message, { service, ...currentLogContext(), ...fields });
    };
  return { debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') };
}
