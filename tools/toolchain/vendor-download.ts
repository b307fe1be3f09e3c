// Runs as a separate process, with NODE_USE_ENV_PROXY. The libraries may wait for a long time, and only a process can
// be killed at a time limit. Also, the proxy must not apply to requests to the parts of the stack.
import { createHash } from 'node:crypto';
import { readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import type { VendorTool } from './tools.ts';

const PROBE_TIMEOUT_MS = 5_000;

const downloads: Readonly<Record<VendorTool, (version: string, directory: string) => Promise<string>>> = {
  temporal: downloadTemporal,
  mongod: downloadMongod,
  opa: downloadOpa,
};

/** The library downloads the file when it starts a server. The server is stopped at once; the file remains. */
async function downloadTemporal(version: string, directory: string): Promise<string> {
  await probe('https://temporal.download/');
  const { TestWorkflowEnvironment } = await import('@temporalio/testing');
  const environment = await TestWorkflowEnvironment.createLocal({
    server: { executable: { type: 'cached-download', downloadDir: directory, version: `v${version}` } },
  });
  await environment.teardown();
  const [file] = await readdir(directory);
  if (file === undefined) throw new Error('the download left no file');
  return join(directory, file);
}

async function downloadMongod(version: string, directory: string): Promise<string> {
  await probe('https://fastdl.mongodb.org/');
  const { MongoBinary } = await import('mongodb-memory-server-core/lib/util/MongoBinary.js');
  return await MongoBinary.getPath({ version, downloadDir: directory, checkMD5: true });
}

async function downloadOpa(version: string, directory: string): Promise<string> {
  const asset = opaAsset();
  const url = `https://github.com/open-policy-agent/opa/releases/download/v${version}/${asset}`;
  await probe(url);
  const [binary, checksumFile] = await Promise.all([get(url), get(`${url}.sha256`)]);
  const published = checksumFile.toString().trim().split(/\s+/)[0];
  const digest = createHash('sha256').update(binary).digest('hex');
  if (digest !== published) throw new Error(`checksum of ${asset} is ${digest}, but the published one is ${published}`);
  const path = join(directory, 'opa');
  await writeFile(path, binary, { mode: 0o755 });
  return path;
}

/** The names of the release files of OPA; a static build if there is one, because it runs with every C library. */
function opaAsset(): string {
  const assets: Readonly<Record<string, string>> = {
    'linux-x64': 'opa_linux_amd64_static',
    'linux-arm64': 'opa_linux_arm64_static',
    'darwin-x64': 'opa_darwin_amd64',
    'darwin-arm64': 'opa_darwin_arm64_static',
  };
  const asset = assets[`${process.platform}-${process.arch}`];
  if (asset === undefined) throw new Error(`no release for ${process.platform}-${process.arch}`);
  return asset;
}

/** Accepts any answer: it only checks whether a longer attempt makes sense. */
async function probe(url: string): Promise<void> {
  try {
    await fetch(url, { method: 'HEAD', signal: AbortSignal.timeout(PROBE_TIMEOUT_MS) });
  } catch {
    throw new Error('host not reachable');
  }
}

async function get(url: string): Promise<Buffer> {
  const response = await fetch(url);
  if (!response.ok) throw new Error(`${url} answered ${response.status}`);
  return Buffer.from(await response.arrayBuffer());
}

const [tool, version, directory] = process.argv.slice(2);
if (tool === undefined || !(tool in downloads) || version === undefined || directory === undefined) {
  throw new Error('usage: vendor-download.ts <temporal|mongod|opa> <version> <directory>');
}
try {
  process.stdout.write(await downloads[tool as VendorTool](version, directory));
  process.exitCode = 0;
} catch (error) {
  process.stderr.write(error instanceof Error ? error.message : String(error));
  process.exitCode = 1;
}
