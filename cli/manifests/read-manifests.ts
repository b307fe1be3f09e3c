import { z } from 'zod';
import { wordIssue } from '../../contracts/issue-words.ts';
import { manifestSchemas, resourceKinds } from '../../contracts/manifests/manifest.ts';
import type { Manifest } from '../../contracts/manifests/manifest.ts';
import type { Subject } from '../failure-report.ts';
import { CliFailure } from '../failure.ts';
import { wordOfManifest } from '../resources/kinds.ts';
import { codeFrame, placeOf, renderFlaw, wholeSource } from './flaw.ts';
import type { ManifestFlaw, Span } from './flaw.ts';
import { isFreeForm, explainIssue } from './schema-flaws.ts';
import { readSources } from './sources.ts';
import type { SourceAccess } from './sources.ts';
import { createYamlReader } from './yaml-documents.ts';
import type { YamlDocument } from './yaml-documents.ts';

/** A valid manifest with its place in the source. */
export interface LocatedManifest extends Required<Subject> {
  readonly manifest: Manifest;
}

const maxShownFlaws = 20;
const kindSchema = z.looseObject({ kind: z.enum(resourceKinds) });

/**
 * Reads every manifest of the sources, in the order to apply them: by kind, then as written.
 * @throws CliFailure usage, with every flaw and its place, if anything in any of them is not valid
 */
export async function readManifests(paths: readonly string[], access: SourceAccess): Promise<LocatedManifest[]> {
  const { sources, flaws: sourceFlaws } = await readSources(paths, access);
  const flaws: ManifestFlaw[] = [...sourceFlaws];
  const manifests: LocatedManifest[] = [];
  const placeByReference = new Map<string, string>();
  const readYaml = createYamlReader();
  for (const source of sources) {
    const parsed = readYaml(source);
    flaws.push(...parsed.flaws);
    for (const document of parsed.documents) {
      const read = readManifest(document);
      if ('flaws' in read) {
        flaws.push(...read.flaws);
        continue;
      }
      const first = placeByReference.get(read.reference);
      if (first === undefined) {
        placeByReference.set(read.reference, read.place);
        manifests.push(read);
      } else {
        const span = document.spanAt(['metadata', 'name']);
        flaws.push({
          source,
          span,
          message: `${read.reference} is declared twice, first at ${first}`,
          fix: 'remove one of the two, or rename one',
        });
      }
    }
  }
  const [first] = sources;
  // One file with only comments among others is fine.
  if (manifests.length === 0 && flaws.length === 0 && first !== undefined) {
    const others = sources.length - 1;
    flaws.push({
      source: first,
      span: wholeSource,
      message: `contains no manifest${others === 0 ? '' : `, and neither ${others === 1 ? 'does the other source' : `do the ${others} other sources`}`}`,
      fix: 'add at least one manifest',
    });
  }
  if (flaws.length > 0) throw refusal(flaws);
  return manifests.toSorted((a, b) => resourceKinds.indexOf(a.manifest.kind) - resourceKinds.indexOf(b.manifest.kind));
}

function readManifest(document: YamlDocument): LocatedManifest | { readonly flaws: readonly ManifestFlaw[] } {
  const { source, value } = document;
  const kind = kindSchema.safeParse(value);
  const schema = kind.success ? manifestSchemas[kind.data.kind] : kindSchema;
  const parsed = schema.safeParse(value, { error: wordIssue });
  if (!kind.success || !parsed.success) {
    const issues = parsed.error?.issues ?? [];
    return {
      flaws: issues.flatMap((issue) =>
        explainIssue(issue, schema, value, document.sourceAt).map(({ path, at, ...rest }): ManifestFlaw => ({
          source,
          span: document.spanAt(path, at),
          ...rest,
        })),
      ),
    };
  }
  // A field of type text reads it as text. In a field that takes any value, the meaning is unclear.
  const uncertain = document.uncertain.filter(({ path }) => path[0] !== 'status' && isFreeForm(schema, path));
  if (uncertain.length > 0)
    return { flaws: uncertain.map(({ span, message, fix }) => ({ source, span, message, fix })) };
  const manifest = parsed.data as Manifest;
  const show = (span: Span) => ({ place: placeOf(source, span), frame: codeFrame(source, span) });
  return {
    manifest,
    reference: `${wordOfManifest[manifest.kind]}/${manifest.metadata.name}`,
    place: show(document.spanAt(['metadata', 'name'])).place,
    locate: (pointer) => show(document.spanAt(pointerPath(pointer))),
  };
}

/** RFC 6901. */
function pointerPath(pointer: string): string[] {
  return pointer
    .split('/')
    .slice(1)
    .map((part) => part.replaceAll('~1', '/').replaceAll('~0', '~'));
}

function refusal(flaws: readonly ManifestFlaw[]): CliFailure {
  const shown = flaws.slice(0, maxShownFlaws).map(renderFlaw).join('');
  const more = flaws.length > maxShownFlaws ? `… and ${flaws.length - maxShownFlaws} more\n` : '';
  return new CliFailure(
    'usage',
    `${shown}${more}error: ${flaws.length === 1 ? '1 error' : `${flaws.length} errors`} in the manifests; nothing was applied`,
  );
}
