import type { VersionRange } from './version.ts';

/** The tools that a stack needs. */
export type StackTool = 'temporal' | 'mongod';
/** The tools with a download from their vendor. */
export type VendorTool = StackTool | 'opa';
export type ToolName = VendorTool | 'schemathesis';

/** A program that is not an npm package. */
export interface Tool {
  readonly name: ToolName;
  /** The environment variable with the path of your own binary. */
  readonly variable: string;
  readonly versionArguments: readonly string[];
  /** The first group is the version to compare with `accepts`. */
  readonly versionPattern: RegExp;
  readonly accepts: VersionRange;
  /** Whether the program is one file, or needs its folder. */
  readonly form: 'file' | 'folder';
  /** How to install it manually, for the message after every source failed. */
  readonly installHint: string;
}

export const temporal = {
  name: 'temporal',
  variable: 'TENURE_TEMPORAL',
  versionArguments: ['--version'],
  // The version of the server matters; a build from source has no CLI version ("0.0.0-DEV").
  versionPattern: /\(Server (\d+\.\d+\.\d+)/,
  accepts: { minimum: [1, 28, 0], below: [2, 0, 0], text: 'Temporal CLI 1.4 to 1.x (server 1.28 or later)' },
  form: 'file',
  installHint: 'install the Temporal CLI 1.5 (https://docs.temporal.io/cli)',
} as const satisfies Tool;

export const mongod = {
  name: 'mongod',
  variable: 'TENURE_MONGOD',
  versionArguments: ['--version'],
  versionPattern: /db version v(\d+\.\d+\.\d+)/,
  accepts: { minimum: [6, 0, 5], below: [9, 0, 0], text: 'MongoDB 6.0.5 to 8.x' },
  form: 'file',
  installHint: 'install MongoDB 8.0 (https://www.mongodb.com/docs/manual/installation)',
} as const satisfies Tool;

export const opa = {
  name: 'opa',
  variable: 'TENURE_OPA',
  versionArguments: ['version'],
  versionPattern: /^Version: (\d+\.\d+\.\d+)/m,
  accepts: { minimum: [1, 0, 0], below: [2, 0, 0], text: 'OPA 1.x' },
  form: 'file',
  installHint: 'install OPA 1.22 (https://www.openpolicyagent.org/docs)',
} as const satisfies Tool;

/**
 * Generates requests from the OpenAPI document and checks the answers. Exactly one version, because its checks change
 * with each.
 */
export const schemathesis: Tool = {
  name: 'schemathesis',
  variable: 'TENURE_SCHEMATHESIS',
  versionArguments: ['--version'],
  versionPattern: /version (\d+\.\d+\.\d+)/,
  accepts: { minimum: [4, 32, 5], below: [4, 32, 6], text: 'Schemathesis 4.32.5' },
  form: 'folder',
  installHint: 'install Python 3.10 or later with pip and venv (on Debian: apt-get install python3-venv)',
};
