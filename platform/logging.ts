import { AsyncLocalStorage } from 'node:async_hooks';
import winston from 'winston';
import { TenureError } from '../domain/tenure-error.ts';
import { openLogOutput } from './log-output.ts';

/**
 * Patterns of secrets in text. Each match is replaced as a whole. Matching is linear, because callers can control
 * logged text.
 */
const secretForms: readonly (readonly [RegExp, string])[] = [
  // Up to the last "@", so that a password without the required percent-encoding does not appear in the error about it.
  [/([a-z][a-z0-9+.-]{0,30}:\/\/)[^\s/@:]*:\S{0,1000}@/gi, '$1[redacted]@'],
  [/(?<![\w-])eyJ[\w-]+\.[\w-]+\.[\w-]*/g, '[redacted token]'],
  [/\bBearer\s+\S+/gi, 'Bearer [redacted]'],
  // 32 random bytes in base64 or base64url: keys and passwords. One in ten million has fewer upper-case or lower-case
  // letters
  // than required here; one in 1,500 has no digit, so digits are not required. Hexadecimal digests are longer and are
  // kept.
  [/(?<![\w+/-])(?=(?:[\w+/-]*?[A-Z]){3})(?=(?:[\w+/-]*?[a-z]){3})[\w+/-]{43}=?(?![\w+/=-])/g, '[redacted key]'],
];

/** Removes everything that looks like a credential. */
export function redact(text: string): string {
  return secretForms.reduce((redacted, [form, replacement]) => redacted.replace(form, replacement), text);
}

/** Fields on every log line of one unit of work. */
export interface LogContext {
  readonly requestId?: string;
  readonly correlationId?: string;
  readonly tenant?: string;
  readonly operationId?: string;
  readonly step?: string;
  readonly attempt?: number;
}

const storage = new AsyncLocalStorage<LogContext>();

/** Runs `work` with these ids on every log line, in addition to those already there. */
export function withLogContext<T>(context: LogContext, work: () => T): T {
  return storage.run({ ...storage.getStore(), ...context }, work);
}

export function currentLogContext(): LogContext {
  return storage.getStore() ?? {};
}

/** The only fields that a log line can have. All others are dropped, so that an object cannot leak a secret. */
export const loggedFields = [
  'service',
  'requestId',
  'correlationId',
  'tenant',
  'operationId',
  'rollout',
  'webhook',
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
  const logAt =
    (lineLevel: LogLevel) =>
    (message: string, fields: LogFields = {}) => {
      if (!logger.isLevelEnabled(lineLevel)) return;
      logger.log(lineLevel, message, { service, ...currentLogContext(), ...fields });
    };
  return { debug: logAt('debug'), info: logAt('info'), warn: logAt('warn'), error: logAt('error') };
}
