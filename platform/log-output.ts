import { fstatSync, writeSync } from 'node:fs';
import { Writable } from 'node:stream';
import { Counter } from 'prom-client';
import type { Registry } from 'prom-client';

const standardError = 2;
/** Output to buffer in memory for a slow reader. */
const maxQueuedBytes = 1_048_576;

let lost = 0;

/** Registers a metric of the log lines that this process could not write. */
export function countLostLines(registry: Registry): void {
  const counter: Counter = new Counter({
    name: 'tenure_log_lines_lost_total',
    help: 'Log lines that could not be written, because the disk is full or nothing reads them.',
    registers: [registry],
    collect() {
      counter.reset();
      counter.inc(lost);
    },
  });
}

type Write = (text: string, whenLost: () => void) => void;

/** Writes synchronously, so that the next line is complete once the disk has space again. */
function toFile(): Write {
  let isPartial = false;
  return (text, whenLost) => {
    const bytes = Buffer.from(isPartial ? `\n${text}` : text);
    let written = 0;
    try {
      while (written < bytes.length) written += writeSync(standardError, bytes, written);
      isPartial = false;
    } catch {
      isPartial ||= written > 0;
      whenLost();
    }
  };
}

/** Node writes to pipes, sockets and terminals asynchronously and buffers what they do not accept yet. */
function toReader(): Write {
  return (text, whenLost) => {
    if (process.stderr.writableLength > maxQueuedBytes) whenLost();
    else process.stderr.write(text, (error) => error != null && whenLost());
  };
}

/**
 * Standard error for log lines. Lines that cannot be written are dropped and counted, and the process continues: it
 * must keep serving with a full disk or without a reader.
 */
export function openLogOutput(): Writable {
  for (const stream of [process.stdout, process.stderr]) stream.on('error', () => undefined);
  const { isFIFO, isSocket } = kindOf(standardError);
  const write = isFIFO || isSocket || process.stderr.isTTY ? toReader() : toFile();
  return new Writable({
    decodeStrings: false,
    write(text: string | Buffer, _encoding, done) {
      write(text.toString(), () => (lost += 1));
      done();
    },
  });
}

function kindOf(descriptor: number): { readonly isFIFO: boolean; readonly isSocket: boolean } {
  try {
    const stats = fstatSync(descriptor);
    return { isFIFO: stats.isFIFO(), isSocket: stats.isSocket() };
  } catch {
    // The descriptor was closed before the process started.
    return { isFIFO: false, isSocket: false };
  }
}
