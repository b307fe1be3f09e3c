import { globSync, readFileSync } from 'node:fs';
import { basename } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { z } from 'zod';
import { contractDocuments, contractNames } from '../contract-schemas.ts';
import type { ContractName } from '../contract-schemas.ts';

const releases = fileURLToPath(new URL('../../../contracts/released', import.meta.url));
const sidecar = /\.(read|openings)\.json$/;

export interface ReleasedExample {
  /** `<contract>.<case>`, the name of its file. */
  readonly name: string;
  readonly value: unknown;
}

function isOf(contract: ContractName): (path: string) => boolean {
  return (path) => basename(path).startsWith(`${contract}.`) && !sidecar.test(path);
}

function readExamples(): ReadonlyMap<ContractName, readonly ReleasedExample[]> {
  const paths = globSync('*/*.json', { cwd: releases }).toSorted(
    (a, b) => parseInt(b, 10) - parseInt(a, 10) || a.localeCompare(b, 'en'),
  );
  return new Map(
    contractNames.map((contract) => {
      const newest = paths.find(isOf(contract));
      // A release contains only the contracts that changed, so the newest one with this contract is current.
      const ofNewest = paths.filter(
        (path) => isOf(contract)(path) && parseInt(path, 10) === parseInt(newest ?? '', 10),
      );
      const read = ofNewest.map((path) => ({
        name: basename(path, '.json'),
        value: JSON.parse(readFileSync(`${releases}/${path}`, 'utf8')) as unknown,
      }));
      // The full example shows most, so it comes first.
      return [contract, read.toSorted((a, b) => Number(b.name.endsWith('.full')) - Number(a.name.endsWith('.full')))];
    }),
  );
}

const examples = readExamples();

/** The released documents of a contract. */
export function examplesOf(contract: ContractName): readonly ReleasedExample[] {
  return examples.get(contract) ?? [];
}

/** The released document with this name. @throws Error if there is none */
export function exampleNamed(name: string): unknown {
  const found = [...examples.values()].flat().find((example) => example.name === name);
  if (found === undefined) throw new Error(`contracts/released has no ${name}.json, which an example needs`);
  return found.value;
}

/** The name of the contract of a schema, if it is a contract. */
export function contractOf(schema: z.ZodType): ContractName | undefined {
  return contractNames.find((name) => contractDocuments[name].schema === schema);
}
