import { fstatSync, writeSync } from 'node:fs';
import { Writable } from 'node:stream';
import { Counter } from 'prom-client';
import type { Registry } from 'prom-client';

const standardError = 2;
/** What is kept in memory for a reader that is late. */
const maxQueuedBytes = 1_048_576;

let lost = 0;

/** The lines of this process that could not be written, as a metric of its registry. */
export function countLostLines(registry: Registry): void {
  const counter: Counter = new Counter({
    name: 'tenure_log_lines_lost_total',
    help: 'Log lines that could not be written: the disk is full, or nobody reads.',
    registers: [registry],
    collect() {
      counter.reset();
      counter.inc(lost);
    },
  });
}

type Write = (text: string, whenLost: () => void) => void;

/** Writes at once, so that a disk with room again has the next line whole. */
function toFile(): Write {
  let torn = false;
  return (text, whenLost) => {
    const bytes = Buffer.from(torn ? `\n${text}` : text);
    let written = 0;
    try {
      while (written < bytes.length) written += writeSync(standardError, bytes, written);
      torn = false;
    } catch {
      torn ||= written > 0;
      whenLost();
    }
  };
}

/** Node writes to pipes, sockets and terminals without waiting, and keeps what they do not take. */
function toReader(): Write {
  return (text, whenLost) => {
    if (process.stderr.writableLength > maxQueuedBytes) whenLost();
    else process.stderr.write(text, (error) => error != null && whenLost());
  };
}

/**
 * Standard error for log lines. Where they cannot be written they are lost and counted, and the process goes on: a full disk or a
 * reader that has ended is no reason to stop serving.
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
    // It was closed before the process began.
    return { isFIFO: false, isSocket: false };
  }
}
